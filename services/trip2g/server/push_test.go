package server_test

import (
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	_ "github.com/ncruces/go-sqlite3/driver" // holds a lock as another program does

	"trip2g/services/trip2g"
)

// pushRequest sends one request of a push to a node and returns the answer. An id of "" stands for
// a client without ids.
func pushRequest(t *testing.T, node *servertest.Node, key, id, query string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, node.Public+"/graphql", strings.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-API-Key", key)
	if id != "" {
		req.Header.Set(trip2g.PushIDHeader, id)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

const (
	stageQuery  = `{"query":"mutation { pushNotes(input: {updates: [{path: \"PATH.md\", content: \"---\\nfree: true\\n---\\ntext of PATH\"}], skipCommit: true}) { __typename } }"}`
	commitQuery = `{"query":"mutation { commitNotes { __typename ... on ErrorPayload { code } } }"}`
)

// A push goes through whichever node receives its next request. Its staged changes do not depend on
// the node.
func TestTwoPushesWithOneKeyThroughTwoNodesNeverShowHalfOfEachOther(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=one")
	leader.WaitReady(t)
	replica := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=two", "LEADER_ADDR="+leader.InternalAddr, "SESSION_COOKIE_NAME=session_r1")
	replica.WaitReady(t)
	key := servertest.NewKey(t, db)
	const large, small = "the-large-push-0001", "the-small-push-0001"
	stage := func(node *servertest.Node, id, path string) {
		t.Helper()
		if answer := pushRequest(t, node, key, id, strings.ReplaceAll(stageQuery, "PATH", path)); !strings.Contains(answer, "PushNotesPayload") {
			t.Fatalf("%s: %s", path, answer)
		}
	}
	commit := func(node *servertest.Node, id string) {
		t.Helper()
		if answer := pushRequest(t, node, key, id, commitQuery); !strings.Contains(answer, "CommitNotesPayload") {
			t.Fatalf("the commit of %s: %s", id, answer)
		}
	}
	wantVisible := func(want ...string) {
		t.Helper()
		for _, path := range []string{"one", "two", "small", "old"} {
			status, _ := servertest.Get(leader.Public + "/" + path)
			if visible := strings.Contains(strings.Join(want, " "), path); visible != (status == http.StatusOK) {
				t.Errorf("/%s is %d", path, status)
			}
		}
	}
	stage(replica, large, "one")
	stage(leader, "", "old")
	stage(leader, small, "small")
	commit(replica, small)
	wantVisible("small")
	stage(leader, large, "two")
	commit(replica, large)
	commit(leader, large) // the answer of the first one was lost
	wantVisible("small", "one", "two")
	commit(replica, "") // an old client is the same one through every node
	wantVisible("small", "one", "two", "old")
}
