package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestReplicaOnLiteFS and TestReplicaOnASharedVolume are the seed's five checks ("What the e2e
// suite verifies"), against each replica of either stack in turn.
func TestReplicaOnLiteFS(t *testing.T)        { checkReplicas(t, litefsStack(t)) }
func TestReplicaOnASharedVolume(t *testing.T) { checkReplicas(t, sharedStack(t)) }

func checkReplicas(t *testing.T, s *stack) {
	for _, replica := range s.replicas() {
		t.Run(replica.service, func(t *testing.T) {
			t.Run("serves the start page", func(t *testing.T) { checkStartPage(t, replica) })
			t.Run("is alive", func(t *testing.T) { checkAlive(t, replica) })
			t.Run("forwards a write to the leader", func(t *testing.T) { checkWriteForwarded(t, replica) })
			t.Run("intake refuses a direct write", func(t *testing.T) { checkIntakeRefuses(t, replica) })
			t.Run("reads what was written through it", func(t *testing.T) { checkReadsOwnWrite(t, replica) })
		})
	}
}

func checkStartPage(t *testing.T, replica *node) {
	a := replica.mustGet(t, "/")
	if a.status != http.StatusOK || !strings.Contains(a.body, "<main") {
		t.Errorf("GET /: status %d, body %.200q", a.status, a.body)
	}
}

func checkAlive(t *testing.T, replica *node) {
	a, err := fetch(t.Context(), http.MethodGet, replica.internal+"/livez", nil, "")
	if err != nil {
		t.Fatal(err)
	}
	if a.status != http.StatusOK || !strings.Contains(a.body, "alive") {
		t.Errorf("GET /livez: %d %q, want 200 and alive", a.status, a.body)
	}
}

// checkWriteForwarded sees the write on the leader at once: a push without skipCommit is visible
// where it was executed when it returns.
func checkWriteForwarded(t *testing.T, replica *node) {
	text := "forwarded " + randomHex(8)
	replica.api().mustPush(t, note{"Check/" + replica.service + " write.md", text})
	path := "/check/" + strings.ReplaceAll(replica.service, "-", "_") + "_write"
	if err := replica.stack.app.shows(t.Context(), path, text); err != nil {
		t.Error(err)
	}
}

func checkIntakeRefuses(t *testing.T, replica *node) {
	a, err := fetch(t.Context(), http.MethodPost, replica.stack.app.internal+apiPath,
		http.Header{"Content-Type": {"application/json"}}, `{"query":"{__typename}"}`)
	if err != nil {
		t.Fatal(err)
	}
	if a.status != http.StatusUnauthorized {
		t.Errorf("POST to the leader's internal port: status %d, want 401", a.status)
	}
}

func checkReadsOwnWrite(t *testing.T, replica *node) {
	text := "read back " + randomHex(8)
	replica.api().mustPush(t, note{"Check/" + replica.service + " read.md", text})
	path := "/check/" + strings.ReplaceAll(replica.service, "-", "_") + "_read"
	awaitText(t, replica.stack.nodes(), path, text)
}
