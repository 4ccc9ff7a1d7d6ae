package diskspace

import (
	"cmp"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// At returns the space of the file system that holds path, which must exist. A
// LiteFS mount reports the file system of its data folder.
func At(path string) (Space, error) {
	var fs unix.Statfs_t
	for {
		err := unix.Statfs(path, &fs)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EINTR) {
			return Space{}, &os.PathError{Op: "statfs", Path: path, Err: err}
		}
	}
	unit := uint64(cmp.Or(fs.Frsize, fs.Bsize))
	return Space{Free: fs.Bavail * unit, Total: fs.Blocks * unit}, nil
}
