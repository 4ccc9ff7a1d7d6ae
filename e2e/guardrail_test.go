package e2e

import (
	"strings"
	"testing"
)

// TestDirectWriteToAReplicaFails writes to a replica's mount past the server, as its user and as
// root. It must fail, and the database must be as it was.
func TestDirectWriteToAReplicaFails(t *testing.T) {
	s := litefsStack(t)
	want := s.app.mustGet(t, "/")
	for _, statement := range []string{
		"INSERT INTO notes(id) VALUES(1);",
		"UPDATE settings SET value = 'changed';",
		"CREATE TABLE guardrail(x);",
		"PRAGMA journal_mode=DELETE; CREATE TABLE guardrail(x);",
	} {
		for _, user := range []string{server, "root"} {
			r := s.replica.exec(t, user, "sqlite3", "/litefs/data.sqlite3", statement)
			t.Logf("%s as %s: exit code %d, %s", statement, user, r.exitCode, strings.TrimSpace(r.stderr))
			if r.exitCode == 0 {
				t.Errorf("%s as %s on a replica succeeded", statement, user)
			}
		}
	}
	for _, n := range s.nodes() {
		checkIntegrity(t, n)
	}
	s.replica.api().mustPush(t, note{"Guardrail.md", "after the guardrail"})
	awaitText(t, s.nodes(), "/guardrail", "after the guardrail")
	if got := s.replica.mustGet(t, "/"); got.status != want.status {
		t.Errorf("GET / of the replica: status %d, want %d", got.status, want.status)
	}
}

// checkIntegrity has SQLite look through the node's whole database.
func checkIntegrity(t *testing.T, n *node) {
	t.Helper()
	out := n.mustExec(t, server, "sqlite3", "-readonly", "/litefs/data.sqlite3", "PRAGMA busy_timeout=10000; PRAGMA integrity_check;")
	if lines := strings.Fields(out); len(lines) != 2 || lines[1] != "ok" {
		t.Errorf("integrity_check on %s: %s", n.service, out)
	}
}
