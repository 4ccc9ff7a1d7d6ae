package sqlitevfs

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
	"golang.org/x/sys/unix"

	"trip2g/internal/diskspace"
)

// frameHeaderSize is the length of what precedes each page in a write-ahead log
// (https://sqlite.org/fileformat2.html#the_write_ahead_log), in bytes.
const frameHeaderSize = 24

// logFile is a write-ahead log on a LiteFS mount. It refuses transactions, with
// [sqlite3.FULL], before they take the disk's reserve: SQLite undoes a
// transaction that was not written whole, and a LiteFS that finds no room for it
// afterwards exits.
type logFile struct {
	vfs.File
	folder  string
	reserve uint64 // bytes; 0: none
	start   int64  // offset of the transaction's first frame
	next    int64  // offset after what was written last; 0 before a transaction
}

// newLogFile wraps the driver's file of the write-ahead log called name, with
// the reserve that the database's URI asks for.
func newLogFile(f vfs.File, name *vfs.Filename) *logFile {
	reserve, err := strconv.ParseUint(name.URIParameter(ReserveParameter), 10, 63)
	if err != nil {
		reserve = 0
	}
	return &logFile{File: f, folder: filepath.Dir(name.String()), reserve: reserve}
}

// WriteAt writes to the log. The first frame of a transaction needs the reserve
// free; its last one, which commits it, needs half of it and room for LiteFS's
// copy of the transaction, which may have taken the other half itself.
func (f *logFile) WriteAt(p []byte, offset int64) (int, error) {
	if f.reserve > 0 && len(p) == frameHeaderSize {
		if err := f.keepReserve(p, offset); err != nil {
			return 0, err
		}
	}
	n, err := f.File.WriteAt(p, offset)
	if end := offset + int64(n); f.next != 0 && end > f.next {
		f.next = end
	}
	return n, err
}

// keepReserve checks the free space before a frame's header is written.
func (f *logFile) keepReserve(header []byte, offset int64) error {
	if f.next == 0 || offset <= f.start || offset > f.next {
		if err := f.needFree(f.reserve); err != nil {
			return err
		}
		f.start, f.next = offset, offset
	}
	if commits := binary.BigEndian.Uint32(header[4:]) != 0; !commits {
		return nil
	}
	f.next = 0
	if size := uint64(offset - f.start); size > f.reserve/4 {
		return f.needFree(f.reserve/2 + size)
	}
	return nil
}

// needFree returns [sqlite3.FULL] if the disk has less than this many bytes left.
func (f *logFile) needFree(bytes uint64) error {
	space, err := diskspace.At(f.folder)
	if err != nil {
		return vfs.SystemError(err, sqlite3.IOERR_WRITE)
	}
	if space.Free < bytes {
		return vfs.SystemError(fmt.Errorf("%d bytes of the disk are free, %d are needed: %w", space.Free, bytes, unix.ENOSPC), sqlite3.FULL)
	}
	return nil
}
