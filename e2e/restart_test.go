package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// TestNoReadFailsWhileTheLeaderRestarts reads a replica 60 times in a row, and both without pause
// beside it, while the leader is restarted.
func TestNoReadFailsWhileTheLeaderRestarts(t *testing.T) { stack.OnBoth(t, checkReadsInRestart) }

func checkReadsInRestart(t *testing.T, s *stack.Stack) {
	restarted := make(chan struct{})
	var readers sync.WaitGroup
	for _, replica := range s.Replicas() {
		readers.Go(func() {
			reads := 0
			for ended := false; !ended; reads++ {
				select {
				case <-restarted:
					ended = true
				default:
				}
				if err := replica.Shows(t.Context(), "/", "<main"); err != nil {
					t.Errorf("read %d: %v", reads, err)
				}
			}
			t.Logf("%d reads of %s", reads, replica.Service)
		})
	}
	var sixty sync.WaitGroup
	sixty.Go(func() {
		for i := range 60 {
			if err := s.Replica.Shows(t.Context(), "/", "<main"); err != nil {
				t.Errorf("read %d of 60: %v", i+1, err)
			}
		}
	})
	s.App.Restart(t)
	sixty.Wait()
	close(restarted)
	readers.Wait()
}

// TestNoWriteFailsWhileTheLeaderRestarts writes through both replicas while the leader restarts:
// every write is done after a pause, or answered with a truthful 503, and none is done twice.
func TestNoWriteFailsWhileTheLeaderRestarts(t *testing.T) { stack.OnBoth(t, checkWritesInRestart) }

func checkWritesInRestart(t *testing.T, s *stack.Stack) {
	first := stack.CurrentPosition(t, s)
	w := stack.StartWriters(t, append(s.Replicas(), s.Replicas()...), "Restart")
	w.AwaitProgress(t, 5)
	s.App.Restart(t)
	w.AwaitProgress(t, 5)
	w.Stop()

	for _, f := range w.Failed(stack.Indeterminate) {
		t.Errorf("write %d: %v", f.Number, f.Err)
	}
	for _, f := range w.Failed(stack.NotWritten) {
		checkUnavailable(t, f.Err)
	}
	w.CheckNothingLost(t, s.Nodes())
	// Each of these writes takes one position, and nothing else was written.
	if taken := stack.CurrentPosition(t, s) - first; taken != int64(w.Acknowledged()) {
		t.Errorf("%d writes were acknowledged and %d were done", w.Acknowledged(), taken)
	}
	t.Logf("%d writes, %d answered with 503", w.Acknowledged(), len(w.Failed(stack.NotWritten)))
}

// TestRequestIDPassesFromReplicaToLeader finds one request in both nodes' logs by one id.
func TestRequestIDPassesFromReplicaToLeader(t *testing.T) {
	s := stack.LiteFS(t)
	a, err := stack.Fetch(t.Context(), http.MethodPost, s.Replica.Public+stack.APIPath,
		http.Header{"Content-Type": {"application/json"}}, `{"query":"{__typename}"}`)
	if err != nil {
		t.Fatal(err)
	}
	id := a.Header.Get("X-Request-Id")
	if id == "" {
		t.Fatal("the answer carries no X-Request-Id")
	}
	for _, n := range []*stack.Node{s.App, s.Replica} {
		testwait.NoError(t, "the request is logged", func() error {
			text, err := s.Logs(t.Context(), n.Service)
			if err != nil {
				return err
			}
			if lines := strings.Count(text, id); lines != 1 {
				return fmt.Errorf("%d lines of %s have the id %s, want 1", lines, n.Service, id)
			}
			return nil
		})
	}
}
