package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"trip2g/services/trip2g"
)

// tx is a transaction that prepares each of its statements at most once.
type tx struct {
	ctx      context.Context
	pool     *pool
	sql      *sql.Tx
	prepared map[string]*sql.Stmt
	fresh    []string // queries that the pool has not prepared yet
	now      int64    // start in Unix milliseconds, the time of all that it writes
}

// transact runs fn in one transaction, which is committed if fn returns nil and rolled back
// otherwise. A transaction that changed nothing writes nothing to the write-ahead log, so nothing
// is replicated.
func transact(ctx context.Context, p *pool, options *sql.TxOptions, op string, fn func(*tx) error) error {
	fresh, err := transactOn(ctx, p.DB, p, options, op, fn)
	p.prepareAll(ctx, fresh)
	return err
}

// beginner is a pool or a connection.
type beginner interface {
	BeginTx(context.Context, *sql.TxOptions) (*sql.Tx, error)
}

// transactOn is transact on a given pool or connection. fresh are the statements that the pool can
// prepare once the connection is free.
func transactOn(ctx context.Context, on beginner, p *pool, options *sql.TxOptions, op string, fn func(*tx) error) (fresh []string, err error) {
	begun, err := on.BeginTx(ctx, options)
	if err != nil {
		return nil, wrapError(op, err)
	}
	t := &tx{ctx: ctx, pool: p, sql: begun, prepared: map[string]*sql.Stmt{}, now: millis(time.Now())}
	if err := fn(t); err != nil {
		// The first error is the cause. After some errors SQLite has already rolled back.
		_ = begun.Rollback()
		return nil, wrapError(op, err)
	}
	if err := begun.Commit(); err != nil {
		return nil, wrapError(op, err)
	}
	return t.fresh, nil
}

func (t *tx) statement(query string) (*sql.Stmt, error) {
	if stmt, ok := t.prepared[query]; ok {
		return stmt, nil
	}
	if kept := t.pool.statement(query); kept != nil {
		stmt := t.sql.StmtContext(t.ctx, kept)
		t.prepared[query] = stmt
		return stmt, nil
	}
	stmt, err := t.sql.PrepareContext(t.ctx, query)
	if err != nil {
		return nil, err
	}
	t.prepared[query] = stmt
	t.fresh = append(t.fresh, query)
	return stmt, nil
}

// exec returns the number of changed rows.
func (t *tx) exec(query string, args ...any) (int64, error) {
	stmt, err := t.statement(query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// insert returns the id of the new row.
func (t *tx) insert(query string, args ...any) (int64, error) {
	stmt, err := t.statement(query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// get scans the first row of a query. found is false if there is none.
func (t *tx) get(query string, args []any, dest ...any) (found bool, err error) {
	return t.find(query, args, func(scan scanner) error { return scan(dest...) })
}

// scanner is the Scan of a row.
type scanner func(dest ...any) error

// find is get with a function that scans the row.
func (t *tx) find(query string, args []any, scan func(scanner) error) (found bool, err error) {
	stmt, err := t.statement(query)
	if err != nil {
		return false, err
	}
	err = scan(stmt.QueryRowContext(t.ctx, args...).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// each yields the rows of a query. The caller scans a row before it takes the next. An error comes
// last.
func (t *tx) each(query string, args ...any) iter.Seq2[*sql.Rows, error] {
	return func(yield func(*sql.Rows, error) bool) {
		stmt, err := t.statement(query)
		if err != nil {
			yield(nil, err)
			return
		}
		rows, err := stmt.QueryContext(t.ctx, args...)
		if err != nil {
			yield(nil, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			if !yield(rows, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, err)
		}
	}
}

// recordChange adds an entry to the change log: the item that ref identifies moves to the newest
// position.
func (t *tx) recordChange(kind changeKind, ref int64) error {
	_, err := t.exec(`INSERT OR REPLACE INTO changes (kind, ref, at) VALUES (?, ?, ?)`, string(kind), ref, t.now)
	return err
}

// position returns the newest change's position. It never decreases, because Purge keeps the newest
// row.
func (t *tx) position() (trip2g.Position, error) {
	var position int64
	_, err := t.get(`SELECT coalesce(max(seq), 0) FROM changes`, nil, &position)
	return trip2g.Position(position), err
}

// jsonList encodes a list of any length as one SQL parameter (https://sqlite.org/json1.html#jeach).
func jsonList[T int64 | string](values []T) string {
	if values == nil {
		return "[]" // null would be one row
	}
	list, err := json.Marshal(values)
	if err != nil {
		panic(err) // numbers and strings always encode
	}
	return string(list)
}
