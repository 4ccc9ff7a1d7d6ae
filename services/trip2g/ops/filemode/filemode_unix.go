//go:build unix

// Package filemode keeps other local accounts from reading the files of a database.
package filemode

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/rs/zerolog"

	"trip2g/internal/litefs"
)

// SetUmask makes files that this process creates accessible to its own user only: a database
// contains sessions, keys and unpublished notes.
func SetUmask() { syscall.Umask(0o077) }

// RestrictDatabase removes the access of other accounts from a database that an earlier version
// created. A group keeps its access. A LiteFS mount has no modes of its own.
func RestrictDatabase(path string, log zerolog.Logger) {
	if mounted, err := litefs.Mounted(path); err != nil || mounted {
		return
	}
	for _, file := range []string{path, path + litefs.WALSuffix, path + litefs.SHMSuffix} {
		closed, err := restrictFile(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			log.Warn().Err(err).Msg("every account of this machine can open the database: chmod 600 " + file)
		case closed:
			log.Info().Msg(file + " was accessible to every account of this machine; access is now restricted")
		}
	}
}

func restrictFile(file string) (closed bool, err error) {
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm()&0o007 == 0 {
		return false, err
	}
	if err := os.Chmod(file, info.Mode().Perm()&^0o007); err != nil {
		return false, fmt.Errorf("change the mode: %w", err)
	}
	return true, nil
}
