package sqlitevfs

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"trip2g/internal/litefs"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

func init() {
	vfs.Register(ReplicaName, replicaFileSystem{vfs.Find(driverName).(vfs.VFSFilename)})
}

// readLockZero is the byte of the WAL index that a reader of the database file
// alone locks (https://sqlite.org/walformat.html#wal_locks). LiteFS takes it to
// apply a transaction.
const readLockZero = 123

// Offsets in a database file's header (https://sqlite.org/fileformat2.html#the_database_header).
const (
	formatVersions  = 18 // for writing and for reading, a byte each
	changeCounter   = 24
	versionValidFor = 92
)

// replicaFileSystem is the driver's VFS for the mount of a LiteFS replica. LiteFS
// writes what it receives into the database file, under the locks of a
// write-ahead log that is always empty. So a database is read here as one with a
// rollback journal, for which SQLite maps no WAL index.
//
// A mapped index is a danger on a replica: SQLite's recovery dirties its pages,
// and LiteFS drops them from the kernel's cache after each transaction. If it is
// killed while it does, the kernel has it write them back first, which asks
// LiteFS itself: neither process ever ends, and their container cannot be killed.
type replicaFileSystem struct{ vfs.VFSFilename }

// Access reports that there is neither a journal nor a write-ahead log.
func (fs replicaFileSystem) Access(name string, flags vfs.AccessFlag) (bool, error) {
	if strings.HasSuffix(name, litefs.JournalSuffix) || strings.HasSuffix(name, litefs.WALSuffix) {
		return false, nil
	}
	return fs.VFSFilename.Access(name, flags)
}

// OpenFilename opens a main database file for reading. Other files of SQLite are
// the driver's.
func (fs replicaFileSystem) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if flags&vfs.OPEN_MAIN_DB == 0 {
		return fs.VFSFilename.OpenFilename(name, flags)
	}
	flags = flags&^(vfs.OPEN_READWRITE|vfs.OPEN_CREATE) | vfs.OPEN_READONLY
	f, out, err := fs.VFSFilename.OpenFilename(name, flags)
	if err != nil {
		return nil, out, err
	}
	main, err := newReplicaFile(f, name.String(), out)
	if err != nil {
		return nil, out, errors.Join(err, f.Close())
	}
	return main, out, nil
}

// replicaFile is a main database file on the mount of a replica. Each request to
// LiteFS costs as much as reading a hundred pages that the kernel has, so what
// changes only with the position is cached.
type replicaFile struct {
	*file
	path   string
	index  *os.File // the WAL index, whose locks LiteFS takes; never mapped, never written
	pos    *os.File // LiteFS's position file of the database
	locked bool     // whether the database file is, too

	seen    [positionSize]byte // the position at the last lock
	version uint32             // counts positions, for SQLite's page cache
	logged  bool               // whether the leader writes to a write-ahead log
	size    int64              // of the file; -1: not known
}

func newReplicaFile(f vfs.File, path string, flags vfs.OpenFlag) (*replicaFile, error) {
	main, err := newFile(f, path, flags)
	if err != nil {
		return nil, err
	}
	index, err := os.OpenFile(path+litefs.SHMSuffix, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("open the WAL index for its locks: %w", err)
	}
	pos, err := openPosition(path)
	if err != nil {
		return nil, errors.Join(err, index.Close())
	}
	return &replicaFile{file: main, path: path, index: index, pos: pos, size: -1}, nil
}

// SharedMemory returns nil: there is no write-ahead log to share an index of.
func (f *replicaFile) SharedMemory() vfs.SharedMemory { return nil }

// MemoryMapper returns nil: LiteFS changes the file below SQLite.
func (f *replicaFile) MemoryMapper() vfs.MemoryMapper { return nil }

// Lock takes a shared lock, which keeps LiteFS from changing the file until
// [replicaFile.Unlock]. [sqlite3.BUSY]: it is changing it.
func (f *replicaFile) Lock(level vfs.LockLevel) error {
	switch {
	case f.level >= level:
		return nil
	case level > vfs.LOCK_SHARED:
		return sqlite3.IOERR_LOCK
	}
	if err := f.lock(); err != nil {
		_ = f.unlock() // SQLite knows err by its value alone: nothing can be joined to it
		return err
	}
	f.level = vfs.LOCK_SHARED
	return nil
}

// lock takes the lock that LiteFS needs to apply a transaction: that of the WAL
// index and, until the leader's database has a write-ahead log, that of the file.
func (f *replicaFile) lock() error {
	if err := setLock(f.index.Fd(), readLock, readLockZero, 1); err != nil {
		return lockError(err, sqlite3.IOERR_RDLOCK)
	}
	if err := f.notePosition(); err != nil || f.logged {
		return vfs.SystemError(err, sqlite3.IOERR_RDLOCK)
	}
	if err := f.file.Lock(vfs.LOCK_SHARED); err != nil {
		return err
	}
	f.locked = true
	return vfs.SystemError(f.notePosition(), sqlite3.IOERR_RDLOCK)
}

// Unlock lets LiteFS change the file.
func (f *replicaFile) Unlock(level vfs.LockLevel) error {
	if level != vfs.LOCK_NONE || f.level == vfs.LOCK_NONE {
		return nil
	}
	return f.unlock()
}

func (f *replicaFile) unlock() (err error) {
	if f.locked {
		err = f.file.Unlock(vfs.LOCK_NONE)
	}
	f.locked, f.level = false, vfs.LOCK_NONE
	return cmp.Or(err, vfs.SystemError(setLock(f.index.Fd(), unlock, readLockZero, 1), sqlite3.IOERR_UNLOCK))
}

// notePosition drops cached values if the database has changed.
func (f *replicaFile) notePosition() error {
	var position [positionSize]byte
	if _, err := f.pos.ReadAt(position[:], 0); err != nil {
		return fmt.Errorf("read LiteFS's position: %w", err)
	}
	if bytes.Equal(position[:], f.seen[:]) {
		return nil
	}
	// A node that became the leader has changes in its log that the file lacks.
	switch info, err := os.Stat(f.path + litefs.WALSuffix); {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look at the write-ahead log: %w", err)
	case err == nil && info.Size() > 0:
		return fmt.Errorf("%s has a write-ahead log: its LiteFS node is not a replica any more", f.path)
	}
	var versions [2]byte // of the file format for writing and for reading; both 2 with a write-ahead log
	if _, err := f.file.ReadAt(versions[:], formatVersions); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the database's header: %w", err)
	}
	f.seen, f.logged, f.size = position, versions == [2]byte{2, 2}, -1
	f.version++
	return nil
}

// Size returns the length of the file.
func (f *replicaFile) Size() (int64, error) {
	if f.level == vfs.LOCK_NONE {
		return f.file.Size()
	}
	if f.size < 0 {
		size, err := f.file.Size()
		if err != nil {
			return 0, err
		}
		f.size = size
	}
	return f.size, nil
}

// ReadAt reads from the file, whose header then names a rollback journal, and the
// version in place of the change counter, which a write-ahead log has no need of:
// SQLite drops its page cache when the counter differs
// (https://sqlite.org/fileformat2.html#file_change_counter).
func (f *replicaFile) ReadAt(p []byte, offset int64) (int, error) {
	n, err := f.file.ReadAt(p, offset)
	version := binary.BigEndian.AppendUint32(nil, f.version)
	overlay(p[:n], offset, formatVersions, []byte{1, 1})
	overlay(p[:n], offset, changeCounter, version)
	overlay(p[:n], offset, versionValidFor, version)
	return n, err
}

// overlay replaces the bytes from an offset of a file on in a part of it.
func overlay(part []byte, offset, at int64, bytes []byte) {
	for i, b := range bytes {
		if j := at + int64(i) - offset; j >= 0 && j < int64(len(part)) {
			part[j] = b
		}
	}
}

// Close frees the locks, then closes the files.
func (f *replicaFile) Close() error {
	return errors.Join(f.Unlock(vfs.LOCK_NONE), f.pos.Close(), f.index.Close(), f.file.Close())
}
