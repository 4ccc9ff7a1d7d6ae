// Package sqlite keeps everything that trip2g knows in one SQLite database file.
//
// A leader has a DB, made by OpenLeader: it migrates the schema and writes. A replica has a
// Reader, made by OpenReader: its connections are query_only, and it has no method that writes.
package sqlite

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"trip2g/internal/sqlitevfs"
	"trip2g/internal/tempdir"
)

const (
	// busyTimeout is how long a statement waits for another process's lock.
	busyTimeout = 10 * time.Second

	// defaultReaders is how many read connections a node holds at most. Measured: a connection
	// costs about 1 MB once its page cache is full.
	defaultReaders = 4

	// walLimit is what is kept of a write-ahead log that a large upload made long, in bytes.
	walLimit = 16 << 20

	// readerCache bounds the pages that a connection keeps which only reads, in bytes: each change makes it
	// forget all of them (https://sqlite.org/wal.html), and a load reads each once.
	readerCache = 512 << 10
)

// Options are what a database's surroundings decide. The zero value works.
type Options struct {
	// TempDirs are folders where uploads wait until they are complete; nil is the system's. None may
	// be on a LiteFS mount, which takes only databases.
	TempDirs tempdir.Dirs
	// Waiting is told why OpenReader does not return yet: when the reason changes, and every
	// 10 seconds while it lasts. nil: nobody is told.
	Waiting func(reason string)
	// Migrated is told what a migration decided that its owner should know. nil: nobody is told.
	Migrated func(decision string)
	// Readers bounds the read connections; 0 means 4.
	Readers int
	// DiskReserve is how many bytes of the disk a leader's writes leave free where the database is on a
	// LiteFS mount; 0 means DefaultDiskReserve, below 0 none.
	DiskReserve int64
}

// DefaultDiskReserve is room for LiteFS to start, and to copy its write-ahead log into the database.
const DefaultDiskReserve = 64 << 20

func (o Options) diskReserve() int64 {
	if o.DiskReserve == 0 {
		return DefaultDiskReserve
	}
	return max(0, o.DiskReserve)
}

func (o Options) readers() int {
	if o.Readers <= 0 {
		return defaultReaders
	}
	return o.Readers
}

// openReaders gives a pool of connections that cannot write and leave no trace when they close:
// the last connection of a database would else copy the write-ahead log into it.
func openReaders(path string, limit int) (*sql.DB, error) {
	vfs, err := sqlitevfs.ForReader(path)
	if err != nil {
		return nil, fmt.Errorf("find how to read %s: %w", path, err)
	}
	name, err := dataSource(path, url.Values{"mode": {"rw"}, "vfs": {vfs}}, "query_only(1)", "cache_size(-"+strconv.Itoa(readerCache>>10)+")")
	if err != nil {
		return nil, err
	}
	pool, err := driver.Open(name, func(c *sqlite3.Conn) error {
		_, err := c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open %s for reading: %w", path, err)
	}
	pool.SetMaxOpenConns(limit)
	pool.SetMaxIdleConns(limit)
	return pool, nil
}

// openWriter gives a pool of one connection, which so is the queue of this process's writers.
// synchronous=FULL makes a commit survive a power cut (https://sqlite.org/pragma.html#pragma_synchronous).
// Its transactions leave reserve bytes of a LiteFS node's disk free.
func openWriter(path string, reserve int64) (*sql.DB, error) {
	vfs, err := sqlitevfs.ForFile(path)
	if err != nil {
		return nil, fmt.Errorf("find how to open %s: %w", path, err)
	}
	query := url.Values{"mode": {"rwc"}, "vfs": {vfs}, "_txlock": {"immediate"}, sqlitevfs.ReserveParameter: {strconv.FormatInt(reserve, 10)}}
	name, err := dataSource(path, query,
		"journal_mode(WAL)", "synchronous(FULL)", "journal_size_limit("+strconv.Itoa(walLimit)+")")
	if err != nil {
		return nil, err
	}
	pool, err := driver.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s for writing: %w", path, err)
	}
	pool.SetMaxOpenConns(1)
	pool.SetMaxIdleConns(1)
	return pool, nil
}

// dataSource writes the URI that opens path (https://sqlite.org/uri.html). Every character that
// means something in a URI is escaped, so that any file name names that file. query holds its parameters
// but for the pragmas, some of which all connections have.
func dataSource(path string, query url.Values, pragmas ...string) (string, error) {
	query["_pragma"] = append([]string{
		"busy_timeout(" + strconv.FormatInt(busyTimeout.Milliseconds(), 10) + ")",
		"foreign_keys(1)",
		"temp_store(MEMORY)",
		"trusted_schema(0)",
	}, pragmas...)
	absolute, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("make %s absolute: %w", path, err)
	}
	file := url.URL{Scheme: "file", Path: absolute, RawQuery: query.Encode()}
	return file.String(), nil
}

func millis(t time.Time) int64 { return t.UnixMilli() }

func fromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// optionalMillis returns NULL for the zero time.
func optionalMillis(t time.Time) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: millis(t), Valid: true}
}

// optionalTime gives the zero time for NULL.
func optionalTime(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return fromMillis(ms.Int64)
}
