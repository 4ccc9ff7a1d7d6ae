package server_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/replication/nodes"
	"trip2g/services/trip2g/store/sqlite"
	"trip2g/services/trip2g/web/notfound"
)

// TestTheOwnerWatchesNodesComeAndGo follows a deploy. Both nodes show both. A stopped replica is
// shown as gone. A stopped leader is shown as gone by the remaining replica. When it is back, no
// fault remains.
func TestTheOwnerWatchesNodesComeAndGo(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leaderSettings := []string{"DB_FILE=" + db, "NODE_NAME=app", "OWNER_EMAIL=" + testOwner, "PUBLIC_URL=https://notes.example.com"}
	leader := servertest.Start(t, leaderSettings...)
	leader.WaitReady(t)
	replica := func(name string) *servertest.Node {
		n := servertest.Start(t, "DB_FILE="+db, "NODE_NAME="+name, "LEADER_ADDR="+leader.InternalAddr, "SESSION_COOKIE_NAME=session_"+name)
		n.WaitReady(t)
		return n
	}
	one, two := replica("r1"), replica("r2")
	owner := leader.SignIn(t, testOwner)
	leader.PushNote(t, servertest.NewKey(t, db), "hello.md", "# Hello")
	for _, n := range []*servertest.Node{leader, one, two} {
		topology := awaitTopology(t, n, owner, "all nodes are well", func(topology trip2g.Topology) bool {
			return states(topology) == "app OK, r1 OK, r2 OK" && nodeNamed(topology, "r1").Position == nodeNamed(topology, "app").Position &&
				nodeNamed(topology, "r1").Notes == 1
		})
		r1 := nodeNamed(topology, "r1")
		if len(r1.LagHistory) != trip2g.LagHistory || r1.LagHistory[trip2g.LagHistory-1] == nil || r1.Version != trip2g.Version || r1.Database != "file" || r1.StartedAt.IsZero() {
			t.Errorf("the first replica is %+v", r1)
		}
		if app := nodeNamed(topology, "app"); app.URL != "https://notes.example.com" || app.Role != trip2g.RoleLeader {
			t.Errorf("the leader is %+v", app)
		}
	}

	if err := two.Stop(); err != nil {
		t.Fatal(err)
	}
	told := awaitTopology(t, one, owner, "the other replica is gone", func(topology trip2g.Topology) bool {
		return states(topology) == "app OK, r1 OK, r2 GONE"
	})
	if gone := nodeNamed(told, "r2"); told.Wrong != 1 || len(gone.Wrong) != 1 || !strings.Contains(gone.Wrong[0], "has not reported for 1") {
		t.Errorf("of it is said %q", gone.Wrong)
	}

	if err := leader.Stop(); err != nil {
		t.Fatal(err)
	}
	alone := awaitTopology(t, one, owner, "the leader is gone", func(topology trip2g.Topology) bool {
		return states(topology) == "app GONE, r1 WRONG, r2 UNKNOWN"
	})
	if r1 := nodeNamed(alone, "r1"); alone.Age < 10 || len(r1.Wrong) != 1 || !strings.Contains(r1.Wrong[0], "the leader has not answered it for") {
		t.Errorf("the picture is %v s old, and of its own node is said %q", alone.Age, r1.Wrong)
	}

	back := servertest.Start(t, append(leaderSettings, "INTERNAL_LISTEN_ADDR="+leader.InternalAddr)...)
	awaitTopology(t, back, owner, "the new leader knows all", func(topology trip2g.Topology) bool {
		return states(topology) == "app OK, r1 OK, r2 GONE"
	})
	forget := func() string {
		return string(back.GraphQL(t, owner, `mutation { forgetNode(input: {name: "r2"}) { __typename ... on ErrorPayload { message } } }`, nil))
	}
	if answer := forget(); !strings.Contains(answer, "ForgetNodePayload") {
		t.Errorf("forgetting answered %s", answer)
	}
	if answer := forget(); !strings.Contains(answer, "no replica of this name") {
		t.Errorf("forgetting it again answered %s", answer)
	}
	awaitTopology(t, one, owner, "it is forgotten everywhere", func(topology trip2g.Topology) bool {
		return states(topology) == "app OK, r1 OK"
	})
	if data := one.GraphQL(t, owner, `{ nodes { node wrong nodes { name state position leaderPosition lagHistorySeconds startedAt liteFSLagSeconds wrong } } }`, nil); !strings.Contains(string(data), `{"node":"app","wrong":0,"nodes":[{"name":"app","state":"OK","position":`) {
		t.Errorf("the API says %s", data)
	}
}

// TestTheStreamIsTheOwnersAlone requests the stream as a stranger and by every other method, and
// then signs out while it runs. On a replica, too, it ends and reports the reason.
func TestTheStreamIsTheOwnersAlone(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app", "OWNER_EMAIL="+testOwner)
	leader.WaitReady(t)
	replica := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=r1", "LEADER_ADDR="+leader.InternalAddr)
	replica.WaitReady(t)
	for _, n := range []*servertest.Node{leader, replica} {
		if status, body := servertest.Get(n.Public + nodes.EventsPath); status != http.StatusUnauthorized || strings.Contains(body, "r1") {
			t.Errorf("a stranger is answered %d %s", status, body)
		}
		res, err := http.Post(n.Public+nodes.EventsPath, "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("a POST is answered %s", res.Status)
		}
	}
	owner := leader.SignIn(t, testOwner)
	onLeader, _ := watch(t, leader, owner)
	onReplica, _ := watch(t, replica, owner)
	replica.GraphQL(t, owner, `mutation { signOut { __typename } }`, nil)
	for name, events := range map[string]<-chan event{"leader": onLeader, "replica": onReplica} {
		last := event{}
		for e := range events {
			last = e
		}
		if last.name != "end" {
			t.Errorf("the last event on the %s is %+v", name, last)
		}
	}
}

// TestAWatcherDoesNotKeepANodeFromStopping stops a node while its nodes are watched.
func TestAWatcherDoesNotKeepANodeFromStopping(t *testing.T) {
	t.Parallel()
	leader := servertest.Start(t, "DB_FILE="+filepath.Join(t.TempDir(), "data.sqlite3"), "OWNER_EMAIL="+testOwner)
	leader.WaitReady(t)
	events, _ := watch(t, leader, leader.SignIn(t, testOwner))
	<-events
	if err := leader.Stop(); err != nil {
		t.Fatal(err)
	}
	for range events {
	}
	if strings.Contains(leader.Log.String(), "were cut") {
		t.Error("the stream had to be cut")
	}
}

// TestOnlyAReplicaReports posts reports and counts without the secret. Both ports of both nodes
// reject all of them.
func TestOnlyAReplicaReports(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app", "OWNER_EMAIL="+testOwner)
	leader.WaitReady(t)
	replica := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=r1", "LEADER_ADDR="+leader.InternalAddr)
	replica.WaitReady(t)
	forged := map[string]string{
		nodes.ReportPath:   `{"node":{"name":"forged","role":"replica"}}`,
		notfound.RelayPath: `{"sender":"forged","number":1,"counts":{"/forged":1}}`,
	}
	for path, body := range forged {
		for _, base := range []string{leader.Public, leader.Internal, replica.Public, replica.Internal} {
			for name, header := range map[string]http.Header{"plain": {}, "with the header": {"X-Replica-Auth": {"v1.1.AAAA.AAAA"}, "X-Replica-Node": {"forged"}}} {
				req, err := http.NewRequest(http.MethodPost, base+path, strings.NewReader(body))
				if err != nil {
					t.Fatal(err)
				}
				req.Header = header
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				res.Body.Close()
				if res.StatusCode < 400 {
					t.Errorf("%s, %s: answered %s", base+path, name, res.Status)
				}
			}
		}
	}
	topology := awaitTopology(t, leader, leader.SignIn(t, testOwner), "the replica reports", func(topology trip2g.Topology) bool { return len(topology.Nodes) > 1 })
	if names := states(topology); strings.Contains(names, "forged") {
		t.Errorf("the picture has %s", names)
	}
	if pages := missingPages(t, db); len(pages) > 0 {
		t.Errorf("these are counted: %v", pages)
	}
}

// TestAReplicasMissingPagesAreCountedOnTheLeader requests missing pages from both nodes.
func TestAReplicasMissingPagesAreCountedOnTheLeader(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app")
	leader.WaitReady(t)
	replica := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=r1", "LEADER_ADDR="+leader.InternalAddr)
	replica.WaitReady(t)
	for range 3 {
		servertest.Get(replica.Public + "/nowhere")
	}
	servertest.Get(leader.Public + "/nowhere")
	if status, body := servertest.Get(replica.Internal + "/metrics"); status != http.StatusOK || !strings.Contains(body, "trip2g_not_found_pending 1") {
		t.Errorf("the replica's metrics do not tell of the page that waits: %d", status)
	}
	for _, n := range []*servertest.Node{replica, leader} {
		if err := n.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if pages := missingPages(t, db); len(pages) != 1 || pages[0].Path != "/nowhere" || pages[0].Count != 4 {
		t.Errorf("counted are %+v", pages)
	}
}

// missingPages lists the counted paths in a database that no leader has open.
func missingPages(t *testing.T, path string) []trip2g.NotFoundPath {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	pages, err := db.NotFoundPaths(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return pages
}
