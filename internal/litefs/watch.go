package litefs

import (
	"context"
	"time"

	"trip2g/internal/wakeup"
)

const (
	// pollWithoutEvents is the interval of checks of the position file while
	// /events cannot be reached.
	pollWithoutEvents = 50 * time.Millisecond
	// pollWithEvents is the interval otherwise, in case the node stops sending
	// events. It is long, because each check goes through FUSE.
	pollWithEvents = 2 * time.Second
)

// Watch returns a channel with a value whenever the database may have changed, and
// one at the start. Changes before the next receive are merged into one value, so
// the receiver reads the changes from the database. A value can be a false alarm,
// but every change is followed by one. The channel is closed when ctx ends.
//
// Wake-ups come from the node's events, some milliseconds after a commit. While
// its API cannot be reached they come from the position file, 50 ms after a
// commit at most.
func (n *Node) Watch(ctx context.Context, db string) <-chan struct{} {
	wake := make(chan struct{}, 1)
	wake <- struct{}{}
	go func() {
		defer close(wake)
		n.watch(ctx, db, func() { wakeup.Signal(wake) })
	}()
	return wake
}

func (n *Node) watch(ctx context.Context, db string, wake func()) {
	events := n.Events(ctx)
	poll := time.NewTicker(pollWithoutEvents)
	defer poll.Stop()
	var seen Position
	for {
		select {
		case e, open := <-events:
			if !open {
				return
			}
			switch e.Kind {
			case Connected:
				poll.Reset(pollWithEvents)
				wake()
			case Disconnected:
				poll.Reset(pollWithoutEvents)
			case Committed:
				if e.DB == db {
					seen = e.Position
					wake()
				}
			}
		case <-poll.C:
			// No position, no change: the database or the node is not there.
			if pos, err := n.Position(db); err == nil && pos != seen {
				seen = pos
				wake()
			}
		}
	}
}
