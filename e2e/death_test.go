package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"trip2g/internal/testwait"
)

// TestReadsGoOnWhileTheLeaderIsStopped reads everything from the replicas with the leader gone,
// restarts a replica meanwhile, and sees a write answered with 503.
func TestReadsGoOnWhileTheLeaderIsStopped(t *testing.T) {
	s := litefsStack(t)
	pages := settledPages(t, s)
	s.app.stop(t)
	t.Cleanup(func() { s.app.start(t) })

	refused := make(chan error, 1)
	go func() {
		_, err := s.replica2.api().push(t.Context(), false, note{"Nobody home.md", "lost?"})
		refused <- err
	}()
	t.Run("replicas serve every page", func(t *testing.T) { checkPages(t, s.replicas(), pages) })
	t.Run("a write is answered with 503", func(t *testing.T) { checkUnavailable(t, <-refused) })
	t.Run("a restarted replica serves what it had", func(t *testing.T) {
		s.replica.restart(t)
		checkPages(t, s.replicas(), pages)
	})

	s.app.start(t)
	mustBeGone(t, s.nodes(), "/nobody_home")
	s.replica.api().mustPush(t, note{"Back.md", "the leader is back"})
	awaitText(t, s.nodes(), "/back", "the leader is back")
}

// checkUnavailable wants the answer to a write that no byte of has reached the leader.
func checkUnavailable(t *testing.T, err error) {
	t.Helper()
	var got *statusError
	if !errors.As(err, &got) || got.status != http.StatusServiceUnavailable {
		t.Fatalf("a write without a leader: %v, want status 503", err)
	}
	if got.header.Get("Retry-After") == "" {
		t.Error("the 503 has no Retry-After")
	}
	if !strings.Contains(got.body, "nothing was written") {
		t.Errorf("the 503 does not say that nothing was written: %s", got.body)
	}
}

// TestAnyNodeKilledLeavesTheOthersServing kills each node in turn. The other two go on; the
// killed one comes back and has what it missed.
func TestAnyNodeKilledLeavesTheOthersServing(t *testing.T) {
	s := litefsStack(t)
	for _, victim := range s.nodes() {
		t.Run(victim.service, func(t *testing.T) {
			pages := settledPages(t, s)
			others := except(s.nodes(), victim)
			victim.kill(t)
			t.Cleanup(func() { victim.start(t) })
			checkPages(t, others, pages)

			if victim != s.app {
				text := "missed " + randomHex(8)
				others[1].api().mustPush(t, note{"Missed.md", text})
				awaitText(t, others, "/missed", text)
				victim.start(t)
				awaitText(t, []*node{victim}, "/missed", text)
			}
		})
	}
	text := "all back " + randomHex(8)
	s.replica2.api().mustPush(t, note{"All back.md", text})
	awaitText(t, s.nodes(), "/all_back", text)
	for _, n := range s.nodes() {
		checkIntegrity(t, n)
	}
}

// TestReplicaWithAnEmptyVolumeCatchesUp replaces a replica's container and volumes.
func TestReplicaWithAnEmptyVolumeCatchesUp(t *testing.T) {
	s := litefsStack(t)
	pages := settledPages(t, s)
	s.replica2.recreateEmpty(t)
	checkPages(t, s.replicas(), pages)
	text := "after an empty volume " + randomHex(8)
	s.replica2.api().mustPush(t, note{"Empty volume.md", text})
	awaitText(t, s.nodes(), "/empty_volume", text)
}

// TestWritesGoOnAfterTheLeaderDies kills the leader amid writes: its server's process alone, which
// LiteFS has to notice, for a lock that the dead process held would stop all writes for good; and
// the whole container. No acknowledged write is lost, and none is done twice.
func TestWritesGoOnAfterTheLeaderDies(t *testing.T) {
	s := litefsStack(t)
	t.Run("server", func(t *testing.T) {
		checkWritesSurvive(t, s, func() { s.app.killServer(t) })
	})
	t.Run("container", func(t *testing.T) {
		checkWritesSurvive(t, s, func() {
			s.app.kill(t)
			s.app.start(t)
		})
	})
}

func checkWritesSurvive(t *testing.T, s *stack, die func()) {
	first := currentPosition(t, s)
	w := startWriters(t, s.replicas(), "Killed")
	w.awaitProgress(t, 3)
	die()
	w.awaitProgress(t, 3)
	w.stop()

	w.checkNothingLost(t, s.nodes())
	unsure := len(w.failed(unknownFate))
	if taken, acked := currentPosition(t, s)-first, w.acknowledged(); taken < int64(acked) || taken > int64(acked+unsure) {
		t.Errorf("%d writes were acknowledged, %d are of unknown fate, %d were done", acked, unsure, taken)
	}
	t.Logf("%d writes, %d of unknown fate, %d answered with 503", w.acknowledged(), unsure, len(w.failed(notWritten)))
	for _, n := range s.nodes() {
		checkIntegrity(t, n)
	}
}

// TestReplicaFollowsAfterItsServerIsKilled kills a replica's server alone while it follows writes:
// a read lock that the dead process held would stop replication for good.
func TestReplicaFollowsAfterItsServerIsKilled(t *testing.T) {
	s := litefsStack(t)
	w := startWriters(t, []*node{s.replica2}, "Followed")
	w.awaitProgress(t, 3)
	s.replica.killServer(t)
	w.awaitProgress(t, 3)
	w.stop()
	w.checkNothingLost(t, s.nodes())
	checkIntegrity(t, s.replica)
}

// settledPages reads the leader's whole site once all nodes show it.
func settledPages(t *testing.T, s *stack) map[string]answer {
	t.Helper()
	pages := crawl(t, s.app, []string{"/"})
	for path, want := range pages {
		for _, replica := range s.replicas() {
			testwait.NoError(t, "all nodes are level", func() error { return sameAnswer(t.Context(), replica, path, want) })
		}
	}
	return pages
}

// checkPages reads every page from every node, once: now, not in the end.
func checkPages(t *testing.T, nodes []*node, pages map[string]answer) {
	t.Helper()
	for path, want := range pages {
		for _, n := range nodes {
			if err := sameAnswer(context.WithoutCancel(t.Context()), n, path, want); err != nil {
				t.Error(err)
			}
		}
	}
}

func except(nodes []*node, one *node) []*node {
	var others []*node
	for _, n := range nodes {
		if n != one {
			others = append(others, n)
		}
	}
	if len(others)+1 != len(nodes) {
		panic(fmt.Sprintf("%s is not among the nodes", one.service))
	}
	return others
}
