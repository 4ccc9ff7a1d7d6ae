package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/ops/config"
	"trip2g/services/trip2g/store/sqlite"
)

const (
	testJWT = "a-secret-that-all-nodes-share"
	testKey = "0123456789abcdef0123456789abcdef"
)

// testNode is a node of this binary, run in this process by its own command line.
type testNode struct {
	public, internal string // base URLs
	internalAddr     string
	stop             func() error
	log              *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startNode runs `trip2g serve` with the settings given ("NAME=value", without the prefix) and
// ends it with the test.
func startNode(t *testing.T, settings ...string) *testNode {
	t.Helper()
	n := &testNode{log: &lockedBuffer{}}
	public := freeAddr(t)
	n.internalAddr = freeAddr(t)
	n.public, n.internal = "http://"+public, "http://"+n.internalAddr
	args := []string{"serve", "--listen-addr", public, "--internal-listen-addr", n.internalAddr,
		"--jwt-secret", testJWT, "--data-encryption-key", testKey, "--log-format", "json"}
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		args = append(args, "--"+strings.ReplaceAll(strings.ToLower(name), "_", "-"), value)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() { ended <- Run(ctx, args, io.Discard, n.log) }()
	n.stop = sync.OnceValue(func() error {
		cancel()
		if code := <-ended; code != 0 {
			return fmt.Errorf("serve ended with %d:\n%s", code, n.log)
		}
		return nil
	})
	t.Cleanup(func() {
		if err := n.stop(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (n *testNode) waitReady(t *testing.T) {
	t.Helper()
	testwait.NoFault(t, func() string {
		status, body := get(n.internal + "/readyz")
		if status == http.StatusOK {
			return ""
		}
		return fmt.Sprintf("/readyz is %d %s\n%s", status, body, n.log)
	})
}

// get gives status 0 if nobody answers.
func get(url string) (status int, body string) {
	res, err := http.Get(url)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(b)
}

// newKey returns a key of a site whose notes are public unless they say otherwise.
func newKey(t *testing.T, db string) string {
	t.Helper()
	site, err := sqlite.OpenLeader(t.Context(), db, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer site.Close()
	if _, err := site.SetSiteAccess(t.Context(), trip2g.AccessEveryone, trip2g.AnyPosition); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	if code := Run(t.Context(), []string{"keys", "create", "--name", "test", "--scope", "read,publish,settings", "--db-file", db}, &out, &errs); code != 0 {
		t.Fatalf("keys create ended with %d: %s", code, &errs)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// pushNote publishes one note through a node and gives the API's answer.
func pushNote(t *testing.T, node *testNode, key, path, content string) string {
	t.Helper()
	answer, _ := publishNote(t, node, key, path, content)
	return answer
}

// publishNote is pushNote, and gives the position of the change too.
func publishNote(t *testing.T, node *testNode, key, path, content string) (answer, position string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"query": `mutation($i: PushNotesInput!) { pushNotes(input: $i) { __typename ... on ErrorPayload { message } } }`,
		"variables": map[string]any{"i": map[string]any{
			"updates": []map[string]string{{"path": path, "content": content}},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, node.public+"/_system/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-API-Key", key)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err = io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), res.Header.Get(trip2g.PositionHeader)
}

func TestANoteWrittenThroughAReplicaIsReadAlikeOnBothNodes(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := startNode(t, "DB_FILE="+db, "NODE_NAME=one")
	leader.waitReady(t)
	replica := startNode(t, "DB_FILE="+db, "NODE_NAME=two", "LEADER_ADDR="+leader.internalAddr, "SESSION_COOKIE_NAME=session_r1")
	replica.waitReady(t)

	key := newKey(t, db)
	if answer := pushNote(t, replica, key, "hello.md", "# Hello there"); !strings.Contains(answer, "PushNotesPayload") {
		t.Fatalf("the push through the replica answered %s", answer)
	}
	status, onLeader := get(leader.public + "/hello")
	if status != http.StatusOK || !strings.Contains(onLeader, "Hello there") {
		t.Fatalf("the leader has %d %s", status, onLeader)
	}
	testwait.NoFault(t, func() string {
		if status, onReplica := get(replica.public + "/hello"); status != http.StatusOK || onReplica != onLeader {
			return fmt.Sprintf("the replica has %d %s", status, onReplica)
		}
		return ""
	})
}

// The replicas hold the writes of others while the leader is away, for less time than requests may take to end.
func TestALeaderStopsWhileClientsSendHalfOfABody(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := startNode(t, "DB_FILE="+db, "SHUTDOWN_TIMEOUT=10m")
	leader.waitReady(t)
	replica := startNode(t, "DB_FILE="+db, "LEADER_ADDR="+leader.internalAddr, "SESSION_COOKIE_NAME=session_r1")
	replica.waitReady(t)
	for _, n := range []*testNode{leader, replica} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(n.public, "http://"))
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
	if err := leader.stop(); err != nil {
		t.Error(err)
	}
}

func TestAReplicaWritesNothing(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := startNode(t, "DB_FILE="+db)
	leader.waitReady(t)
	pushNote(t, leader, newKey(t, db), "index.md", "# Start")
	if err := leader.stop(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}

	replica := startNode(t, "DB_FILE="+db, "LEADER_ADDR="+leader.internalAddr, "FORWARD_WAIT=0s")
	replica.waitReady(t)
	for _, path := range []string{"/", "/no-such-page", "/_system/assets/00/x", "/graphql", "/%00", "/%ff"} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPost, http.MethodDelete} {
			req, err := http.NewRequest(method, replica.public+path, strings.NewReader("x"))
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
	if err := replica.stop(); err != nil {
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
	replica := startNode(t, "DB_FILE="+db, "LEADER_ADDR=127.0.0.1:1")
	testwait.NoFault(t, func() string {
		status, body := get(replica.internal + "/readyz")
		if status == http.StatusServiceUnavailable && strings.Contains(body, "to exist") {
			return ""
		}
		return fmt.Sprintf("/readyz is %d %s", status, body)
	})
	if status, body := get(replica.internal + "/livez"); status != http.StatusOK || body != "alive" {
		t.Errorf("/livez is %d %q, want 200 alive", status, body)
	}
	if status, _ := get(replica.public + "/"); status != http.StatusServiceUnavailable {
		t.Errorf("a page is %d before there is a site, want 503", status)
	}
}

func TestTheLeadersInternalPortTakesNothingUnsigned(t *testing.T) {
	leader := startNode(t, "DB_FILE="+filepath.Join(t.TempDir(), "data.sqlite3"))
	leader.waitReady(t)
	for _, path := range []string{"/", "/_system/graphql", "/livez/x", "/nothing"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
			req, err := http.NewRequest(method, leader.internal+path, strings.NewReader(`{"query":"{__typename}"}`))
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
		if status, body := get(leader.internal + path); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s is %d, want 200 with %q", path, status, want)
		}
	}
}

func TestARequestHasOneIDOnBothNodes(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := startNode(t, "DB_FILE="+db, "NODE_NAME=one")
	leader.waitReady(t)
	replica := startNode(t, "DB_FILE="+db, "NODE_NAME=two", "LEADER_ADDR="+leader.internalAddr)
	replica.waitReady(t)
	res, err := http.Post(replica.public+"/_system/graphql", "application/json", strings.NewReader(`{"query":"{__typename}"}`))
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
		for _, n := range []*testNode{leader, replica} {
			if !strings.Contains(n.log.String(), `"request_id":"`+ids[0]+`"`) {
				return "no line with the id in\n" + n.log.String()
			}
		}
		return ""
	})
	if log := leader.log.String() + replica.log.String(); strings.Contains(log, testJWT) || strings.Contains(log, testKey) {
		t.Error("a secret is in the log")
	}
}

func TestAWrongSettingStopsTheStart(t *testing.T) {
	t.Setenv("TRIP2G_LISTEN_ADR", ":1")
	t.Chdir(t.TempDir())
	var errs bytes.Buffer
	if code := Run(t.Context(), []string{"--log-level", "loud"}, io.Discard, &errs); code != exitUsage {
		t.Errorf("it ended with %d, want %d", code, exitUsage)
	}
	for _, want := range []string{config.Prefix + "LISTEN_ADDR", config.Prefix + "LOG_LEVEL"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("the message lacks %s:\n%s", want, &errs)
		}
	}
}

func TestAnotherEncryptionKeyIsRefused(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := startNode(t, "DB_FILE="+db)
	leader.waitReady(t)
	if err := leader.stop(); err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	code := Run(t.Context(), []string{"serve", "--db-file", db, "--jwt-secret", testJWT, "--data-encryption-key", strings.Repeat("x", 32)}, io.Discard, &errs)
	if code == 0 || !strings.Contains(errs.String(), "TRIP2G_DATA_ENCRYPTION_KEY") {
		t.Errorf("it ended with %d: %s", code, &errs)
	}
}
