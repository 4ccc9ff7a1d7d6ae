package e2e

import (
	"net/http"
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
)

// TestReplicaOnLiteFS and TestReplicaOnASharedVolume are the seed's five checks ("What the e2e
// suite verifies"), against each replica of either stack in turn.
func TestReplicaOnLiteFS(t *testing.T)        { checkReplicas(t, stack.LiteFS(t)) }
func TestReplicaOnASharedVolume(t *testing.T) { checkReplicas(t, stack.Shared(t)) }

func checkReplicas(t *testing.T, s *stack.Stack) {
	for _, replica := range s.Replicas() {
		t.Run(replica.Service, func(t *testing.T) {
			t.Run("serves the start page", func(t *testing.T) { checkStartPage(t, replica) })
			t.Run("is alive", func(t *testing.T) { checkAlive(t, replica) })
			t.Run("forwards a write to the leader", func(t *testing.T) { stack.CheckWriteForwarded(t, replica) })
			t.Run("intake refuses a direct write", func(t *testing.T) { checkIntakeRefuses(t, replica) })
			t.Run("reads what was written through it", func(t *testing.T) { checkReadsOwnWrite(t, replica) })
		})
	}
}

func checkStartPage(t *testing.T, replica *stack.Node) {
	a := replica.MustGet(t, "/")
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "<main") {
		t.Errorf("GET /: status %d, body %.200q", a.Status, a.Body)
	}
}

func checkAlive(t *testing.T, replica *stack.Node) {
	a, err := stack.Fetch(t.Context(), http.MethodGet, replica.Internal+"/livez", nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "alive") {
		t.Errorf("GET /livez: %d %q, want 200 and alive", a.Status, a.Body)
	}
}

func checkIntakeRefuses(t *testing.T, replica *stack.Node) {
	a, err := stack.Fetch(t.Context(), http.MethodPost, replica.Stack.App.Internal+stack.APIPath,
		http.Header{"Content-Type": {"application/json"}}, `{"query":"{__typename}"}`)
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != http.StatusUnauthorized {
		t.Errorf("POST to the leader's internal port: status %d, want 401", a.Status)
	}
}

func checkReadsOwnWrite(t *testing.T, replica *stack.Node) {
	text := "read back " + stack.RandomHex(8)
	replica.API().MustPush(t, stack.Note{Path: "Check/" + replica.Service + " read.md", Content: text})
	path := "/check/" + strings.ReplaceAll(replica.Service, "-", "_") + "_read"
	stack.AwaitText(t, replica.Stack.Nodes(), path, text)
}
