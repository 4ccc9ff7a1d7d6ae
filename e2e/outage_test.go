package e2e

import (
	"testing"
	"time"

	"trip2g/e2e/internal/stack"
)

// answeredWithin is the bound of docs/operate/replicas.md for a write: 15 s until it can be sent, and
// 15 s for the answer of a leader that falls silent. The rest is tolerance for a busy machine.
const answeredWithin = 30*time.Second + 3*time.Second

// TestEveryWriteIsAnsweredInTimeWhileTheLeaderIsOffTheNetwork takes the leader off the network in the
// middle of writes and brings it back when each of them has been answered.
func TestEveryWriteIsAnsweredInTimeWhileTheLeaderIsOffTheNetwork(t *testing.T) {
	s := stack.LiteFS(t)
	var through []*stack.Node
	for range 4 {
		through = append(through, s.Replicas()...)
	}
	w := stack.StartWriters(t, through, "Outage")
	w.AwaitProgress(t, 3)
	reconnect := s.App.Disconnect(t)
	w.AwaitAnswers(t)
	reconnect()
	w.AwaitProgress(t, 3)
	w.Stop()
	if slowest := w.Slowest(); slowest > answeredWithin {
		t.Errorf("a write was answered after %v", slowest)
	}
	for _, f := range w.Failed(stack.NotWritten) {
		checkUnavailable(t, f.Err)
	}
	w.CheckNothingLost(t, s.Nodes())
	t.Logf("%d writes, %d answered with 503, %d of unknown outcome, the slowest after %v",
		w.Acknowledged(), len(w.Failed(stack.NotWritten)), len(w.Failed(stack.Indeterminate)), w.Slowest())
}

// levelWithin is the time in which a reconnected replica catches up. Half of it is tolerance for a
// busy machine.
const levelWithin = 10 * time.Second

// TestAReplicaIsLevelSoonAfterItsNetworkReturns takes a replica off the network for longer than LiteFS's
// stream survives. Without an end of the silent stream it would stay behind about as long again.
func TestAReplicaIsLevelSoonAfterItsNetworkReturns(t *testing.T) {
	s := stack.LiteFS(t)
	before, after := "before "+stack.RandomHex(8), "meanwhile "+stack.RandomHex(8)
	s.App.API().MustPush(t, stack.Note{Path: "Returns.md", Content: before})
	stack.AwaitText(t, s.Nodes(), "/returns", before)
	reconnect := s.Replica2.Disconnect(t)
	s.App.API().MustPush(t, stack.Note{Path: "Returns.md", Content: after})
	s.Replica2.AwaitDetail(t, "it has been off the network for 30 s", func(d stack.Detail) bool { return *d.HeardAgo > 30 })
	reconnect()
	returned := time.Now()
	stack.AwaitText(t, []*stack.Node{s.Replica2}, "/returns", after)
	if took := time.Since(returned); took > levelWithin {
		t.Errorf("it is level after %v", took)
	} else {
		t.Logf("it is level after %v", took)
	}
}
