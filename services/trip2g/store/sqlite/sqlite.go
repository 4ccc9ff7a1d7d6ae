// Package sqlite stores all data of trip2g in one SQLite database file.
//
// A leader has a DB from OpenLeader, which migrates the schema and writes. A replica has a ReadDB
// from OpenReplica: its connections are query_only, and it has no method that writes.
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
	// busyTimeout bounds a statement's wait for the lock of another process.
	busyTimeout = 10 * time.Second

	// defaultReaders bounds the read connections. Measured: a connection uses about 1 MB once its
	// page cache is full.
	defaultReaders = 4

	// walLimit is the size in bytes to which a write-ahead log is truncated after a large upload.
	walLimit = 16 << 20

	// readCacheSize bounds the page cache of a read connection, in bytes. Each change invalidates
	// the cache (https://sqlite.org/wal.html), and loading the vault reads each page once.
	readCacheSize = 512 << 10
)

// Options configure a database. The zero value works.
type Options struct {
	// TempDirs hold incomplete uploads; nil is the system's folder. None may be on a LiteFS mount,
	// which stores only databases.
	TempDirs tempdir.Dirs
	// Waiting, if set, is called with the reason why OpenReplica is waiting: when the reason
	// changes, and every 10 seconds.
	Waiting func(reason string)
	// Migrated, if set, is called with a decision of a migration that the owner should know.
	Migrated func(decision string)
	// Readers bounds the read connections; 0 means 4.
	Readers int
	// DiskReserve is the disk space in bytes that a leader's writes leave free on a LiteFS mount; 0
	// means DefaultDiskReserve, a negative value none.
	DiskReserve int64
}

// DefaultDiskReserve suffices for LiteFS to start and to copy its write-ahead log into the
// database.
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

// openReadPool returns a pool of connections that cannot write. They do not checkpoint on close, as
// the last connection of a database otherwise does.
func openReadPool(path string, limit int) (*sql.DB, error) {
	vfs, err := sqlitevfs.ForReader(path)
	if err != nil {
		return nil, fmt.Errorf("find how to read %s: %w", path, err)
	}
	name, err := dataSource(path, url.Values{"mode": {"rw"}, "vfs": {vfs}}, "query_only(1)", "cache_size(-"+strconv.Itoa(readCacheSize>>10)+")")
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

// openWritePool returns a pool of one connection, for which this process's writers queue.
// synchronous=FULL makes a commit survive a power loss
// (https://sqlite.org/pragma.html#pragma_synchronous). Transactions leave reserve bytes free on the
// disk of a LiteFS node.
func openWritePool(path string, reserve int64) (*sql.DB, error) {
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

// dataSource returns the URI that opens path (https://sqlite.org/uri.html), with the parameters of
// query and the pragmas. It escapes the path, so that every file name works.
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

// optionalTime returns the zero time for NULL.
func optionalTime(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return fromMillis(ms.Int64)
}
