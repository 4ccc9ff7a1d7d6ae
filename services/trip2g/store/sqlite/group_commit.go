package sqlite

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// maxTogether bounds how many writes share a transaction, and so how long others wait for it.
const maxTogether = 16

// errUnfinished is what a write gets whose transaction ended without an answer.
var errUnfinished = errors.New("the transaction was broken off")

// joint collects small writes for one transaction: those that come while the database is busy, and notes that are
// saved one upon the other, as gathering expects them. On LiteFS most of a small write's cost is its transaction's:
// the sync, the file of its pages, its way to each replica, and what each replica does to apply it.
type joint struct {
	turn      sync.Mutex // held by the write that runs the others
	mu        sync.Mutex
	waiting   []*jointWrite
	gathering gathering
	came      chan struct{} // has something when a write has come since it was looked at
}

func newJoint() *joint { return &joint{came: make(chan struct{}, 1)} }

type jointWrite struct {
	ctx     context.Context
	fn      func(*tx) error
	came    time.Time
	patient bool // others may be gathered before it runs
	done    bool
	err     error
}

// writeTogether is write for a small change: with others that wait, it makes one transaction. If fn fails,
// what it did is undone and the others stand. If the transaction fails, it fails for all of them. fn is not
// run if ctx has ended when its turn comes, and is not running any more when this returns, unless the database
// hangs (see unlessHung).
func (db *DB) writeTogether(ctx context.Context, doing string, fn func(*tx) error) error {
	return db.joinWrites(doing, &jointWrite{ctx: ctx, fn: fn})
}

// writeGathered is writeTogether for what many people may do at one time, each by themselves: while they do, it
// waits for more of them. What one program does in great number has no time for that.
func (db *DB) writeGathered(ctx context.Context, doing string, fn func(*tx) error) error {
	return db.joinWrites(doing, &jointWrite{ctx: ctx, fn: fn, patient: true})
}

// writeJoined gives joined, writeTogether or writeGathered, for a small change, and write for one that others should
// not wait for.
func (db *DB) writeJoined(small bool, joined writing) writing {
	if small {
		return joined
	}
	return db.write
}

func (db *DB) joinWrites(doing string, w *jointWrite) error {
	return db.unlessHung(w.ctx, doing, hungWrite, func(ctx context.Context) error {
		w.ctx = ctx
		return db.waitJoined(doing, w)
	})
}

// waitJoined runs the writes that wait until w, which it adds, is one of them.
func (db *DB) waitJoined(doing string, w *jointWrite) error {
	db.joint.add(w)
	db.joint.turn.Lock()
	defer db.joint.turn.Unlock()
	for !w.done { // more may wait before it than share one transaction
		db.joint.gather(w.ctx)
		db.runJoint(context.WithoutCancel(w.ctx), doing)
	}
	return fault(doing, w.err)
}

func (j *joint) add(w *jointWrite) {
	j.mu.Lock()
	defer j.mu.Unlock()
	w.came = time.Now()
	if w.patient {
		j.gathering.arrived(w.came)
	}
	j.waiting = append(j.waiting, w)
	select {
	case j.came <- struct{}{}:
	default:
	}
}

// gather waits for the writes that should share the next transaction, or until ctx ends.
func (j *joint) gather(ctx context.Context) {
	for wait := j.wait(); wait > 0; wait = j.wait() {
		select {
		case <-time.After(wait):
		case <-j.came:
		case <-ctx.Done():
			return
		}
	}
}

// wait tells how long the next transaction should still wait if no write comes.
func (j *joint) wait() time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.waiting) == 0 || !allPatient(j.waiting) {
		return 0
	}
	return j.gathering.wait(time.Now(), j.waiting[0].came, len(j.waiting))
}

// take gives the writes whose turn it is, the oldest first.
func (j *joint) take() []*jointWrite {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := min(len(j.waiting), maxTogether)
	batch := j.waiting[:n:n]
	j.waiting = j.waiting[n:]
	if allPatient(batch) {
		j.gathering.begun(n)
	}
	return batch
}

func allPatient(writes []*jointWrite) bool {
	return !slices.ContainsFunc(writes, func(w *jointWrite) bool { return !w.patient })
}

// runJoint runs the writes that wait when the transaction has begun, or fails them if it cannot begin. It
// ends at least one, if any waits.
func (db *DB) runJoint(ctx context.Context, doing string) {
	var batch []*jointWrite
	err := errUnfinished
	defer func() {
		if batch == nil {
			batch = db.joint.take()
		}
		for _, w := range batch {
			w.done = true
			if err != nil {
				w.err = err
			}
		}
	}()
	err = db.write(ctx, doing, func(t *tx) error {
		batch = db.joint.take()
		for _, w := range batch {
			if err := t.nested(w); err != nil {
				return err
			}
		}
		return nil
	})
}

// nested runs one write of several. Its own failure is kept in it; what it gives is that of the transaction.
func (t *tx) nested(w *jointWrite) error {
	if w.err = w.ctx.Err(); w.err != nil {
		return nil
	}
	if _, err := t.exec(`SAVEPOINT joint`); err != nil {
		return err
	}
	if w.err = w.fn(t); w.err != nil {
		// SQLite undoes the whole transaction after some errors (https://sqlite.org/lang_transaction.html):
		// then there is no savepoint, and what happened to this write happened to all.
		if _, err := t.exec(`ROLLBACK TO joint`); err != nil {
			return w.err
		}
	}
	_, err := t.exec(`RELEASE joint`)
	return err
}
