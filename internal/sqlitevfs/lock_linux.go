package sqlitevfs

import (
	"errors"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
	"golang.org/x/sys/unix"
)

// The bytes that SQLite locks in a main database file, as its os.h and
// https://sqlite.org/fileformat2.html#the_lock_byte_page define them.
const (
	pendingByte  = 0x40000000
	reservedByte = pendingByte + 1
	sharedFirst  = pendingByte + 2
	sharedSize   = 510
)

const (
	readLock  = unix.F_RDLCK
	writeLock = unix.F_WRLCK
	unlock    = unix.F_UNLCK
)

// setLock changes the open file's lock on a range and does not wait; length 0
// reaches to the end of any file.
func setLock(fd uintptr, kind int16, start, length int64) error {
	lock := unix.Flock_t{Type: kind, Start: start, Len: length}
	return retry(func() error { return unix.FcntlFlock(fd, unix.F_OFD_SETLK, &lock) })
}

// lockedByOthers reports whether another open file holds a write lock on a byte.
func lockedByOthers(fd uintptr, at int64) (bool, error) {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: at, Len: 1}
	err := retry(func() error { return unix.FcntlFlock(fd, unix.F_OFD_GETLK, &lock) })
	return err == nil && lock.Type == unix.F_WRLCK, err
}

// retry repeats a call for as long as signals interrupt it. Go's scheduler sends
// signals, and a call to a FUSE file system is slow enough to meet one.
func retry(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// lockError returns SQLite's error for a lock that was not granted: busy where
// others hold it, code with the cause otherwise.
func lockError(err error, code sqlite3.ExtendedErrorCode) error {
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return sqlite3.BUSY
	}
	return vfs.SystemError(err, code)
}
