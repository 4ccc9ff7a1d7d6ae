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
	pollEvery   = 100 * time.Millisecond
	remindEvery = 10 * time.Second
)

// Reader reads a database that another process, the leader, writes. It has no method that
// writes, and SQLite refuses writes on its connections. It is safe for concurrent use.
type Reader struct {
	path  string
	pool  *pool
	known int64 // the newest schema this binary understands
}

var (
	_ trip2g.ChangeSource = (*Reader)(nil)
	_ trip2g.AssetReader  = (*Reader)(nil)
)

// OpenReader waits until path is a database with this binary's schema and opens it for reading.
// Options.Waiting hears what is waited for: the file, its tables, or the leader's migration of an
// older schema. Only ctx ends the wait. A newer schema, and whatever can be no database, is an
// error at once that says what to do.
func OpenReader(ctx context.Context, path string, options Options) (*Reader, error) {
	return openReader(ctx, path, options, newestSchema(embeddedMigrations()))
}

func openReader(ctx context.Context, path string, options Options, known int64) (*Reader, error) {
	if err := checkName(path); err != nil {
		return nil, err
	}
	wait := waiting{tell: options.Waiting}
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for {
		r, reason, err := tryReader(ctx, path, options, known)
		switch {
		case ctx.Err() != nil:
			return nil, fmt.Errorf("wait for the database %s: %w", path, ctx.Err())
		case err != nil:
			return nil, err
		case r != nil:
			return r, nil
		}
		wait.report(reason, time.Now())
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
}

// waiting reports a reason when it changes and every remindEvery.
type waiting struct {
	tell   func(string)
	reason string
	told   time.Time
}

func (w *waiting) report(reason string, now time.Time) {
	if w.tell == nil || (reason == w.reason && now.Sub(w.told) < remindEvery) {
		return
	}
	w.reason, w.told = reason, now
	w.tell(reason)
}

// tryReader opens path, or gives the reason why it is worth waiting.
func tryReader(ctx context.Context, path string, options Options, known int64) (*Reader, string, error) {
	exists, err := checkFile(path)
	switch {
	case errors.Is(err, syscall.ENOTCONN):
		return nil, "LiteFS is not running: waiting for it to mount the folder of " + path, nil
	case err != nil:
		return nil, "", err
	case !exists:
		return nil, "waiting for " + path + " to exist: the leader makes it, and LiteFS or a shared volume brings it here", nil
	}
	pool, err := openReaders(path, options.readers())
	if err != nil {
		return nil, "", wrapOpenError(path, err)
	}
	r := &Reader{path: path, pool: newPool(pool), known: known}
	reason, err := r.waitReason(ctx)
	if reason == "" && err == nil {
		return r, "", nil
	}
	return nil, reason, errors.Join(err, pool.Close())
}

// waitReason tells what this database still lacks, "" if it can be served.
func (r *Reader) waitReason(ctx context.Context) (string, error) {
	version, tables, err := r.schema(ctx)
	switch {
	case errors.Is(err, sqlite3.NOTADB), errors.Is(err, sqlite3.CORRUPT), errors.Is(err, fs.ErrPermission):
		return "", wrapOpenError(r.path, err)
	case errors.Is(err, sqlite3.BUSY), errors.Is(err, sqlite3.IOERR), errors.Is(err, sqlite3.CANTOPEN):
		// A node that is only just receiving its copy answers so; it passes.
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

// Ready gives an error unless the database can be read now and has the schema that this binary
// knows: for a readiness probe. It reads two pages.
func (r *Reader) Ready(ctx context.Context) error {
	version, _, err := r.schema(ctx)
	if err != nil {
		return wrapOpenError(r.path, err)
	}
	return checkSchema(r.path, version, r.known)
}

// Close releases the connections and with them every lock. It leaves the file as it is.
func (r *Reader) Close() error {
	if err := r.pool.Close(); err != nil {
		return fmt.Errorf("close %s: %w", r.path, err)
	}
	return nil
}

// Shrink closes the connections that nobody uses, whose memory never becomes less: reading a whole vault took some.
func (r *Reader) Shrink() {
	r.pool.SetMaxIdleConns(0)
	r.pool.SetMaxIdleConns(r.pool.Stats().MaxOpenConnections)
}

// read runs fn in one read transaction: all that it sees is of one moment.
func (r *Reader) read(ctx context.Context, op string, fn func(*tx) error) error {
	return r.unlessHung(ctx, op, hungRead, func(ctx context.Context) error {
		return transact(ctx, r.pool, &sql.TxOptions{ReadOnly: true}, op, fn)
	})
}

// readWide is read for a transaction that may read a large part of the database: fn gets what makes it
// quick on a LiteFS mount, to be called once the transaction has read something.
func (r *Reader) readWide(ctx context.Context, op string, fn func(t *tx, readAhead func() error) error) error {
	return r.unlessHung(ctx, op, hungRead, func(ctx context.Context) error { return r.transactWide(ctx, op, fn) })
}

func (r *Reader) transactWide(ctx context.Context, op string, fn func(t *tx, readAhead func() error) error) error {
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
	r.pool.keepAll(ctx, fresh)
	return err
}

// endReadAhead makes a connection read as ever. One that cannot is closed for good: what it read ahead
// is not what the next transaction has to see.
func endReadAhead(conn *sql.Conn) error {
	return conn.Raw(func(raw any) error {
		c, ok := raw.(driver.Conn)
		if !ok || c.Raw().Exec(`PRAGMA `+sqlitevfs.ReadAhead+` = off`) != nil {
			return sqldriver.ErrBadConn
		}
		return nil
	})
}
