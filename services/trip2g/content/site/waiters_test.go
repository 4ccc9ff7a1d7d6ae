package site_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"trip2g/services/trip2g"
)

// TestEachWaiterIsWokenAtItsPosition has clients that wait for their own writes, while many others
// wait for a position that never comes.
func TestEachWaiterIsWokenAtItsPosition(t *testing.T) {
	const far, near = 1_000, 20
	source := newMemory("a.md", "text")
	f := newFollower(source, 0)
	refresh(t, f)
	forged, stop := context.WithCancel(t.Context())
	var strangers, clients sync.WaitGroup
	for range far {
		strangers.Go(func() {
			if err := f.WaitFor(forged, 1<<60); !errors.Is(err, context.Canceled) {
				t.Errorf("waiting for what never comes gives %v", err)
			}
		})
	}
	for i := range near {
		position := trip2g.Position(2 + i)
		clients.Go(func() {
			if err := f.WaitFor(deadline(t), position); err != nil {
				t.Error(err)
			}
			if at := f.Current().Stats().Position; at < position {
				t.Errorf("woken at %d, waited for %d", at, position)
			}
		})
	}
	for range near {
		source.put("a.md", string(rune('a'+source.head)))
		refresh(t, f)
	}
	clients.Wait()
	stop()
	strangers.Wait()
}

// TestWaitingForAReachedPositionDoesNotAllocate covers nearly every read.
func TestWaitingForAReachedPositionDoesNotAllocate(t *testing.T) {
	f := newFollower(newMemory("a.md", "text"), 0)
	refresh(t, f)
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() {
		if err := f.WaitFor(ctx, 1); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("it allocates %v times", n)
	}
}
