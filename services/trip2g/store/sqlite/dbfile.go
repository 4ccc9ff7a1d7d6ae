package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"

	"github.com/ncruces/go-sqlite3"

	"trip2g/internal/litefs"
	"trip2g/services/trip2g"
)

// checkName returns an error unless path can name a database.
func checkName(path string) error {
	switch {
	case path == "":
		return fileError("is empty: set the path of the database file, e.g. data.sqlite3", nil)
	case strings.ContainsRune(path, 0), !utf8.ValidString(path):
		return fileError("is not a path in UTF-8 without NUL: choose another name", nil)
	}
	if suffix := litefs.ReservedSuffix(path); suffix != "" {
		return fileError(path+" ends in "+suffix+", which SQLite and LiteFS reserve for their own files: choose a name such as data.sqlite3", nil)
	}
	return nil
}

// checkFile reports whether a file exists at path. It returns an error if the file cannot be a
// database.
func checkFile(path string) (exists bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case errors.Is(err, syscall.ENOTDIR):
		return false, fileError(path+" is inside something that is not a directory: correct the path", err)
	case errors.Is(err, fs.ErrPermission):
		return false, fileError(path+" cannot be accessed: give the server's user access to its folder", err)
	case err != nil:
		return false, err
	case info.IsDir():
		return false, fileError(path+" is a folder: set the path of a file in it, e.g. "+filepath.Join(path, "data.sqlite3"), nil)
	case !info.Mode().IsRegular():
		return false, fileError(path+" is not a regular file: set another path", nil)
	}
	return true, nil
}

// wrapOpenError explains why the database at path cannot be opened.
func wrapOpenError(path string, err error) error {
	var known *trip2g.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, sqlite3.NOTADB):
		return fileError(path+" is not an SQLite database: set another path, or move the file away", err)
	case errors.Is(err, sqlite3.CORRUPT):
		return fileError(path+" is a damaged database: stop the server, keep a copy of the file and restore a backup", err)
	case errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, sqlite3.PERM), errors.Is(err, sqlite3.READONLY), errors.Is(err, fs.ErrPermission):
		return fileError(path+" cannot be opened for writing: its folder must exist, the server's user must be able to write the folder and the file, and on a LiteFS mount this node must be the primary (a replica needs TRIP2G_LEADER_ADDR)", err)
	}
	return wrapError("open "+path, err)
}

func fileError(problem string, cause error) error {
	return &trip2g.Error{Code: trip2g.EINVALID, Message: "TRIP2G_DB_FILE: " + problem, Err: cause}
}
