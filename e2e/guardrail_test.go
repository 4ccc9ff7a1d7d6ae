package e2e

import (
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
)

// TestDirectWriteToAReplicaFails writes to a replica's mount past the server, as its user and as
// root. It must fail, and the database must be as it was.
func TestDirectWriteToAReplicaFails(t *testing.T) {
	s := stack.LiteFS(t)
	want := s.App.MustGet(t, "/")
	for _, statement := range []string{
		"INSERT INTO notes(id) VALUES(1);",
		"UPDATE settings SET value = 'changed';",
		"CREATE TABLE guardrail(x);",
		"PRAGMA journal_mode=DELETE; CREATE TABLE guardrail(x);",
	} {
		for _, user := range []string{stack.ServerUser, "root"} {
			r := s.Replica.Exec(t, user, "sqlite3", "/litefs/data.sqlite3", statement)
			t.Logf("%s as %s: exit code %d, %s", statement, user, r.ExitCode, strings.TrimSpace(r.Stderr))
			if r.ExitCode == 0 {
				t.Errorf("%s as %s on a replica succeeded", statement, user)
			}
		}
	}
	for _, n := range s.Nodes() {
		checkIntegrity(t, n)
	}
	s.Replica.API().MustPush(t, stack.Note{Path: "Guardrail.md", Content: "after the guardrail"})
	stack.AwaitText(t, s.Nodes(), "/guardrail", "after the guardrail")
	if got := s.Replica.MustGet(t, "/"); got.Status != want.Status {
		t.Errorf("GET / of the replica: status %d, want %d", got.Status, want.Status)
	}
}

// checkIntegrity runs SQLite's integrity check on the node's database.
func checkIntegrity(t *testing.T, n *stack.Node) {
	t.Helper()
	out := n.MustExec(t, stack.ServerUser, "sqlite3", "-readonly", "/litefs/data.sqlite3", "PRAGMA busy_timeout=10000; PRAGMA integrity_check;")
	if lines := strings.Fields(out); len(lines) != 2 || lines[1] != "ok" {
		t.Errorf("integrity_check on %s: %s", n.Service, out)
	}
}
