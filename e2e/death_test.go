package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
)

// TestReadsGoOnWhileTheLeaderIsStopped reads everything from the replicas with the leader gone,
// restarts a replica meanwhile, and sees a write answered with 503.
func TestReadsGoOnWhileTheLeaderIsStopped(t *testing.T) {
	s := stack.LiteFS(t)
	pages := stack.SettledPages(t, s)
	s.App.Stop(t)
	t.Cleanup(func() { s.App.Start(t) })

	refused := make(chan error, 1)
	go func() {
		_, err := s.Replica2.API().Push(t.Context(), false, stack.Note{Path: "Nobody home.md", Content: "lost?"})
		refused <- err
	}()
	t.Run("replicas serve every page", func(t *testing.T) { checkPages(t, s.Replicas(), pages) })
	t.Run("a write is answered with 503", func(t *testing.T) { checkUnavailable(t, <-refused) })
	t.Run("a restarted replica serves what it had", func(t *testing.T) {
		s.Replica.Restart(t)
		checkPages(t, s.Replicas(), pages)
	})

	s.App.Start(t)
	stack.MustNotBeFound(t, s.Nodes(), "/nobody_home")
	s.Replica.API().MustPush(t, stack.Note{Path: "Back.md", Content: "the leader is back"})
	stack.AwaitText(t, s.Nodes(), "/back", "the leader is back")
}

// checkUnavailable fails the test unless err is the response to a write that did not reach the leader.
func checkUnavailable(t *testing.T, err error) {
	t.Helper()
	var got *stack.StatusError
	if !errors.As(err, &got) || got.Status != http.StatusServiceUnavailable {
		t.Fatalf("a write without a leader: %v, want status 503", err)
	}
	if got.Header.Get("Retry-After") == "" {
		t.Error("the 503 has no Retry-After")
	}
	if !strings.Contains(got.Body, "nothing was written") {
		t.Errorf("the 503 does not say that nothing was written: %s", got.Body)
	}
}

// TestAnyNodeKilledLeavesTheOthersServing kills each node in turn. The other two go on; the
// killed one comes back and has what it missed.
func TestAnyNodeKilledLeavesTheOthersServing(t *testing.T) {
	s := stack.LiteFS(t)
	for _, victim := range s.Nodes() {
		t.Run(victim.Service, func(t *testing.T) {
			pages := stack.SettledPages(t, s)
			others := except(s.Nodes(), victim)
			victim.Kill(t)
			t.Cleanup(func() { victim.Start(t) })
			checkPages(t, others, pages)

			if victim != s.App {
				text := "missed " + stack.RandomHex(8)
				others[1].API().MustPush(t, stack.Note{Path: "Missed.md", Content: text})
				stack.AwaitText(t, others, "/missed", text)
				victim.Start(t)
				stack.AwaitText(t, []*stack.Node{victim}, "/missed", text)
			}
		})
	}
	text := "all back " + stack.RandomHex(8)
	s.Replica2.API().MustPush(t, stack.Note{Path: "All back.md", Content: text})
	stack.AwaitText(t, s.Nodes(), "/all_back", text)
	for _, n := range s.Nodes() {
		checkIntegrity(t, n)
	}
}

// TestReplicaWithAnEmptyVolumeCatchesUp replaces a replica's container and volumes.
func TestReplicaWithAnEmptyVolumeCatchesUp(t *testing.T) {
	s := stack.LiteFS(t)
	pages := stack.SettledPages(t, s)
	s.Replica2.RecreateEmpty(t)
	checkPages(t, s.Replicas(), pages)
	text := "after an empty volume " + stack.RandomHex(8)
	s.Replica2.API().MustPush(t, stack.Note{Path: "Empty volume.md", Content: text})
	stack.AwaitText(t, s.Nodes(), "/empty_volume", text)
}

// TestWritesGoOnAfterTheLeaderDies kills the leader amid writes: its server's process alone, which
// LiteFS has to notice, for a lock that the dead process held would block all writes permanently; and
// the whole container. No acknowledged write is lost, and none is done twice.
func TestWritesGoOnAfterTheLeaderDies(t *testing.T) {
	s := stack.LiteFS(t)
	t.Run("server", func(t *testing.T) {
		checkWritesSurvive(t, s, func() { s.App.KillServer(t) })
	})
	t.Run("container", func(t *testing.T) {
		checkWritesSurvive(t, s, func() {
			s.App.Kill(t)
			s.App.Start(t)
		})
	})
}

func checkWritesSurvive(t *testing.T, s *stack.Stack, die func()) {
	first := stack.CurrentPosition(t, s)
	w := stack.StartWriters(t, s.Replicas(), "Killed")
	w.AwaitProgress(t, 3)
	die()
	w.AwaitProgress(t, 3)
	w.Stop()

	w.CheckNothingLost(t, s.Nodes())
	unsure := len(w.Failed(stack.Indeterminate))
	if taken, acked := stack.CurrentPosition(t, s)-first, w.Acknowledged(); taken < int64(acked) || taken > int64(acked+unsure) {
		t.Errorf("%d writes were acknowledged, %d are of unknown fate, %d were done", acked, unsure, taken)
	}
	t.Logf("%d writes, %d of unknown fate, %d answered with 503", w.Acknowledged(), unsure, len(w.Failed(stack.NotWritten)))
	for _, n := range s.Nodes() {
		checkIntegrity(t, n)
	}
}

// TestReplicaFollowsAfterItsServerIsKilled kills a replica's server alone while it follows writes:
// a read lock that the dead process held would block replication permanently.
func TestReplicaFollowsAfterItsServerIsKilled(t *testing.T) {
	s := stack.LiteFS(t)
	w := stack.StartWriters(t, []*stack.Node{s.Replica2}, "Followed")
	w.AwaitProgress(t, 3)
	s.Replica.KillServer(t)
	w.AwaitProgress(t, 3)
	w.Stop()
	w.CheckNothingLost(t, s.Nodes())
	checkIntegrity(t, s.Replica)
}

// checkPages reads every page from every node once, without waiting.
func checkPages(t *testing.T, nodes []*stack.Node, pages map[string]stack.Answer) {
	t.Helper()
	for path, want := range pages {
		for _, n := range nodes {
			if err := stack.SameAnswer(context.WithoutCancel(t.Context()), n, path, want); err != nil {
				t.Error(err)
			}
		}
	}
}

func except(nodes []*stack.Node, one *stack.Node) []*stack.Node {
	var others []*stack.Node
	for _, n := range nodes {
		if n != one {
			others = append(others, n)
		}
	}
	if len(others)+1 != len(nodes) {
		panic(fmt.Sprintf("%s is not among the nodes", one.Service))
	}
	return others
}
