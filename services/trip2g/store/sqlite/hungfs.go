package sqlite

import (
	"context"
	"fmt"
	"time"

	"trip2g/internal/litefs"
	"trip2g/services/trip2g"
)

const (
	// hangLook is how long a transaction takes before, and between, looks at whether the database's
	// file system still answers. A large one may take far longer on one that does.
	hangLook = 5 * time.Second
	// hangAfter is how long that may give no answer before the transaction is given up.
	hangAfter = 8 * time.Second
)

var (
	hungWrite = trip2g.Error{Code: trip2g.EINDETERMINATE,
		Message: "the database does not answer, so nobody can tell whether this was stored: see LiteFS and the disk of the leader, then look before you send it again"}
	hungRead = trip2g.Error{Code: trip2g.EUNAVAILABLE,
		Message: "the database of this node does not answer, and nothing of this was kept: see its LiteFS and its disk, and try again"}
)

// outcome is how a transaction ended: with an error, or a panic that its caller has to see.
type outcome struct {
	err    error
	broken any
}

// unlessHung runs a transaction and returns its error, or hung if the file system of the database stops
// answering meanwhile: nothing can interrupt a call to a LiteFS that hangs. Then the transaction goes on
// by itself with its context canceled, and the caller must not use what it may still change.
func (r *Reader) unlessHung(ctx context.Context, op string, hung trip2g.Error, run func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan outcome, 1)
	go func() {
		ended := outcome{err: errAborted}
		defer func() {
			ended.broken = recover()
			done <- ended
		}()
		ended.err = run(ctx)
	}()
	look := time.NewTicker(hangLook)
	defer look.Stop()
	for {
		select {
		case ended := <-done:
			if ended.broken != nil {
				panic(ended.broken)
			}
			return ended.err
		case <-look.C:
		}
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			_, _ = litefs.Mounted(r.path) // asks the file system, which the kernel never answers for
		}()
		select {
		case <-answered:
		case ended := <-done:
			done <- ended
		case <-time.After(hangAfter):
			hung.Err = fmt.Errorf("%s: no answer of the file system of %s for %s", op, r.path, hangAfter)
			return &hung
		}
	}
}
