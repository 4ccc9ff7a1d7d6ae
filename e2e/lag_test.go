package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// lagWrites is the number of writes that are measured.
const lagWrites = 100

// TestLag writes on the leader and watches both replicas, which are polled from before each write.
// It prints how long a write takes to become visible and asserts only that each did.
func TestLag(t *testing.T) {
	s := stack.LiteFS(t)
	sinceStart := make(map[string][]time.Duration)
	sinceAck := make(map[string][]time.Duration)
	s.App.API().MustPush(t, stack.Note{Path: "Lag.md", Content: "write none"})
	stack.AwaitText(t, s.Nodes(), "/lag", "write none")

	for i := range lagWrites {
		text := fmt.Sprintf("write %d of the lag test.", i)
		type sight struct {
			service string
			at      time.Time
			err     error
		}
		sights := make(chan sight, len(s.Replicas()))
		for _, replica := range s.Replicas() {
			go func() {
				at, err := seenAt(t.Context(), replica, "/lag", text)
				sights <- sight{replica.Service, at, err}
			}()
		}
		start := time.Now()
		s.App.API().MustPush(t, stack.Note{Path: "Lag.md", Content: text})
		acknowledged := time.Now()
		for range s.Replicas() {
			seen := <-sights
			if seen.err != nil {
				t.Fatalf("write %d on %s: %v", i, seen.service, seen.err)
			}
			sinceStart[seen.service] = append(sinceStart[seen.service], seen.at.Sub(start))
			sinceAck[seen.service] = append(sinceAck[seen.service], max(0, seen.at.Sub(acknowledged)))
		}
	}
	for _, replica := range s.Replicas() {
		fmt.Printf("lag of %s over %d writes, from the write's start:     %s\n", replica.Service, lagWrites, spread(sinceStart[replica.Service]))
		fmt.Printf("lag of %s over %d writes, from its acknowledgement: %s\n", replica.Service, lagWrites, spread(sinceAck[replica.Service]))
	}
}

// seenAt polls a node until a page contains the text, and returns the time.
func seenAt(ctx context.Context, n *stack.Node, path, text string) (at time.Time, err error) {
	err = testwait.Within(testwait.Patience, func() error { return n.Shows(ctx, path, text) })
	return time.Now(), err
}

// spread describes the distribution of durations.
func spread(d []time.Duration) string {
	slices.Sort(d)
	at := func(percent int) time.Duration {
		return d[(len(d)-1)*percent/100].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("min %s, p50 %s, p95 %s, max %s", at(0), at(50), at(95), at(100))
}
