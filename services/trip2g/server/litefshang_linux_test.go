package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"trip2g/services/trip2g/server/servertest"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/testwait"
)

// readyzDetail holds the fields of /readyz about a node's freshness.
type readyzDetail struct {
	Ready    bool
	Behind   int64
	Age      float64 `json:"age_seconds"`
	Note     string
	Missing  map[string]string
	Impaired map[string]string
}

// askReadyz requests a node's /readyz, which must answer at once.
func askReadyz(t *testing.T, n *servertest.Node) (d readyzDetail) {
	t.Helper()
	client := http.Client{Timeout: time.Second}
	res, err := client.Get(n.Internal + "/readyz")
	if err != nil {
		t.Fatalf("/readyz does not answer: %v", err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&d); err != nil {
		t.Fatal(err)
	}
	return d
}

// liteFSPair is a leader and a replica, each on the mount of a LiteFS node of its own.
type liteFSPair struct {
	leader, replica             *servertest.Node
	leadersLiteFS, replicasNode *litefstest.Node
	key                         string
}

func startLiteFSPair(t *testing.T) *liteFSPair {
	t.Helper()
	p := &liteFSPair{leadersLiteFS: litefstest.StartPrimary(t)}
	p.replicasNode = litefstest.StartReplica(t, p.leadersLiteFS)
	db := p.leadersLiteFS.Path("data.sqlite3")
	p.key = servertest.NewKey(t, db)
	p.leader = servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app", "LITEFS_URL="+p.leadersLiteFS.API)
	p.leader.WaitReady(t)
	p.replica = servertest.Start(t, "DB_FILE="+p.replicasNode.Path("data.sqlite3"), "NODE_NAME=r1", "LITEFS_URL="+p.replicasNode.API,
		"LEADER_ADDR="+p.leader.InternalAddr)
	p.replica.WaitReady(t)
	return p
}

// publish publishes a note through the leader.
func (p *liteFSPair) publish(t *testing.T, name, text string) {
	t.Helper()
	p.leader.PushNote(t, p.key, name, "---\nfree: true\n---\n"+text)
}

// TestAReplicaWhoseLiteFSHangsSaysSoAtOnce publishes while the replica's LiteFS stands still.
// Readers get the replica's copy, every probe is answered at once, and the leader is informed that
// the replica is behind.
func TestAReplicaWhoseLiteFSHangsSaysSoAtOnce(t *testing.T) {
	p := startLiteFSPair(t)
	p.publish(t, "before.md", "# Before")
	awaitNote(t, p.replica, "/before")
	thaw := p.replicasNode.Freeze()
	p.publish(t, "meanwhile.md", "# Meanwhile")
	testwait.NoFault(t, func() string {
		d := askReadyz(t, p.replica)
		if !d.Ready {
			t.Fatalf("it is not ready: %+v", d)
		}
		if d.Behind == 0 || d.Age < 5 || d.Note == "" || !strings.Contains(d.Impaired["database"], "has not answered for") {
			return fmt.Sprintf("%+v", d)
		}
		return ""
	})
	if status, body := servertest.Get(p.replica.Public + "/before"); status != http.StatusOK {
		t.Errorf("a page is %d %s", status, body)
	}
	wantProblem(t, p.leader, p.key, "r1: behind by ")
	wantProblem(t, p.leader, p.key, "r1: impaired: database: it has not answered for")
	thaw()
	awaitNote(t, p.replica, "/meanwhile")
	testwait.NoFault(t, func() string {
		if d := askReadyz(t, p.replica); !d.Ready || d.Behind != 0 || len(d.Impaired) != 0 {
			return fmt.Sprintf("%+v", d)
		}
		return ""
	})
}

func awaitNote(t *testing.T, n *servertest.Node, path string) {
	t.Helper()
	testwait.NoFault(t, func() string {
		if status, body := servertest.Get(n.Public + path); status != http.StatusOK {
			return fmt.Sprintf("%s is %d %s", path, status, body)
		}
		return ""
	})
}

// TestAWriteIsAnsweredWhenTheLeadersLiteFSHangs sends writes to a leader whose LiteFS stands still.
// The answer to the write that may be stored says so. The writes waiting behind it are answered as
// well, pages are served, and everything works afterwards.
func TestAWriteIsAnsweredWhenTheLeadersLiteFSHangs(t *testing.T) {
	p := startLiteFSPair(t)
	p.publish(t, "before.md", "# Before")
	awaitNote(t, p.leader, "/before")
	thaw := p.leadersLiteFS.Freeze()
	client := http.Client{Timeout: 30 * time.Second}
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			body := fmt.Sprintf(`{"query":"mutation { pushNotes(input: {updates: [{path: \"hung%d.md\", content: \"x\"}]}) { __typename ... on ErrorPayload { message } } }"}`, i)
			req, err := http.NewRequest(http.MethodPost, p.leader.Public+"/_system/graphql", strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("X-API-Key", p.key)
			res, err := client.Do(req)
			if err != nil {
				t.Errorf("write %d: %v", i, err)
				return
			}
			defer res.Body.Close()
			text, _ := io.ReadAll(res.Body)
			if !strings.Contains(string(text), "does not respond") {
				t.Errorf("write %d is answered %s %s", i, res.Status, text)
			}
		})
	}
	writers.Wait()
	if status, body := servertest.Get(p.leader.Public + "/before"); status != http.StatusOK {
		t.Errorf("a page is %d %s", status, body)
	}
	if d := askReadyz(t, p.leader); !d.Ready || d.Impaired["database"] == "" {
		t.Errorf("/readyz says %+v", d)
	}
	thaw()
	p.publish(t, "after.md", "# After")
	awaitNote(t, p.replica, "/after")
}

// TestAReplicaWhoseLiteFSNeverConnectsIsNotReady starts the replica's LiteFS with the id of another
// cluster, like one whose leader got a new volume. It would never receive any of the leader's
// changes.
func TestAReplicaWhoseLiteFSNeverConnectsIsNotReady(t *testing.T) {
	primary := litefstest.StartPrimary(t)
	beside := litefstest.StartReplica(t, primary)
	db := primary.Path("data.sqlite3")
	key := servertest.NewKey(t, db)
	beside.WaitFor(primary, "data.sqlite3")
	beside.Stop()
	if err := os.WriteFile(filepath.Join(beside.Data, "clusterid"), []byte("LFSC0123456789ABCDEF\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	beside.Start()

	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app", "LITEFS_URL="+primary.API)
	leader.WaitReady(t)
	replica := servertest.Start(t, "DB_FILE="+beside.Path("data.sqlite3"), "NODE_NAME=r1", "LITEFS_URL="+beside.API, "LEADER_ADDR="+leader.InternalAddr)
	awaitReadyz(t, replica, http.StatusServiceUnavailable, `"replication":"its LiteFS has not connected to the leader's since it started`)
	wantProblem(t, leader, key, "r1: not ready: replication: its LiteFS has not connected")
}
