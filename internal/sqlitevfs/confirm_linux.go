package sqlitevfs

import (
	"fmt"
	"os"

	"trip2g/internal/litefs"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
	"golang.org/x/sys/unix"
)

// positionSize is the length of a position file, in bytes.
const positionSize = 34

// openPosition opens the position file of the database at path. Direct reads
// reach LiteFS each time; others may be served from the kernel's page cache,
// which outlives LiteFS.
func openPosition(path string) (*os.File, error) {
	f, err := os.OpenFile(path+litefs.PositionSuffix, os.O_RDONLY|unix.O_DIRECT, 0)
	if err != nil {
		return nil, fmt.Errorf("open LiteFS's position file: %w", err)
	}
	return f, nil
}

// CommitPhaseTwo fails a commit that LiteFS has not recorded, with
// [sqlite3.IOERR_UNLOCK]: its outcome is unknown.
//
// LiteFS writes a transaction to its own file (LTX) while the lock on the
// write-ahead log is released, which SQLite does after its commit and without
// looking at the result. A LiteFS that cannot write the file, because the disk
// is full, exits before it answers, and on its next start cuts the transaction
// off the log. SQLite calls CommitPhaseTwo once the lock is released. An answer
// from the LiteFS that had it then proves that it has recorded the transaction:
// the file was opened on the same mount, which ends with its process.
func (f *file) CommitPhaseTwo() error {
	if f.position == nil {
		return nil
	}
	var position [positionSize]byte
	_, err := f.position.ReadAt(position[:], 0)
	if err != nil {
		err = fmt.Errorf("confirm a commit with LiteFS: %w", err)
	}
	return vfs.SystemError(err, sqlite3.IOERR_UNLOCK)
}
