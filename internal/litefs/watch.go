package litefs

import (
	"context"
	"time"

	"trip2g/internal/wakeup"
)

const (
	// While /events is out of reach the position file is all there is.
	lookWithoutEvents = 50 * time.Millisecond
	// While it is there, a look now and then covers a node that stopped
	// telling; rare, because each look is a trip through FUSE.
	lookWithEvents = 2 * time.Second
)

// Watch gives a value whenever the database may have changed, and once at the
// start. Changes that come while nobody receives are one value, so the receiver
// looks at the database itself for what is new. A value may be a false alarm;
// no change goes without one that follows it. The channel is closed when ctx
// ends.
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
	look := time.NewTicker(lookWithoutEvents)
	defer look.Stop()
	var seen Position
	for {
		select {
		case e, open := <-events:
			if !open {
				return
			}
			switch e.Kind {
			case Connected:
				look.Reset(lookWithEvents)
				wake()
			case Disconnected:
				look.Reset(lookWithoutEvents)
			case Committed:
				if e.DB == db {
					seen = e.Position
					wake()
				}
			}
		case <-look.C:
			// No position, no change: the database or the node is not there.
			if pos, err := n.Position(db); err == nil && pos != seen {
				seen = pos
				wake()
			}
		}
	}
}
