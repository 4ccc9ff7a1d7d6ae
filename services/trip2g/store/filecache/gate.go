package filecache

import (
	"context"
	"time"
)

// longestRest bounds a rest. A read that took longer waited for a lock of the database most of the
// time, and held up nobody while it did.
const longestRest = time.Second

// gate lets one read of the source happen at a time, and rests between two as long as the first of
// them took: at least half of the time the database is left alone. Who waits longest is next.
type gate struct {
	turn chan *rest
}

// rest is until when the source is left alone. Whoever has the turn has it.
type rest struct{ until time.Time }

func newGate() gate {
	g := gate{turn: make(chan *rest, 1)}
	g.turn <- &rest{}
	return g
}

// pass runs read in its turn, or gives ctx's error. The next one rests, so that read's caller need
// not, and cannot shorten it by going away.
func (g gate) pass(ctx context.Context, read func() error) error {
	var r *rest
	select {
	case r = <-g.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { g.turn <- r }()
	resting := time.NewTimer(time.Until(r.until))
	defer resting.Stop()
	select {
	case <-resting.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	begun := time.Now()
	err := read()
	ended := time.Now()
	r.until = ended.Add(min(ended.Sub(begun), longestRest))
	return err
}
