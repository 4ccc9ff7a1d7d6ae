package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"trip2g/internal/testwait"
)

// onBothStacks runs a test on the LiteFS stack and on the shared one.
func onBothStacks(t *testing.T, test func(*testing.T, *stack)) {
	t.Run("LiteFS", func(t *testing.T) { test(t, litefsStack(t)) })
	t.Run("shared volume", func(t *testing.T) { test(t, sharedStack(t)) })
}

// TestNoReadFailsWhileTheLeaderRestarts reads a replica 60 times in a row, and both without pause
// beside it, while the leader is restarted.
func TestNoReadFailsWhileTheLeaderRestarts(t *testing.T) { onBothStacks(t, checkReadsInRestart) }

func checkReadsInRestart(t *testing.T, s *stack) {
	restarted := make(chan struct{})
	var readers sync.WaitGroup
	for _, replica := range s.replicas() {
		readers.Go(func() {
			reads := 0
			for ended := false; !ended; reads++ {
				select {
				case <-restarted:
					ended = true
				default:
				}
				if err := replica.shows(t.Context(), "/", "<main"); err != nil {
					t.Errorf("read %d: %v", reads, err)
				}
			}
			t.Logf("%d reads of %s", reads, replica.service)
		})
	}
	var sixty sync.WaitGroup
	sixty.Go(func() {
		for i := range 60 {
			if err := s.replica.shows(t.Context(), "/", "<main"); err != nil {
				t.Errorf("read %d of 60: %v", i+1, err)
			}
		}
	})
	s.app.restart(t)
	sixty.Wait()
	close(restarted)
	readers.Wait()
}

// TestNoWriteFailsWhileTheLeaderRestarts writes through both replicas while the leader restarts:
// every write is done after a pause, or answered with a truthful 503, and none is done twice.
func TestNoWriteFailsWhileTheLeaderRestarts(t *testing.T) { onBothStacks(t, checkWritesInRestart) }

func checkWritesInRestart(t *testing.T, s *stack) {
	first := currentPosition(t, s)
	w := startWriters(t, append(s.replicas(), s.replicas()...), "Restart")
	w.awaitProgress(t, 5)
	s.app.restart(t)
	w.awaitProgress(t, 5)
	w.stop()

	for _, f := range w.failed(unknownFate) {
		t.Errorf("write %d: %v", f.number, f.err)
	}
	for _, f := range w.failed(notWritten) {
		checkUnavailable(t, f.err)
	}
	w.checkNothingLost(t, s.nodes())
	// Each of these writes takes one position, and nothing else was going on.
	if taken := currentPosition(t, s) - first; taken != int64(w.acknowledged()) {
		t.Errorf("%d writes were acknowledged and %d were done", w.acknowledged(), taken)
	}
	t.Logf("%d writes, %d answered with 503", w.acknowledged(), len(w.failed(notWritten)))
}

// TestRequestIDPassesFromReplicaToLeader finds one request in both nodes' logs by one id.
func TestRequestIDPassesFromReplicaToLeader(t *testing.T) {
	s := litefsStack(t)
	a, err := fetch(t.Context(), http.MethodPost, s.replica.public+apiPath,
		http.Header{"Content-Type": {"application/json"}}, `{"query":"{__typename}"}`)
	if err != nil {
		t.Fatal(err)
	}
	id := a.header.Get("X-Request-Id")
	if id == "" {
		t.Fatal("the answer carries no X-Request-Id")
	}
	for _, n := range []*node{s.app, s.replica} {
		testwait.NoError(t, "the request is logged", func() error {
			text, err := s.logs(t.Context(), n.service)
			if err != nil {
				return err
			}
			if lines := strings.Count(text, id); lines != 1 {
				return fmt.Errorf("%d lines of %s have the id %s, want 1", lines, n.service, id)
			}
			return nil
		})
	}
}
