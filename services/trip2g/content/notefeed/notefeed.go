// Package notefeed delivers the changes of the site's notes to subscribers, from memory.
package notefeed

import (
	"context"
	"sync"

	"trip2g/internal/wakeup"
	"trip2g/services/trip2g"
)

// MaxSubscribers limits the subscribers of a node. Each uses a connection, and on a replica a slot
// for forwarded requests.
const MaxSubscribers = 128

// Limits of what waits for one subscriber. Waiting texts are often in memory anyway, because they
// are the current ones.
const (
	maxPendingSites = 64
	maxPendingBytes = 64 << 20
)

// Limits of one delivery.
const (
	maxChanges      = 100
	maxChangesBytes = 1 << 20
)

// Feed implements trip2g.NoteFeed.
type Feed struct {
	mu          sync.Mutex
	subscribers map[*subscriber]struct{}
	stopped     bool
}

var _ trip2g.NoteFeed = (*Feed)(nil)

// New returns a feed.
func New() *Feed { return &Feed{subscribers: make(map[*subscriber]struct{})} }

// subscriber is guarded by the feed's lock, except for its channels.
type subscriber struct {
	pending [][]trip2g.NoteChange // each element has the changes of one site
	bytes   int64                 // of the texts in pending
	arrived chan struct{}         // contains an element when pending is not empty
	ended   chan struct{}         // closed after the last change
}

// Subscribe is trip2g.NoteFeed's.
func (f *Feed) Subscribe(ctx context.Context, filter trip2g.NoteChangeFilter) (<-chan []trip2g.NoteChange, error) {
	if err := checkFilter(filter); err != nil {
		return nil, err
	}
	s := &subscriber{arrived: make(chan struct{}, 1), ended: make(chan struct{})}
	if err := f.add(s); err != nil {
		return nil, err
	}
	out := make(chan []trip2g.NoteChange)
	go func() {
		defer close(out)
		defer f.remove(s)
		f.deliver(ctx, s, filter, out)
	}()
	return out, nil
}

func (f *Feed) add(s *subscriber) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.stopped:
		return trip2g.Errorf(trip2g.EUNAVAILABLE, "the server is stopping: ask again in a moment")
	case len(f.subscribers) >= MaxSubscribers:
		return trip2g.Errorf(trip2g.EUNAVAILABLE, "there are %d subscriptions to the changes of notes already, the most that this server keeps: end others first", MaxSubscribers)
	}
	f.subscribers[s] = struct{}{}
	return nil
}

func (f *Feed) remove(s *subscriber) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.subscribers, s)
}

// deliver sends the matching changes until ctx or the subscription ends.
func (f *Feed) deliver(ctx context.Context, s *subscriber, filter trip2g.NoteChangeFilter, out chan<- []trip2g.NoteChange) {
	for {
		select {
		case <-s.arrived:
		case <-s.ended:
			return
		case <-ctx.Done():
			return
		}
		for changes := f.take(s); changes != nil; changes = f.take(s) {
			for part := range inParts(pick(changes, filter)) {
				select {
				case out <- part:
				case <-s.ended:
					return
				case <-ctx.Done():
					return
				}
			}
		}
	}
}

// take removes and returns the oldest pending changes, nil without any.
func (f *Feed) take(s *subscriber) []trip2g.NoteChange {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(s.pending) == 0 {
		return nil
	}
	changes := s.pending[0]
	s.pending = s.pending[1:]
	s.bytes -= size(changes)
	return changes
}

// Observe queues the changes of the site. It does not block: a subscriber that is too slow is
// ended.
func (f *Feed) Observe(c trip2g.SiteChange) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.Reloaded {
		f.endAll()
		return
	}
	if len(c.Changes) == 0 {
		return
	}
	bytes := size(c.Changes)
	for s := range f.subscribers {
		if len(s.pending) > 0 && (len(s.pending) >= maxPendingSites || s.bytes+bytes > maxPendingBytes) {
			f.end(s)
			continue
		}
		s.pending, s.bytes = append(s.pending, c.Changes), s.bytes+bytes
		wakeup.Signal(s.arrived)
	}
}

// End ends all subscriptions permanently, so that a node that stops need not wait for them.
func (f *Feed) End() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stopped = true
	f.endAll()
}

// endAll ends all current subscriptions. The caller holds the lock.
func (f *Feed) endAll() {
	for s := range f.subscribers {
		f.end(s)
	}
}

// end ends a subscription and drops its pending changes. The caller holds the lock.
func (f *Feed) end(s *subscriber) {
	delete(f.subscribers, s)
	s.pending, s.bytes = nil, 0
	close(s.ended)
}

func size(changes []trip2g.NoteChange) (bytes int64) {
	for i := range changes {
		bytes += int64(len(changes[i].Note.Content))
	}
	return bytes
}

// inParts yields changes in parts within the limits of one delivery. A long text is a part of its
// own.
func inParts(changes []trip2g.NoteChange) func(yield func([]trip2g.NoteChange) bool) {
	return func(yield func([]trip2g.NoteChange) bool) {
		for len(changes) > 0 {
			n, bytes := 0, 0
			for n < min(len(changes), maxChanges) && (n == 0 || bytes+len(changes[n].Note.Content) <= maxChangesBytes) {
				bytes += len(changes[n].Note.Content)
				n++
			}
			if !yield(changes[:n:n]) {
				return
			}
			changes = changes[n:]
		}
	}
}
