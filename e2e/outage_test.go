package e2e

import (
	"testing"
	"time"
)

// answeredWithin is the bound of docs/operate/replicas.md for a write: 15 s until it can be sent, and
// 15 s for the answer of a leader that falls silent. The rest is for a busy machine.
const answeredWithin = 30*time.Second + 3*time.Second

// TestEveryWriteIsAnsweredInTimeWhileTheLeaderIsOffTheNetwork takes the leader off the network in the
// middle of writes and brings it back when each of them has been answered.
func TestEveryWriteIsAnsweredInTimeWhileTheLeaderIsOffTheNetwork(t *testing.T) {
	s := litefsStack(t)
	var through []*node
	for range 4 {
		through = append(through, s.replicas()...)
	}
	w := startWriters(t, through, "Outage")
	w.awaitProgress(t, 3)
	reconnect := s.app.cutOff(t)
	w.awaitAnswers(t)
	reconnect()
	w.awaitProgress(t, 3)
	w.stop()
	if slowest := w.slowest(); slowest > answeredWithin {
		t.Errorf("a write was answered after %v", slowest)
	}
	for _, f := range w.failed(notWritten) {
		checkUnavailable(t, f.err)
	}
	w.checkNothingLost(t, s.nodes())
	t.Logf("%d writes, %d answered with 503, %d of unknown outcome, the slowest after %v",
		w.acknowledged(), len(w.failed(notWritten)), len(w.failed(unknownFate)), w.slowest())
}

// levelWithin is how soon after the network's return a replica has what it missed. Half of it is for a
// busy machine.
const levelWithin = 10 * time.Second

// TestAReplicaIsLevelSoonAfterItsNetworkReturns takes a replica off the network for longer than LiteFS's
// stream survives. Without an end of the silent stream it would stay behind about as long again.
func TestAReplicaIsLevelSoonAfterItsNetworkReturns(t *testing.T) {
	s := litefsStack(t)
	before, after := "before "+randomHex(8), "meanwhile "+randomHex(8)
	s.app.api().mustPush(t, note{"Returns.md", before})
	awaitText(t, s.nodes(), "/returns", before)
	reconnect := s.replica2.cutOff(t)
	s.app.api().mustPush(t, note{"Returns.md", after})
	s.replica2.awaitInside(t, "it has been off the network for 30 s", func(d detail) bool { return *d.HeardAgo > 30 })
	reconnect()
	returned := time.Now()
	awaitText(t, []*node{s.replica2}, "/returns", after)
	if took := time.Since(returned); took > levelWithin {
		t.Errorf("it is level after %v", took)
	} else {
		t.Logf("it is level after %v", took)
	}
}
