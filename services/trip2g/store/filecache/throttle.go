package filecache

import (
	"context"
	"time"
)

// maxPause bounds a pause. A read that took longer was mostly waiting for a lock of the database,
// during which it delayed nobody.
const maxPause = time.Second

// throttle runs one read of the source at a time and pauses after each for as long as the read
// took, so that the database is idle at least half of the time. Waiting reads run in order.
type throttle struct {
	turn chan *pause // holds one value; the reader that received it has the turn
}

// pause is the time until which the source is left idle.
type pause struct{ until time.Time }

func newThrottle() throttle {
	t := throttle{turn: make(chan *pause, 1)}
	t.turn <- &pause{}
	return t
}

// do runs read in its turn, or returns ctx's error. The pause is spent by the next caller, so that
// the caller of read does not wait for it and cannot shorten it by disconnecting.
func (t throttle) do(ctx context.Context, read func() error) error {
	var p *pause
	select {
	case p = <-t.turn:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { t.turn <- p }()
	timer := time.NewTimer(time.Until(p.until))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	started := time.Now()
	err := read()
	ended := time.Now()
	p.until = ended.Add(min(ended.Sub(started), maxPause))
	return err
}
