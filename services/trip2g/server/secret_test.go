package server_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
)

// awaitReadyz requests a node's /readyz until it answers with a status and a text.
func awaitReadyz(t *testing.T, n *servertest.Node, status int, text string) {
	t.Helper()
	testwait.NoFault(t, func() string {
		got, body := servertest.Get(n.Internal + "/readyz")
		if got != status || !strings.Contains(body, text) {
			return body
		}
		return ""
	})
}

// TestAReplicaWithAnotherSecretIsNotReady starts a replica with a mistyped secret. Its readiness
// and the leader's list of nodes name the setting, and both nodes count the rejections. Restarting
// the leader changes nothing. A leader with the replica's secret makes it ready.
func TestAReplicaWithAnotherSecretIsNotReady(t *testing.T) {
	t.Parallel()
	const other = "another secret, as long as it should be"
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app", "OWNER_EMAIL="+testOwner)
	leader.WaitReady(t)
	owner := leader.SignIn(t, testOwner)
	leader.PushNote(t, servertest.NewKey(t, db), "hello.md", "---\nfree: true\n---\n# Hello")
	replica := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=r1", "LEADER_ADDR="+leader.InternalAddr, "JWT_SECRET="+other)

	awaitReadyz(t, replica, http.StatusServiceUnavailable, `"writes":"the leader rejects this node's signature: set its TRIP2G_JWT_SECRET to the leader's and restart it`)
	testwait.NoFault(t, func() string { // it still serves its copy
		if status, body := servertest.Get(replica.Public + "/hello"); status != http.StatusOK {
			return body
		}
		return ""
	})
	told := awaitTopology(t, leader, owner, "the leader shows who knocks", func(topology trip2g.Topology) bool { return len(topology.Rejected) == 1 })
	if r := told.Rejected[0]; told.Wrong != 1 || r.Name != "r1" || r.Address != "127.0.0.1" || !strings.Contains(r.Wrong, "TRIP2G_JWT_SECRET") {
		t.Errorf("shown is %+v", told.Rejected)
	}
	wantProblem(t, leader, servertest.NewKey(t, db), "a node at 127.0.0.1 that calls itself r1: its signature is rejected: set its TRIP2G_JWT_SECRET")
	for n, metric := range map[*servertest.Node]string{leader: `trip2g_intake_rejected_total{reason="bad_mac"} `, replica: `trip2g_node_reports_total{outcome="rejected"} `} {
		if _, body := servertest.Get(n.Internal + "/metrics"); !strings.Contains(body, metric) || strings.Contains(body, metric+"0\n") {
			t.Errorf("%s is not counted", metric)
		}
	}

	if err := leader.Stop(); err != nil {
		t.Fatal(err)
	}
	testwait.NoFault(t, func() string {
		if _, body := servertest.Get(replica.Internal + "/metrics"); !strings.Contains(body, "trip2g_leader_up 0") {
			return "the replica has not missed the leader"
		}
		return ""
	})
	awaitReadyz(t, replica, http.StatusServiceUnavailable, "rejects this node's signature")
	back := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app", "INTERNAL_LISTEN_ADDR="+leader.InternalAddr, "JWT_SECRET="+other)
	replica.WaitReady(t)
	if err := back.Stop(); err != nil {
		t.Fatal(err)
	}
	testwait.NoFault(t, func() string {
		if _, body := servertest.Get(replica.Internal + "/metrics"); !strings.Contains(body, "trip2g_leader_up 0") {
			return "the replica has not missed the leader"
		}
		return ""
	})
	awaitReadyz(t, replica, http.StatusOK, "the leader does not answer") // an outage is no reason
}
