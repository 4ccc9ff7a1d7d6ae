package sqlite

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"trip2g/internal/sqlitevfs"
	"trip2g/services/trip2g"
)

const (
	pollInterval   = 100 * time.Millisecond // between attempts to open a database
	reportInterval = 10 * time.Second       // between reports of the same reason
)

// ReadDB reads a database. It has no method that writes, and SQLite rejects writes on its
// connections. It is safe for concurrent use.
type ReadDB struct {
	path  string
	pool  *pool
	known int64 // the newest schema this binary understands
}

var (
	_ trip2g.ChangeSource = (*ReadDB)(nil)
	_ trip2g.AssetReader  = (*ReadDB)(nil)
)

// OpenReplica waits until path is a database with this binary's schema and opens it for reading. It
// calls Options.Waiting with what it waits for: the file, its tables, or the leader's migration of
// an older schema. Only ctx ends the wait. A newer schema, or a file that is not a database, is an
// immediate error with a remedy.
func OpenReplica(ctx context.Context, path string, options Options) (*ReadDB, error) {
	return openReplica(ctx, path, options, newestSchema(embeddedMigrations()))
}

func openReplica(ctx context.Context, path string, options Options, known int64) (*ReadDB, error) {
	if err := checkName(path); err != nil {
		return nil, err
	}
	wait := waitReporter{report: options.Waiting}
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		r, reason, err := tryOpen(ctx, path, options, known)
		switch {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("wait for the database %s: %w", path, ctx.Err())
		case err != nil:
			return nil, err
		case r != nil:
			return r, nil
		}
		wait.waiting(reason, time.Now())
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// waitReporter reports a reason when it changes and every reportInterval.
type waitReporter struct {
	report     func(string) // nil: no reports
	reason     string
	reportedAt time.Time
}

func (w *waitReporter) waiting(reason string, now time.Time) {
	if w.report == nil || (reason == w.reason && now.Sub(w.reportedAt) < reportInterval) {
		return
	}
	w.reason, w.reportedAt = reason, now
	w.report(reason)
}

// tryOpen opens path, or returns the reason to wait.
func tryOpen(ctx context.Context, path string, options Options, known int64) (*ReadDB, string, error) {
	exists, err := checkFile(path)
	switch {
	case errors.Is(err, syscall.ENOTCONN):
		return nil, "LiteFS is not running: waiting for it to mount the folder of " + path, nil
	case err != nil:
		return nil, "", err
	case !exists:
		return nil, "waiting for " + path + " to exist: the leader makes it, and LiteFS or a shared volume brings it here", nil
	}
	pool, err := openReadPool(path, options.readers())
	if err != nil {
		return nil, "", wrapOpenError(path, err)
	}
	r := &ReadDB{path: path, pool: newPool(pool), known: known}
	reason, err := r.waitReason(ctx)
	if reason == "" && err == nil {
		return r, "", nil
	}
	return nil, reason, errors.Join(err, pool.Close())
}

// waitReason returns what the database still lacks, "" if it can be served.
func (r *ReadDB) waitReason(ctx context.Context) (string, error) {
	version, tables, err := r.schema(ctx)
	switch {
	case errors.Is(err, sqlite3.NOTADB), errors.Is(err, sqlite3.CORRUPT), errors.Is(err, fs.ErrPermission):
		return "", wrapOpenError(r.path, err)
	case errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.IOERR), errors.Is(err, sqlite3.CANTOPEN):
		// A node that is receiving its copy reports these for a moment.
		return fmt.Sprintf("waiting for %s to become readable: %v", r.path, err), nil
	case err != nil:
		return "", wrapOpenError(r.path, err)
	case version == 0 && tables > 0:
		return "", foreignDatabase(r.path)
	case version == 0:
		return "waiting for the leader to make the tables of " + r.path, nil
	case version < r.known:
		return fmt.Sprintf("%s has schema %d and this binary needs %d: waiting for the leader to migrate it, which a leader with this binary does when it starts",
			r.path, version, r.known), nil
	}
	return "", checkSchema(r.path, version, r.known)
}

// Ready returns an error unless the database can be read now and has this binary's schema. It is
// for readiness probes: it reads two pages.
func (r *ReadDB) Ready(ctx context.Context) error {
	version, _, err := r.schema(ctx)
	if err != nil {
		return wrapOpenError(r.path, err)
	}
	return checkSchema(r.path, version, r.known)
}

// Close closes the connections, which releases their locks. It does not change the file.
func (r *ReadDB) Close() error {
	if err := r.pool.Close(); err != nil {
		return fmt.Errorf("close %s: %w", r.path, err)
	}
	return nil
}

// Shrink closes idle connections, whose memory never shrinks, after the whole vault was read.
func (r *ReadDB) Shrink() {
	r.pool.SetMaxIdleConns(0)
	r.pool.SetMaxIdleConns(r.pool.Stats().MaxOpenConnections)
}

// read runs fn in one read transaction, on one snapshot of the database.
func (r *ReadDB) read(ctx context.Context, op string, fn func(*tx) error) error {
	return r.unlessHung(ctx, op, hungRead, func(ctx context.Context) error {
		return transact(ctx, r.pool, &sql.TxOptions{ReadOnly: true}, op, fn)
	})
}

// readWide is read for a transaction that can read a large part of the database. fn calls
// readAhead, after its first query, to make that fast on a LiteFS mount.
func (r *ReadDB) readWide(ctx context.Context, op string, fn func(t *tx, readAhead func() error) error) error {
	return r.unlessHung(ctx, op, hungRead, func(ctx context.Context) error { return r.transactWide(ctx, op, fn) })
}

func (r *ReadDB) transactWide(ctx context.Context, op string, fn func(t *tx, readAhead func() error) error) error {
	conn, err := r.pool.Conn(ctx)
	if err != nil {
		return wrapError(op, err)
	}
	ahead := false
	fresh, err := transactOn(ctx, conn, r.pool, &sql.TxOptions{ReadOnly: true}, op, func(t *tx) error {
		return fn(t, func() error {
			ahead = true
			_, err := t.sql.ExecContext(ctx, `PRAGMA `+sqlitevfs.ReadAhead+` = on`)
			return err
		})
	})
	if ahead {
		err = errors.Join(err, endReadAhead(conn))
	}
	err = errors.Join(err, conn.Close())
	r.pool.prepareAll(ctx, fresh)
	return err
}

// endReadAhead ends read-ahead on a connection. It discards the connection on failure: blocks that
// were read ahead are stale for the next transaction.
func endReadAhead(conn *sql.Conn) error {
	return conn.Raw(func(raw any) error {
		c, ok := raw.(driver.Conn)
		if !ok || c.Raw().Exec(`PRAGMA `+sqlitevfs.ReadAhead+` = off`) != nil {
			return sqldriver.ErrBadConn
		}
		return nil
	})
}
