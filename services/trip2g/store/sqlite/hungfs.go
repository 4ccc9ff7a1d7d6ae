package sqlite

import (
	"context"
	"fmt"
	"time"

	"trip2g/internal/litefs"
	"trip2g/services/trip2g"
)

const (
	// probeInterval is the time between probes of the database's file system during a transaction.
	// A large transaction may take far longer.
	probeInterval = 5 * time.Second
	// probeTimeout is how long a probe can take before the transaction is abandoned.
	probeTimeout = 8 * time.Second
)

var (
	hungWrite = trip2g.Error{Code: trip2g.EINDETERMINATE,
		Message: "the database does not respond, so it is unknown whether this was stored: check LiteFS and the disk of the leader, and check whether it is stored before you send it again"}
	hungRead = trip2g.Error{Code: trip2g.EUNAVAILABLE,
		Message: "the database of this node does not respond and nothing was stored: check its LiteFS and its disk, and try again"}
)

// outcome is the result of a transaction: an error, or a panic to repeat in the caller.
type outcome struct {
	err      error
	panicked any
}

// unlessHung runs a transaction and returns its error, or hung if the file system of the database
// stops responding. A call to a LiteFS that hangs cannot be interrupted, so the transaction then
// continues in the background with a canceled context, and the caller must not use what it can
// still change.
func (r *ReadDB) unlessHung(ctx context.Context, op string, hung trip2g.Error, run func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := make(chan outcome, 1)
	go func() {
		ended := outcome{err: errAborted}
		defer func() {
			ended.panicked = recover()
			done <- ended
		}()
		ended.err = run(ctx)
	}()
	probe := time.NewTicker(probeInterval)
	defer probe.Stop()
	for {
		select {
		case ended := <-done:
			if ended.panicked != nil {
				panic(ended.panicked)
			}
			return ended.err
		case <-probe.C:
		}
		answered := make(chan struct{})
		go func() {
			defer close(answered)
			_, _ = litefs.Mounted(r.path) // reaches the file system: the kernel has no cached reply
		}()
		select {
		case <-answered:
		case ended := <-done:
			done <- ended
		case <-time.After(probeTimeout):
			hung.Err = fmt.Errorf("%s: no response from the file system of %s for %s", op, r.path, probeTimeout)
			return &hung
		}
	}
}
