package sqlite

import (
	"slices"
	"testing"
	"time"
)

// transactionTime is about what a small transaction takes on LiteFS.
const transactionTime = 8 * time.Millisecond

// simulation runs writes through a commitDelay on a simulated clock.
type simulation struct {
	commitDelay
	now     time.Time
	to      []time.Time   // future arrivals, in order
	think   time.Duration // between a response and its client's next write; 0: no next write
	waiting []time.Time   // arrivals of waiting writes

	sizes  []int           // of groups
	waited []time.Duration // of each write, until its transaction began
}

// run ends after this many writes.
func (r *simulation) run(writes int, delayed bool) {
	for done := 0; done < writes; {
		if len(r.waiting) == 0 {
			r.advance(r.to[0])
			continue
		}
		if wait := r.remaining(r.now, r.waiting[0], len(r.waiting)); delayed && wait > 0 {
			if end := r.now.Add(wait); len(r.to) == 0 || r.to[0].After(end) {
				r.now = end
			} else {
				r.advance(r.to[0])
			}
			continue
		}
		n := min(len(r.waiting), maxGroup)
		r.committed(n)
		r.sizes = append(r.sizes, n)
		for _, arrival := range r.waiting[:n] {
			r.waited = append(r.waited, r.now.Sub(arrival))
		}
		r.waiting = r.waiting[n:]
		done += n
		r.advance(r.now.Add(transactionTime))
		if r.think > 0 {
			r.to = append(r.to, slices.Repeat([]time.Time{r.now.Add(r.think)}, n)...)
		}
	}
}

// advance sets the clock and lets the writes up to then arrive.
func (r *simulation) advance(now time.Time) {
	for len(r.to) > 0 && !r.to[0].After(now) {
		r.arrived(r.to[0])
		r.waiting, r.to = append(r.waiting, r.to[0]), r.to[1:]
	}
	if now.After(r.now) {
		r.now = now
	}
}

var midnight = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// stream returns n writes at a fixed interval, independent of responses.
func stream(n int, interval time.Duration) *simulation {
	r := &simulation{now: midnight}
	for i := range n {
		r.to = append(r.to, midnight.Add(time.Duration(i)*interval))
	}
	return r
}

// clients returns n clients that write again after each response.
func clients(n int) *simulation {
	return &simulation{now: midnight, to: slices.Repeat([]time.Time{midnight}, n), think: time.Millisecond}
}

// While many people write, replicas apply a fraction of the transactions and stay free for readers.
func TestAStreamOfWritesSharesTransactions(t *testing.T) {
	r := stream(1_000, 10*time.Millisecond)
	r.run(1_000, true)
	if got := len(r.sizes); got > 1_000/4 {
		t.Errorf("1000 writes made %d transactions, want a quarter at most", got)
	}
	if longest := slices.Max(r.waited); longest > maxDelay+transactionTime {
		t.Errorf("a write waited %s, want %s and a transaction before it at most", longest, maxDelay)
	}
}

// A note that is saved now and then, or a few in a row, is published at once.
func TestAWriteThatArrivesAloneDoesNotWait(t *testing.T) {
	for name, r := range map[string]*simulation{
		"one a fiftieth of a second": stream(500, 20*time.Millisecond),
		"five in a row":              stream(5, 9*time.Millisecond),
	} {
		r.run(len(r.to), true)
		if longest := slices.Max(r.waited); longest > 0 {
			t.Errorf("%s: a write waited %s", name, longest)
		}
	}
}

// A program that sends one file after the other, or eight at a time, is not slowed down: it would
// wait for responses while its writes wait for more writes.
func TestClientsThatWaitForResponsesAreNotSlowedDown(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8, 16} {
		const writes = 2_000
		plain, delayed := clients(n), clients(n)
		plain.run(writes, false)
		delayed.run(writes, true)
		without, with := plain.now.Sub(midnight), delayed.now.Sub(midnight)
		if with > without+without/10 {
			t.Errorf("%d clients took %s, and %s without waiting", n, with, without)
		}
	}
}

// After a stream, single writes are published at once again.
func TestAStreamThatEndsIsForgotten(t *testing.T) {
	r := stream(200, 10*time.Millisecond)
	for i := range 20 {
		r.to = append(r.to, r.to[199].Add(time.Minute+time.Duration(i)*time.Second))
	}
	r.run(220, true)
	if longest := slices.Max(r.waited[200:]); longest > 0 {
		t.Errorf("a write that arrived alone waited %s", longest)
	}
}

// A push stores its images as fast as they arrive, also while many people save notes. With a delay,
// a large push took 50% longer.
func TestTheFilesOfAPushDoNotWait(t *testing.T) {
	g := newGroupCommitter()
	for range 20 {
		g.delay.arrived(time.Now())
	}
	g.enqueue(&groupedWrite{mayWait: true})
	if g.remaining() == 0 {
		t.Error("a note that is saved among many does not wait for more")
	}
	g.enqueue(&groupedWrite{})
	if wait := g.remaining(); wait != 0 {
		t.Errorf("a file waits %s", wait)
	}
}
