//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/rs/zerolog"

	"trip2g/internal/litefs"
)

// keepFilesPrivate makes the files that this process creates its user's alone: a database holds
// sessions, keys and what is not published.
func keepFilesPrivate() { syscall.Umask(0o077) }

// closeToOthers takes the rights of other accounts from a database that an earlier version created.
// Those of a group stay. A LiteFS mount has no modes of its own.
func closeToOthers(path string, log zerolog.Logger) {
	if mounted, err := litefs.Mounted(path); err != nil || mounted {
		return
	}
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		closed, err := closeFileToOthers(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			log.Warn().Err(err).Msg("every account of this machine can open the database: chmod 600 " + file)
		case closed:
			log.Info().Msg(file + " was open to every account of this machine; it is so no more")
		}
	}
}

func closeFileToOthers(file string) (closed bool, err error) {
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm()&0o007 == 0 {
		return false, err
	}
	if err := os.Chmod(file, info.Mode().Perm()&^0o007); err != nil {
		return false, fmt.Errorf("change the mode: %w", err)
	}
	return true, nil
}
