package sqlitevfs

import (
	"cmp"
	"errors"
	"fmt"
	"os"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

func init() {
	vfs.Register(Name, fileSystem{vfs.Find(driverName).(vfs.VFSFilename)})
}

// fileSystem is the driver's VFS with another kind of main database file and
// of write-ahead log.
type fileSystem struct{ vfs.VFSFilename }

// OpenFilename opens any of SQLite's files. It wraps the main database file,
// which is locked and whose commits are confirmed, and the write-ahead log,
// which keeps the disk's reserve.
func (fs fileSystem) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, out, err := fs.VFSFilename.OpenFilename(name, flags)
	if err != nil {
		return f, out, err
	}
	switch {
	case flags&vfs.OPEN_WAL != 0:
		return newLogFile(f, name), out, nil
	case flags&vfs.OPEN_MAIN_DB == 0:
		return f, out, nil
	}
	main, err := newFile(f, name.String(), out)
	if err != nil {
		return nil, out, errors.Join(err, f.Close())
	}
	return main, out, nil
}

// newFile wraps the driver's main database file at path, opened with flags.
func newFile(f vfs.File, path string, flags vfs.OpenFlag) (*file, error) {
	main, ok := f.(driverFile)
	if !ok {
		return nil, fmt.Errorf("%s: the SQLite driver's %T lacks a method that locking on LiteFS needs", Name, f)
	}
	wrapped := &file{driverFile: main, readOnly: flags&vfs.OPEN_READONLY != 0}
	if !wrapped.readOnly {
		var err error
		if wrapped.position, err = openPosition(path); err != nil {
			return nil, err
		}
	}
	return wrapped, nil
}

// driverFile has the methods of the driver's own main database file. All of them
// are passed on, so that every file control keeps working.
type driverFile interface {
	vfs.File
	vfs.FileHasMoved
	vfs.FileLockState
	vfs.FileMemoryMapper
	vfs.FilePersistWAL
	vfs.FilePowersafeOverwrite
	vfs.FileSharedMemory
	vfs.FileSizeHint
	Fd() uintptr
}

// file is a main database file on a LiteFS mount. The driver believes it
// unlocked all the time; level is the lock that it holds.
type file struct {
	driverFile
	level    vfs.LockLevel
	readOnly bool
	position *os.File // LiteFS's position file of the database; nil if readOnly
	ahead    *blocks  // nil unless the connection reads ahead
}

// Pragma takes [ReadAhead]; every other pragma is SQLite's.
func (f *file) Pragma(name, value string) (string, error) {
	if name != ReadAhead {
		return "", sqlite3.NOTFOUND
	}
	if err := f.dropAhead(); err != nil || value != "on" {
		return "", err
	}
	ahead, err := openBlocks(f.Fd())
	if err != nil {
		return "", err
	}
	f.ahead = ahead
	return "", nil
}

// dropAhead ends read-ahead.
func (f *file) dropAhead() error {
	if f.ahead == nil {
		return nil
	}
	ahead := f.ahead
	f.ahead = nil
	return ahead.close()
}

// ReadAt reads from read-ahead blocks, if there are any.
func (f *file) ReadAt(p []byte, offset int64) (int, error) {
	if f.ahead != nil && f.ahead.read(p, offset) {
		return len(p), nil
	}
	return f.driverFile.ReadAt(p, offset)
}

// Close frees the lock, then closes the file. LiteFS does not free an OFD lock
// by itself.
func (f *file) Close() error {
	unlocked := f.Unlock(vfs.LOCK_NONE)
	dropped := f.dropAhead()
	if f.position != nil {
		f.position.Close() // opened for reading: nothing is lost
	}
	if err := f.driverFile.Close(); err != nil {
		return err
	}
	return cmp.Or(unlocked, dropped)
}

// SizeHint does nothing. The driver would grow the file, and LiteFS refuses any
// size but the one in the database's header.
func (f *file) SizeHint(int64) error { return nil }

// LockState returns the lock that this connection holds.
func (f *file) LockState() vfs.LockLevel { return f.level }

// Lock raises the lock to level, by the rules of
// https://sqlite.org/lockingv3.html. [sqlite3.BUSY]: others hold a lock that is
// in the way. A connection that got PENDING on its way to EXCLUSIVE keeps it, so
// that no new reader comes before it.
func (f *file) Lock(level vfs.LockLevel) error {
	if f.level >= level {
		return nil
	}
	if f.readOnly && level >= vfs.LOCK_RESERVED {
		return sqlite3.IOERR_LOCK
	}
	switch level {
	case vfs.LOCK_SHARED:
		return f.lockShared()
	case vfs.LOCK_RESERVED:
		return f.raise(vfs.LOCK_RESERVED, reservedByte, 1)
	default:
		return f.lockExclusive()
	}
}

func (f *file) lockShared() error {
	pending, err := lockedByOthers(f.Fd(), pendingByte)
	if err != nil {
		return vfs.SystemError(err, sqlite3.IOERR_RDLOCK)
	}
	if pending {
		return sqlite3.BUSY
	}
	if err := setLock(f.Fd(), readLock, sharedFirst, sharedSize); err != nil {
		return lockError(err, sqlite3.IOERR_RDLOCK)
	}
	f.level = vfs.LOCK_SHARED
	return nil
}

// lockExclusive takes PENDING first where a writer asks. A connection that
// rolls back another's journal, or closes the write-ahead log, comes straight
// from SHARED and does without.
func (f *file) lockExclusive() error {
	if f.level == vfs.LOCK_RESERVED {
		if err := f.raise(vfs.LOCK_PENDING, pendingByte, 1); err != nil {
			return err
		}
	}
	return f.raise(vfs.LOCK_EXCLUSIVE, sharedFirst, sharedSize)
}

// raise write-locks a range of the file and thereby reaches level.
func (f *file) raise(level vfs.LockLevel, start, length int64) error {
	if err := setLock(f.Fd(), writeLock, start, length); err != nil {
		return lockError(err, sqlite3.IOERR_LOCK)
	}
	f.level = level
	return nil
}

// Unlock lowers the lock to level, SHARED or none.
func (f *file) Unlock(level vfs.LockLevel) error {
	if f.level <= level {
		return nil
	}
	held := f.level
	f.level = level
	if level == vfs.LOCK_NONE {
		return vfs.SystemError(setLock(f.Fd(), unlock, 0, 0), sqlite3.IOERR_UNLOCK)
	}
	if held >= vfs.LOCK_EXCLUSIVE {
		// A lock that its holder lowers is never in the way of anything.
		if err := setLock(f.Fd(), readLock, sharedFirst, sharedSize); err != nil {
			return vfs.SystemError(err, sqlite3.IOERR_RDLOCK)
		}
	}
	return vfs.SystemError(setLock(f.Fd(), unlock, pendingByte, 2), sqlite3.IOERR_UNLOCK)
}

// CheckReservedLock reports whether any connection, this one included, holds
// RESERVED or more.
func (f *file) CheckReservedLock() (bool, error) {
	if f.level >= vfs.LOCK_RESERVED {
		return true, nil
	}
	reserved, err := lockedByOthers(f.Fd(), reservedByte)
	return reserved, vfs.SystemError(err, sqlite3.IOERR_CHECKRESERVEDLOCK)
}
