package server_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"trip2g/internal/testwait"
)

func TestANoteWrittenThroughAReplicaIsReadAlikeOnBothNodes(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=one")
	leader.WaitReady(t)
	replica := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=two", "LEADER_ADDR="+leader.InternalAddr, "SESSION_COOKIE_NAME=session_r1")
	replica.WaitReady(t)

	key := servertest.NewKey(t, db)
	if answer, _ := replica.PushNote(t, key, "hello.md", "# Hello there"); !strings.Contains(answer, "PushNotesPayload") {
		t.Fatalf("the push through the replica answered %s", answer)
	}
	status, onLeader := servertest.Get(leader.Public + "/hello")
	if status != http.StatusOK || !strings.Contains(onLeader, "Hello there") {
		t.Fatalf("the leader has %d %s", status, onLeader)
	}
	testwait.NoFault(t, func() string {
		if status, onReplica := servertest.Get(replica.Public + "/hello"); status != http.StatusOK || onReplica != onLeader {
			return fmt.Sprintf("the replica has %d %s", status, onReplica)
		}
		return ""
	})
}

// While the leader is away, the replicas hold the other clients' writes for less time than requests
// may take to end.
func TestALeaderStopsWhileClientsSendHalfOfABody(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "SHUTDOWN_TIMEOUT=10m")
	leader.WaitReady(t)
	replica := servertest.Start(t, "DB_FILE="+db, "LEADER_ADDR="+leader.InternalAddr, "SESSION_COOKIE_NAME=session_r1")
	replica.WaitReady(t)
	for _, n := range []*servertest.Node{leader, replica} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(n.Public, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		io.WriteString(conn, "POST /_system/graphql HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n")
		if line, err := bufio.NewReader(conn).ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
			t.Fatalf("got %q, %v", line, err)
		}
		io.WriteString(conn, "{")
	}
	if err := leader.Stop(); err != nil {
		t.Error(err)
	}
}

func TestAReplicaWritesNothing(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db)
	leader.WaitReady(t)
	leader.PushNote(t, servertest.NewKey(t, db), "index.md", "# Start")
	if err := leader.Stop(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}

	replica := servertest.Start(t, "DB_FILE="+db, "LEADER_ADDR="+leader.InternalAddr, "FORWARD_WAIT=0s")
	replica.WaitReady(t)
	for _, path := range []string{"/", "/no-such-page", "/_system/assets/00/x", "/graphql", "/%00", "/%ff"} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost, http.MethodDelete} {
			req, err := http.NewRequest(method, replica.Public+path, strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if local := method == "GET" || method == "HEAD" || method == "OPTIONS"; !local && res.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("%s %s is %d on a replica without a leader, want 503", method, path, res.StatusCode)
			}
		}
	}
	if err := replica.Stop(); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	if wal, err := os.Stat(db + "-wal"); err == nil && wal.Size() > 0 {
		t.Errorf("the replica left a log of %d bytes", wal.Size())
	}
	if !bytes.Equal(before, after) {
		t.Error("the database's file is not what it was")
	}
}

func TestAReplicaSaysWhatItWaitsFor(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	replica := servertest.Start(t, "DB_FILE="+db, "LEADER_ADDR=127.0.0.1:1")
	testwait.NoFault(t, func() string {
		status, body := servertest.Get(replica.Internal + "/readyz")
		if status == http.StatusServiceUnavailable && strings.Contains(body, "to exist") {
			return ""
		}
		return fmt.Sprintf("/readyz is %d %s", status, body)
	})
	if status, body := servertest.Get(replica.Internal + "/livez"); status != http.StatusOK || body != "alive" {
		t.Errorf("/livez is %d %q, want 200 alive", status, body)
	}
	if status, _ := servertest.Get(replica.Public + "/"); status != http.StatusServiceUnavailable {
		t.Errorf("a page is %d before there is a site, want 503", status)
	}
}

func TestTheLeadersInternalPortTakesNothingUnsigned(t *testing.T) {
	leader := servertest.Start(t, "DB_FILE="+filepath.Join(t.TempDir(), "data.sqlite3"))
	leader.WaitReady(t)
	for _, path := range []string{"/", "/_system/graphql", "/livez/x", "/nothing"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			req, err := http.NewRequest(method, leader.Internal+path, strings.NewReader(`{"query":"{__typename}"}`))
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s %s is %d, want 401", method, path, res.StatusCode)
			}
		}
	}
	for path, want := range map[string]string{"/livez": "alive", "/healthz": "ok", "/metrics": "trip2g_site_pages"} {
		if status, body := servertest.Get(leader.Internal + path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s is %d, want 200 with %q", path, status, want)
		}
	}
}

func TestARequestHasOneIDOnBothNodes(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=one")
	leader.WaitReady(t)
	replica := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=two", "LEADER_ADDR="+leader.InternalAddr)
	replica.WaitReady(t)
	res, err := http.Post(replica.Public+"/_system/graphql", "application/json", strings.NewReader(`{"query":"{__typename}"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || string(body) != `{"data":{"__typename":"Query"}}` {
		t.Fatalf("the answer is %q, %v", body, err)
	}
	ids := res.Header.Values("X-Request-Id")
	if len(ids) != 1 {
		t.Fatalf("the answer has request ids %q, want one", ids)
	}
	testwait.NoFault(t, func() string {
		for _, n := range []*servertest.Node{leader, replica} {
			if !strings.Contains(n.Log.String(), `"request_id":"`+ids[0]+`"`) {
				return "no line with the id in\n" + n.Log.String()
			}
		}
		return ""
	})
	if log := leader.Log.String() + replica.Log.String(); strings.Contains(log, servertest.JWTSecret) || strings.Contains(log, servertest.EncryptionKey) {
		t.Error("a secret is in the log")
	}
}

func TestAnotherEncryptionKeyIsRefused(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db)
	leader.WaitReady(t)
	if err := leader.Stop(); err != nil {
		t.Fatal(err)
	}
	other := servertest.Start(t, "DB_FILE="+db, "DATA_ENCRYPTION_KEY="+strings.Repeat("x", 32))
	if err := other.WaitEnd(t); err == nil || !strings.Contains(err.Error(), "TRIP2G_DATA_ENCRYPTION_KEY") {
		t.Errorf("it ended with %v", err)
	}
}
