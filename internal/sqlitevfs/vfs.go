// Package sqlitevfs makes github.com/ncruces/go-sqlite3 work on a LiteFS mount.
//
// The driver's own VFS waits inside fcntl(F_OFD_SETLKW) for the PENDING lock,
// and LiteFS answers a lock that waits with ENOSYS, so the first write fails as
// a disk I/O error. The VFS of this package asks for each lock of the database
// file without waiting and reports a lock that others hold as SQLITE_BUSY,
// which SQLite's busy handler then retries. The rest is the driver's: its files,
// its shared memory (whose locks never wait), its file controls.
//
// A commit on a LiteFS mount succeeds only once LiteFS has recorded it, and
// leaves the disk a reserve if the database's URI names one
// ([ReserveParameter]).
//
// Locks belong to the open file (OFD locks). LiteFS frees one when it is
// unlocked, as closing a connection does, but never hears that a process was
// killed: the LiteFS node has to be restarted with it.
package sqlitevfs

import (
	"path/filepath"

	"trip2g/internal/litefs"
)

const (
	// Name is the registered name of the VFS for LiteFS mounts.
	Name = "litefs"
	// ReplicaName is the registered name of the VFS for reading on the mount of
	// a LiteFS replica.
	ReplicaName = "litefs-replica"
	// ReserveParameter is the URI parameter that sets how many bytes of the disk
	// transactions leave free. Without room for a transaction LiteFS exits, and
	// reads end with it.
	ReserveParameter = "litefs_reserve"
	// driverName names the driver's own VFS.
	driverName = "os"
)

// ReadAhead is a pragma of the files of this VFS: "PRAGMA litefs_read_ahead = on" inside a read
// transaction, "off" before the connection begins another one. In between, pages come in blocks.
//
// LiteFS mounts without readahead, so that each page that the kernel does not have is a request of
// its own, 60 µs each: 60 MB/s for a cold database, and two processes busy with it. A direct read
// asks for as much as it wants at once: 1,300 MB/s.
//
// A block has the content of the file at the time of the read and is not updated by later writes.
// It is valid until the transaction ends. Until then no page that the transaction reads from the
// file changes: a checkpoint does not overwrite it (https://sqlite.org/wal.html#concurrency), and
// LiteFS acquires every read lock before it applies a commit.
const ReadAhead = "litefs_read_ahead"

// ForReader returns the name of the VFS to read the database file at path with,
// which must exist: [ReplicaName] on the mount of a LiteFS replica, the result of
// [ForFile] otherwise.
func ForReader(path string) (name string, err error) {
	name, err = ForFile(path)
	if err != nil || name != Name {
		return name, err
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "", err
	}
	node, err := litefs.Open(filepath.Dir(real), litefs.DefaultAPI)
	if err != nil {
		return "", err
	}
	replica, err := node.IsReplica()
	if err != nil || !replica {
		return name, err
	}
	return ReplicaName, nil
}

// ForFile returns the name of the VFS that can open the database file at path,
// for the URI parameter vfs: [Name] on a LiteFS mount, "os", the driver's own,
// on any other file system. The file need not exist, its directory must; path
// is a path, not a URI.
//
// The error for a mount whose LiteFS process has died wraps
// [litefs.ErrStale].
func ForFile(path string) (name string, err error) {
	mounted, err := litefs.Mounted(path)
	if err != nil {
		return "", err
	}
	if mounted {
		return Name, nil
	}
	return driverName, nil
}
