package sqlite

import (
	"slices"
	"testing"
	"time"
)

// transactionTime is about what a small transaction takes on LiteFS.
const transactionTime = 8 * time.Millisecond

// rehearsal runs writes through a gathering on a clock of its own.
type rehearsal struct {
	gathering
	now     time.Time
	to      []time.Time   // when writes come, in order
	think   time.Duration // after an answer its client writes again; 0: never
	waiting []time.Time   // when those came that wait

	sizes  []int           // of transactions
	waited []time.Duration // of each write, until its transaction began
}

// run ends when so many writes are done.
func (r *rehearsal) run(writes int, gather bool) {
	for done := 0; done < writes; {
		if len(r.waiting) == 0 {
			r.comeBy(r.to[0])
			continue
		}
		if wait := r.wait(r.now, r.waiting[0], len(r.waiting)); gather && wait > 0 {
			if end := r.now.Add(wait); len(r.to) == 0 || r.to[0].After(end) {
				r.now = end
			} else {
				r.comeBy(r.to[0])
			}
			continue
		}
		n := min(len(r.waiting), maxTogether)
		r.begun(n)
		r.sizes = append(r.sizes, n)
		for _, came := range r.waiting[:n] {
			r.waited = append(r.waited, r.now.Sub(came))
		}
		r.waiting = r.waiting[n:]
		done += n
		r.comeBy(r.now.Add(transactionTime))
		if r.think > 0 {
			r.to = append(r.to, slices.Repeat([]time.Time{r.now.Add(r.think)}, n)...)
		}
	}
}

// comeBy lets time go on, and all writes come that do until then.
func (r *rehearsal) comeBy(now time.Time) {
	for len(r.to) > 0 && !r.to[0].After(now) {
		r.arrived(r.to[0])
		r.waiting, r.to = append(r.waiting, r.to[0]), r.to[1:]
	}
	if now.After(r.now) {
		r.now = now
	}
}

var midnight = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// stream makes writes that come at an interval, whether those before are answered or not.
func stream(n int, interval time.Duration) *rehearsal {
	r := &rehearsal{now: midnight}
	for i := range n {
		r.to = append(r.to, midnight.Add(time.Duration(i)*interval))
	}
	return r
}

// clients makes some that write again when they have their answer.
func clients(n int) *rehearsal {
	return &rehearsal{now: midnight, to: slices.Repeat([]time.Time{midnight}, n), think: time.Millisecond}
}

// While many people write, each replica has a fraction of their transactions to apply, and is free for readers.
func TestAStreamOfWritesSharesTransactions(t *testing.T) {
	r := stream(1_000, 10*time.Millisecond)
	r.run(1_000, true)
	if got := len(r.sizes); got > 1_000/4 {
		t.Errorf("1000 writes made %d transactions, want a quarter at most", got)
	}
	if longest := slices.Max(r.waited); longest > gatherFor+transactionTime {
		t.Errorf("a write waited %s, want %s and a transaction before it at most", longest, gatherFor)
	}
}

// A note that is saved now and then, or a few in a row, is published at once.
func TestAWriteThatComesAloneDoesNotWait(t *testing.T) {
	for name, r := range map[string]*rehearsal{
		"one a fiftieth of a second": stream(500, 20*time.Millisecond),
		"five in a row":              stream(5, 9*time.Millisecond),
	} {
		r.run(len(r.to), true)
		if longest := slices.Max(r.waited); longest > 0 {
			t.Errorf("%s: a write waited %s", name, longest)
		}
	}
}

// A program that sends one file after the other, or eight at a time, is not slowed down: it would wait for
// answers while its writes wait for more of them.
func TestClientsThatWaitForTheirAnswersAreNotHeldUp(t *testing.T) {
	for _, n := range []int{1, 2, 3, 8, 16} {
		const writes = 2_000
		plain, gathered := clients(n), clients(n)
		plain.run(writes, false)
		gathered.run(writes, true)
		without, with := plain.now.Sub(midnight), gathered.now.Sub(midnight)
		if with > without+without/10 {
			t.Errorf("%d clients took %s, and %s without waiting", n, with, without)
		}
	}
}

// After a stream the next writes are those of somebody alone again.
func TestAStreamThatEndsIsForgotten(t *testing.T) {
	r := stream(200, 10*time.Millisecond)
	for i := range 20 {
		r.to = append(r.to, r.to[199].Add(time.Minute+time.Duration(i)*time.Second))
	}
	r.run(220, true)
	if longest := slices.Max(r.waited[200:]); longest > 0 {
		t.Errorf("a write that came alone waited %s", longest)
	}
}

// A push stores its pictures as fast as they come, also while many people save notes. Waiting for more of them,
// a large one took half as long again.
func TestTheFilesOfAPushDoNotWait(t *testing.T) {
	j := newJoint()
	for range 20 {
		j.gathering.arrived(time.Now())
	}
	j.add(&jointWrite{patient: true})
	if j.wait() == 0 {
		t.Error("a note that is saved among many does not wait for more")
	}
	j.add(&jointWrite{})
	if wait := j.wait(); wait != 0 {
		t.Errorf("a file waits %s", wait)
	}
}
