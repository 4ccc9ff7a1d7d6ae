package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/replication/nodes"
	"trip2g/services/trip2g/store/sqlite"
	"trip2g/services/trip2g/web/notfound"
)

// graphQL asks a node's API and gives the data.
func graphQL(t *testing.T, n *testNode, header http.Header, query string, variables any) json.RawMessage {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, n.public+"/_system/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header.Clone()
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	var answer struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err != nil || json.Unmarshal(text, &answer) != nil || len(answer.Errors) > 0 {
		t.Fatalf("the API answered %s %s: %v", res.Status, text, err)
	}
	return answer.Data
}

var codeInLog = regexp.MustCompile(`"code":"([0-9]+)"`)

// signInOwner signs the owner in on a leader and gives the session as a header.
func signInOwner(t *testing.T, leader *testNode) http.Header {
	t.Helper()
	seen := len(codeInLog.FindAllString(leader.log.String(), -1))
	input := map[string]any{"input": map[string]string{"email": testOwner}}
	graphQL(t, leader, nil, `mutation($input: RequestEmailSignInCodeInput!) { requestEmailSignInCode(input: $input) { __typename } }`, input)
	var code string
	testwait.NoFault(t, func() string {
		codes := codeInLog.FindAllStringSubmatch(leader.log.String(), -1)
		if len(codes) == seen {
			return "no code in the log"
		}
		code = codes[len(codes)-1][1]
		return ""
	})
	input = map[string]any{"input": map[string]string{"email": testOwner, "code": code}}
	data := graphQL(t, leader, nil, `mutation($input: SignInByEmailInput!) { signInByEmail(input: $input) { ... on SignInPayload { token } } }`, input)
	var answer struct{ SignInByEmail struct{ Token string } }
	if err := json.Unmarshal(data, &answer); err != nil || answer.SignInByEmail.Token == "" {
		t.Fatalf("signing in answered %s: %v", data, err)
	}
	return http.Header{"Authorization": {"Bearer " + answer.SignInByEmail.Token}}
}

// event is one that a node sent.
type event struct{ name, data string }

// watch opens a node's stream of events; the channel is closed when the stream ends.
func watch(t *testing.T, n *testNode, header http.Header) (events <-chan event, close func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, n.public+nodes.EventsPath, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header.Clone()
	}
	var res *http.Response
	testwait.NoFault(t, func() string { // a replica knows of a session a moment later
		if res, err = http.DefaultClient.Do(req); err != nil {
			return err.Error()
		}
		if res.StatusCode != http.StatusOK {
			res.Body.Close()
			return res.Status
		}
		return ""
	})
	if kind := res.Header.Get("Content-Type"); kind != "text/event-stream" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the stream has Content-Type %q, Cache-Control %q", kind, res.Header.Get("Cache-Control"))
	}
	out := make(chan event)
	go readEvents(ctx, res.Body, out)
	t.Cleanup(cancel)
	return out, cancel
}

func readEvents(ctx context.Context, body io.ReadCloser, out chan<- event) {
	defer close(out)
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	var e event
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "event":
			e.name = value
		case "data":
			e.data = value
		case "":
			if e.name == "" {
				continue
			}
			select {
			case out <- e:
			case <-ctx.Done():
				return
			}
			e = event{}
		}
	}
}

// awaitTopology reads events until a picture is as wanted, and gives it.
func awaitTopology(t *testing.T, n *testNode, header http.Header, what string, is func(trip2g.Topology) bool) trip2g.Topology {
	t.Helper()
	events, stop := watch(t, n, header)
	defer stop()
	deadline := time.After(40 * time.Second)
	var last event
	for {
		select {
		case e, open := <-events:
			var topology trip2g.Topology
			if !open || json.Unmarshal([]byte(e.data), &topology) != nil {
				t.Fatalf("waiting until %s: the stream gave %v after %+v", what, e, last)
			}
			if is(topology) {
				return topology
			}
			last = e
		case <-deadline:
			t.Fatalf("waited in vain until %s: %s", what, last.data)
		}
	}
}

// nodeNamed finds a node in a picture.
func nodeNamed(topology trip2g.Topology, name string) trip2g.Node {
	i := slices.IndexFunc(topology.Nodes, func(n trip2g.Node) bool { return n.Name == name })
	if i < 0 {
		return trip2g.Node{}
	}
	return topology.Nodes[i]
}

func states(topology trip2g.Topology) string {
	var out []string
	for _, n := range topology.Nodes {
		out = append(out, n.Name+" "+string(n.State))
	}
	return strings.Join(out, ", ")
}

// TestTheOwnerWatchesNodesComeAndGo is a deploy as its operator sees it: both nodes show both, a replica
// that stops is told as gone, and so is a leader, by the replica that is left; when it is back, all is well.
func TestTheOwnerWatchesNodesComeAndGo(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leaderSettings := []string{"DB_FILE=" + db, "NODE_NAME=app", "OWNER_EMAIL=" + testOwner, "PUBLIC_URL=https://notes.example.com"}
	leader := startNode(t, leaderSettings...)
	leader.waitReady(t)
	replica := func(name string) *testNode {
		n := startNode(t, "DB_FILE="+db, "NODE_NAME="+name, "LEADER_ADDR="+leader.internalAddr, "SESSION_COOKIE_NAME=session_"+name)
		n.waitReady(t)
		return n
	}
	one, two := replica("r1"), replica("r2")
	owner := signInOwner(t, leader)
	pushNote(t, leader, newKey(t, db), "hello.md", "# Hello")
	for _, n := range []*testNode{leader, one, two} {
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

	key := newKey(t, db)
	if code, out, errs := status(t, one, key); code != 0 || errs != "" || !regexp.MustCompile(`(?m)^r2 +replica +ok +\d+ +0 +\d+ ms `).MatchString(out) {
		t.Errorf("status ended with %d: %s%s", code, out, errs)
	}

	if err := two.stop(); err != nil {
		t.Fatal(err)
	}
	told := awaitTopology(t, one, owner, "the other replica is gone", func(topology trip2g.Topology) bool {
		return states(topology) == "app OK, r1 OK, r2 GONE"
	})
	if gone := nodeNamed(told, "r2"); told.Wrong != 1 || len(gone.Wrong) != 1 || !strings.Contains(gone.Wrong[0], "has not reported for 1") {
		t.Errorf("of it is said %q", gone.Wrong)
	}

	if code, out, errs := status(t, one, key); code != exitUnwell || errs != "trip2g: 1 node not well\n" || !strings.Contains(out, "\nr2: has not reported for 1") {
		t.Errorf("status ended with %d: %s%s", code, out, errs)
	}

	if err := leader.stop(); err != nil {
		t.Fatal(err)
	}
	alone := awaitTopology(t, one, owner, "the leader is gone", func(topology trip2g.Topology) bool {
		return states(topology) == "app GONE, r1 WRONG, r2 UNKNOWN"
	})
	if r1 := nodeNamed(alone, "r1"); alone.Age < 10 || len(r1.Wrong) != 1 || !strings.Contains(r1.Wrong[0], "the leader has not answered it for") {
		t.Errorf("the picture is %v s old, and of its own node is said %q", alone.Age, r1.Wrong)
	}

	back := startNode(t, append(leaderSettings, "INTERNAL_LISTEN_ADDR="+leader.internalAddr)...)
	awaitTopology(t, back, owner, "the new leader knows all", func(topology trip2g.Topology) bool {
		return states(topology) == "app OK, r1 OK, r2 GONE"
	})
	forget := func() string {
		return string(graphQL(t, back, owner, `mutation { forgetNode(input: {name: "r2"}) { __typename ... on ErrorPayload { message } } }`, nil))
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
	if data := graphQL(t, one, owner, `{ nodes { node wrong nodes { name state position leaderPosition lagHistorySeconds startedAt liteFSLagSeconds wrong } } }`, nil); !strings.Contains(string(data), `{"node":"app","wrong":0,"nodes":[{"name":"app","state":"OK","position":`) {
		t.Errorf("the API says %s", data)
	}
}

// status runs the command of that name.
func status(t *testing.T, n *testNode, key string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = Run(t.Context(), []string{"status", "--url", n.public, "--key", key}, &out, &errs)
	return code, out.String(), errs.String()
}

// TestStatusFollowsTheNodes watches from a terminal: pictures come until Ctrl-C, as lines of JSON.
func TestStatusFollowsTheNodes(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := startNode(t, "DB_FILE="+db, "NODE_NAME=app")
	leader.waitReady(t)
	key := newKey(t, db)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, errs lockedBuffer
	ended := make(chan int, 1)
	go func() {
		ended <- Run(ctx, []string{"status", "--url", leader.public, "--key", key, "--watch", "--every", "100ms", "--json"}, &out, &errs)
	}()
	testwait.NoFault(t, func() string {
		if strings.Count(out.String(), "\n") < 2 {
			return "printed: " + out.String() + errs.String()
		}
		return ""
	})
	stop()
	if code := <-ended; code != 0 || errs.String() != "" {
		t.Errorf("it ended with %d: %s", code, errs.String())
	}
	first, _, _ := strings.Cut(out.String(), "\n")
	var topology trip2g.Topology
	if err := json.Unmarshal([]byte(first), &topology); err != nil || states(topology) != "app OK" {
		t.Errorf("the first line is %s: %v", first, err)
	}
}

// TestTheStreamIsTheOwnersAlone asks for it as a stranger and by every other method, and then signs out
// while it runs: on a replica too it ends, and says why.
func TestTheStreamIsTheOwnersAlone(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := startNode(t, "DB_FILE="+db, "NODE_NAME=app", "OWNER_EMAIL="+testOwner)
	leader.waitReady(t)
	replica := startNode(t, "DB_FILE="+db, "NODE_NAME=r1", "LEADER_ADDR="+leader.internalAddr)
	replica.waitReady(t)
	for _, n := range []*testNode{leader, replica} {
		if status, body := get(n.public + nodes.EventsPath); status != http.StatusUnauthorized || strings.Contains(body, "r1") {
			t.Errorf("a stranger is answered %d %s", status, body)
		}
		res, err := http.Post(n.public+nodes.EventsPath, "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("a POST is answered %s", res.Status)
		}
	}
	owner := signInOwner(t, leader)
	onLeader, _ := watch(t, leader, owner)
	onReplica, _ := watch(t, replica, owner)
	graphQL(t, replica, owner, `mutation { signOut { __typename } }`, nil)
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
	leader := startNode(t, "DB_FILE="+filepath.Join(t.TempDir(), "data.sqlite3"), "OWNER_EMAIL="+testOwner)
	leader.waitReady(t)
	events, _ := watch(t, leader, signInOwner(t, leader))
	<-events
	if err := leader.stop(); err != nil {
		t.Fatal(err)
	}
	for range events {
	}
	if strings.Contains(leader.log.String(), "were cut") {
		t.Error("the stream had to be cut")
	}
}

// TestOnlyAReplicaReports posts reports and counts as somebody would who reaches a node's ports and has
// no secret: nothing of them is taken, on either port of either node.
func TestOnlyAReplicaReports(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := startNode(t, "DB_FILE="+db, "NODE_NAME=app", "OWNER_EMAIL="+testOwner)
	leader.waitReady(t)
	replica := startNode(t, "DB_FILE="+db, "NODE_NAME=r1", "LEADER_ADDR="+leader.internalAddr)
	replica.waitReady(t)
	forged := map[string]string{
		nodes.ReportPath:   `{"node":{"name":"forged","role":"replica"}}`,
		notfound.RelayPath: `{"sender":"forged","number":1,"counts":{"/forged":1}}`,
	}
	for path, body := range forged {
		for _, base := range []string{leader.public, leader.internal, replica.public, replica.internal} {
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
	topology := awaitTopology(t, leader, signInOwner(t, leader), "the replica reports", func(topology trip2g.Topology) bool { return len(topology.Nodes) > 1 })
	if names := states(topology); strings.Contains(names, "forged") {
		t.Errorf("the picture has %s", names)
	}
	if pages := missingPages(t, db); len(pages) > 0 {
		t.Errorf("these are counted: %v", pages)
	}
}

// TestAReplicasMissingPagesAreCountedOnTheLeader asks both nodes for what is not there.
func TestAReplicasMissingPagesAreCountedOnTheLeader(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := startNode(t, "DB_FILE="+db, "NODE_NAME=app")
	leader.waitReady(t)
	replica := startNode(t, "DB_FILE="+db, "NODE_NAME=r1", "LEADER_ADDR="+leader.internalAddr)
	replica.waitReady(t)
	for range 3 {
		get(replica.public + "/nowhere")
	}
	get(leader.public + "/nowhere")
	if status, body := get(replica.internal + "/metrics"); status != http.StatusOK || !strings.Contains(body, "trip2g_missing_pages_waiting 1") {
		t.Errorf("the replica's metrics do not tell of the page that waits: %d", status)
	}
	for _, n := range []*testNode{replica, leader} {
		if err := n.stop(); err != nil {
			t.Fatal(err)
		}
	}
	if pages := missingPages(t, db); len(pages) != 1 || pages[0].Path != "/nowhere" || pages[0].Count != 4 {
		t.Errorf("counted are %+v", pages)
	}
}

// missingPages lists what is counted in a database that no leader has open.
func missingPages(t *testing.T, path string) []trip2g.MissingPage {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	pages, err := db.Missing(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	return pages
}
