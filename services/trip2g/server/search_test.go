package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"trip2g/internal/testwait"
)

// A note published through a replica is found by its words in the next search, on each node.
func TestAPublishedNoteIsFoundAtOnceOnEachNode(t *testing.T) {
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=one")
	leader.WaitReady(t)
	replica := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=two", "LEADER_ADDR="+leader.InternalAddr, "SESSION_COOKIE_NAME=session_r1", "READ_WAIT=30s")
	replica.WaitReady(t)
	key := servertest.NewKey(t, db)
	leader.PushNote(t, key, "index.md", "# Start")
	for _, n := range []*servertest.Node{leader, replica} {
		testwait.NoFault(t, func() string {
			if _, indexing := searchTotal(t, n, "start", ""); indexing {
				return "the index is not made"
			}
			return ""
		})
	}
	for i := range 5 {
		word := fmt.Sprintf("word%d", i)
		_, position := replica.PushNote(t, key, "hello.md", "The "+word)
		for name, n := range map[string]*servertest.Node{"leader": leader, "replica": replica} {
			if total, _ := searchTotal(t, n, word, position); total != 1 {
				t.Errorf("the %s finds %d notes with %s", name, total, word)
			}
		}
	}
}

func searchTotal(t *testing.T, n *servertest.Node, query, position string) (total int, indexing bool) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, n.Public+"/_system/search.json?q="+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if position != "" {
		req.Header.Set("X-Trip2g-Position", position)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Total    int
		Indexing bool
	}
	if err := json.Unmarshal(body, &answer); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the search answers %d %s", res.StatusCode, body)
	}
	return answer.Total, answer.Indexing
}
