package server_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g/store/sqlite"
)

// TestALeaderWithAnotherDatabaseGetsNothingFromItsReplicas restarts a leader on a database that
// differs from its replica's copy: an empty volume, a backup, a backup that has grown since. The
// replica serves its copy and reports in every way that it is not the leader's.
func TestALeaderWithAnotherDatabaseGetsNothingFromItsReplicas(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		restore bool // a backup from before the last changes; else an empty volume
		grow    int  // changes that the leader has made since
		says    string
	}{
		"an empty volume":         {false, 0, "another database than the leader's"},
		"a backup":                {true, 0, "changes that the leader's database does not have"},
		"a backup that has grown": {true, 20, "another history than the leader's database"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			old, other := filepath.Join(dir, "data.sqlite3"), filepath.Join(dir, "other.sqlite3")
			leader := servertest.Start(t, "DB_FILE="+old, "NODE_NAME=app")
			leader.WaitReady(t)
			key := servertest.NewKey(t, old)
			leader.PushNote(t, key, "first.md", "---\nfree: true\n---\n# First")
			if tt.restore {
				backUp(t, old, other)
			}
			for i := range 5 {
				leader.PushNote(t, key, "second.md", fmt.Sprintf("---\nfree: true\n---\n# Second %d", i))
			}
			replica := servertest.Start(t, "DB_FILE="+old, "NODE_NAME=r1", "LEADER_ADDR="+leader.InternalAddr, "FORWARD_WAIT=100ms")
			replica.WaitReady(t)
			awaitNote(t, replica, "/second")
			if err := leader.Stop(); err != nil {
				t.Fatal(err)
			}

			if !tt.restore {
				key = servertest.NewKey(t, other)
			}
			back := servertest.Start(t, "DB_FILE="+other, "NODE_NAME=app", "INTERNAL_LISTEN_ADDR="+leader.InternalAddr)
			back.Internal, back.InternalAddr = leader.Internal, leader.InternalAddr
			back.WaitReady(t)
			for i := range tt.grow {
				back.PushNote(t, key, "third.md", fmt.Sprintf("---\nfree: true\n---\n# Third %d", i))
			}
			wantNothingForwarded(t, replica, back, key) // before its state is known
			awaitReadyz(t, replica, http.StatusServiceUnavailable, `"database":"this node's database has `+tt.says)
			testwait.NoFault(t, func() string {
				if d := askReadyz(t, replica); d.Ready || d.Behind == 0 || !strings.Contains(d.Note, tt.says) {
					return fmt.Sprintf("%+v", d)
				}
				return lacksProblem(t, back, key, "r1: not ready: database: this node's database has "+tt.says)
			})
			if _, body := servertest.Get(replica.Internal + "/metrics"); !strings.Contains(body, "\ntrip2g_database_diverges 1\n") || !strings.Contains(body, "\ntrip2g_ready 0\n") {
				t.Error("the metrics do not tell")
			}
			if status, _ := servertest.Get(replica.Public + "/second"); status != http.StatusOK {
				t.Errorf("a page of the replica is %d", status)
			}
			wantNothingForwarded(t, replica, back, key)
		})
	}
}

// backUp copies a database that a leader uses.
func backUp(t *testing.T, from, to string) {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), from, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Writer().ExecContext(t.Context(), `VACUUM INTO ?`, to); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(to); err != nil {
		t.Fatal(err)
	}
}

// wantNothingForwarded writes through a replica. The write must be refused, and be absent on the
// leader.
func wantNothingForwarded(t *testing.T, replica, leader *servertest.Node, key string) {
	t.Helper()
	body := `{"query":"mutation { pushNotes(input: {updates: [{path: \"lost.md\", content: \"---\\nfree: true\\n---\\nx\"}]}) { __typename } }"}`
	req, err := http.NewRequest(http.MethodPost, replica.Public+"/_system/graphql", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-API-Key", key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a write through the replica is answered %s", res.Status)
	}
	if status, _ := servertest.Get(leader.Public + "/lost"); status != http.StatusNotFound {
		t.Errorf("the note that was written through the replica is %d on the leader", status)
	}
}
