package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"trip2g/internal/wakeup"
)

// maxGroup bounds how many writes share a transaction, and so how long others wait for it.
const maxGroup = 16

// errAborted is the error of a write whose transaction ended without a result.
var errAborted = errors.New("the transaction was aborted")

// groupCommitter commits concurrent small writes in one transaction, because on LiteFS most of a
// small write's cost is its transaction's: the sync, the file of its pages, its way to each
// replica, and the work of each replica to apply it. A group consists of the writes that arrive
// while the database is busy. commitDelay decides whether it waits for more.
type groupCommitter struct {
	turn    sync.Mutex // held by the write that commits the group
	mu      sync.Mutex
	waiting []*groupedWrite
	delay   commitDelay
	arrival chan struct{} // signaled when a write arrives
}

func newGroupCommitter() *groupCommitter {
	return &groupCommitter{arrival: make(chan struct{}, 1)}
}

// groupedWrite is one write of a group. err is valid once done is set.
type groupedWrite struct {
	ctx        context.Context
	fn         func(*tx) error
	enqueuedAt time.Time
	mayWait    bool // its transaction may be delayed for more writes
	done       bool
	err        error
}

// writeGrouped runs fn like write, in one transaction with the other small writes that wait. If fn
// fails, its changes are rolled back and the others are kept. If the transaction fails, it fails
// for all of them. fn does not run if ctx ends before its turn. It has returned when writeGrouped
// returns, unless the database hangs (see unlessHung).
func (db *DB) writeGrouped(ctx context.Context, op string, fn func(*tx) error) error {
	return db.runGrouped(op, &groupedWrite{ctx: ctx, fn: fn})
}

// writeGroupedDelayed is writeGrouped for writes of many independent users. While many of them
// arrive, their transaction waits for more. It is wrong for a program that sends one write after
// another.
func (db *DB) writeGroupedDelayed(ctx context.Context, op string, fn func(*tx) error) error {
	return db.runGrouped(op, &groupedWrite{ctx: ctx, fn: fn, mayWait: true})
}

func (db *DB) runGrouped(op string, w *groupedWrite) error {
	return db.unlessHung(w.ctx, op, hungWrite, func(ctx context.Context) error {
		w.ctx = ctx
		return db.commitUntilDone(op, w)
	})
}

// commitUntilDone enqueues w and commits groups until w is done.
func (db *DB) commitUntilDone(op string, w *groupedWrite) error {
	db.group.enqueue(w)
	db.group.turn.Lock()
	defer db.group.turn.Unlock()
	for !w.done { // more writes may be ahead of w than fit into one group
		db.group.waitForMore(w.ctx)
		db.commitGroup(context.WithoutCancel(w.ctx), op)
	}
	return wrapError(op, w.err)
}

func (g *groupCommitter) enqueue(w *groupedWrite) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w.enqueuedAt = time.Now()
	if w.mayWait {
		g.delay.arrived(w.enqueuedAt)
	}
	g.waiting = append(g.waiting, w)
	wakeup.Signal(g.arrival)
}

// waitForMore waits until the next group is complete or ctx ends.
func (g *groupCommitter) waitForMore(ctx context.Context) {
	for wait := g.remaining(); wait > 0; wait = g.remaining() {
		select {
		case <-time.After(wait):
		case <-g.arrival:
		case <-ctx.Done():
			return
		}
	}
}

// remaining returns how long the next group still waits if no write arrives.
func (g *groupCommitter) remaining() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 || !allMayWait(g.waiting) {
		return 0
	}
	return g.delay.remaining(time.Now(), g.waiting[0].enqueuedAt, len(g.waiting))
}

// take removes the next group from the queue, the oldest write first.
func (g *groupCommitter) take() []*groupedWrite {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), maxGroup)
	group := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	if allMayWait(group) {
		g.delay.committed(n)
	}
	return group
}

func allMayWait(writes []*groupedWrite) bool {
	return !slices.ContainsFunc(writes, func(w *groupedWrite) bool { return !w.mayWait })
}

// commitGroup runs the next group in one transaction. The group is taken from the queue once the
// transaction has begun, or when it could not begin: then its writes fail. At least one write is
// done afterwards, if any waits.
func (db *DB) commitGroup(ctx context.Context, op string) {
	var group []*groupedWrite
	err := errAborted
	defer func() {
		if group == nil {
			group = db.group.take()
		}
		for _, w := range group {
			w.done = true
			if err != nil {
				w.err = err
			}
		}
	}()
	err = db.write(ctx, op, func(t *tx) error {
		group = db.group.take()
		for _, w := range group {
			if err := t.runInSavepoint(w); err != nil {
				return err
			}
		}
		return nil
	})
}

// runInSavepoint runs w in a savepoint. A failure of w is stored in w.err; the returned error is
// the transaction's.
func (t *tx) runInSavepoint(w *groupedWrite) error {
	if w.err = w.ctx.Err(); w.err != nil {
		return nil
	}
	if _, err := t.exec(`SAVEPOINT grouped`); err != nil {
		return err
	}
	if w.err = w.fn(t); w.err != nil {
		// Some errors make SQLite roll back the whole transaction
		// (https://sqlite.org/lang_transaction.html). There is no savepoint then, and the error is
		// the transaction's.
		if _, err := t.exec(`ROLLBACK TO grouped`); err != nil {
			return w.err
		}
	}
	_, err := t.exec(`RELEASE grouped`)
	return err
}
