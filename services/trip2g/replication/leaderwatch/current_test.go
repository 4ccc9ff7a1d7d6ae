package leaderwatch

import (
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

// TestTheTimeThatANodeIsAsOldAs steps through answers and the positions that the node serves
// meanwhile. With too low an age an operator would trust an old page. With too high an age he would
// be called for nothing.
func TestTheTimeThatANodeIsAsOldAs(t *testing.T) {
	start := time.Unix(1000, 0)
	at := func(second int) time.Time { return start.Add(time.Duration(second) * time.Second) }
	c := current{since: start}
	for _, step := range []struct {
		name   string
		asked  int // second of an answer; 0: none
		leader int64
		serves int64
		want   int // second up to which everything is served
	}{
		{"behind from the start", 1, 5, 3, 0},
		{"still behind", 2, 5, 4, 0},
		{"caught up with both answers", 0, 0, 5, 2},
		{"current", 3, 5, 5, 3},
		{"a change is on its way", 4, 6, 5, 3},
		{"and another", 5, 7, 5, 3},
		{"one arrived", 0, 0, 6, 4},
		{"both arrived", 0, 0, 7, 5},
		{"ahead of an answer that took long", 6, 6, 7, 6},
		{"behind again", 7, 9, 7, 6},
		{"the leader's database was put back", 8, 4, 4, 8},
	} {
		if step.asked > 0 {
			c.heard(at(step.asked), trip2g.Position(step.leader))
		}
		c.serves(trip2g.Position(step.serves))
		if !c.since.Equal(at(step.want)) {
			t.Fatalf("%s: it has all up to second %v, want %d", step.name, c.since.Sub(start).Seconds(), step.want)
		}
	}
}

// TestALongOutageIsRememberedInBoundedMemory stops replication for a day. Memory stays small, and
// the node is current again with the first answer after it has caught up.
func TestALongOutageIsRememberedInBoundedMemory(t *testing.T) {
	start := time.Unix(1000, 0)
	c := current{since: start}
	const seconds = 24 * 60 * 60
	for i := 1; i <= seconds; i++ {
		c.heard(start.Add(time.Duration(i)*time.Second), trip2g.Position(i))
		c.serves(0)
	}
	if len(c.ahead) != maxAhead || !c.since.Equal(start) {
		t.Fatalf("%d answers are kept; it has all up to %v", len(c.ahead), c.since)
	}
	c.serves(seconds)
	if want := start.Add(maxAhead * time.Second); !c.since.Equal(want) || len(c.ahead) != 0 {
		t.Errorf("caught up, it has all up to %v, want %v", c.since, want)
	}
	last := start.Add((seconds + 1) * time.Second)
	c.heard(last, seconds)
	c.serves(seconds)
	if !c.since.Equal(last) {
		t.Errorf("it has all up to %v, want %v", c.since, last)
	}
}

// TestAReplicaThatReplicationDoesNotReachSaysSo has the leader answer while its changes do not
// arrive for longer than one normally takes. The note names replication, not the leader.
func TestAReplicaThatReplicationDoesNotReachSaysSo(t *testing.T) {
	served := trip2g.Position(5)
	w := New(Options{LeaderAddr: "127.0.0.1:1", Served: func() trip2g.Timeline { return trip2g.Timeline{Position: served} }})
	w.fault, w.leader = nil, 7
	if s := w.State(); s.Note != "" {
		t.Errorf("at once: %q", s.Note)
	}
	w.current.since = time.Now().Add(-2 * stuckAfter)
	if s := w.State(); !strings.Contains(s.Note, "its changes do not arrive") || !strings.Contains(s.Note, "since it started") {
		t.Errorf("never level: %q", s.Note)
	}
	w.current.known = true
	if s := w.State(); !strings.Contains(s.Note, "its changes do not arrive") || !strings.Contains(s.Note, w.current.since.UTC().Format(time.RFC3339)) {
		t.Errorf("level before: %q", s.Note)
	}
	served = 7
	if s := w.State(); s.Note != "" {
		t.Errorf("level again: %q", s.Note)
	}
}
