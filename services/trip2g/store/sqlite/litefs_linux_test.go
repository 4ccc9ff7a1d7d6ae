package sqlite

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"maragu.dev/goqite"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
)

func TestAReplicaFollowsItsLeaderThroughLiteFS(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	node := litefstest.StartReplica(t, leader)
	path := node.Path("data.sqlite3")

	var reported reasons
	opened := make(chan *ReadDB, 1)
	go func() {
		defer close(opened)
		r, err := OpenReplica(t.Context(), path, Options{Waiting: reported.add})
		if err != nil {
			t.Error(err)
			return
		}
		opened <- r
	}()
	testwait.Until(t, "the replica says that it waits for the file", func() bool { return reported.has("to exist") })
	db, err := OpenLeader(t.Context(), leader.Path("data.sqlite3"), Options{})
	ok(t, err)
	defer db.Close()
	replica := <-opened
	if replica == nil {
		t.FailNow()
	}
	defer replica.Close()

	ids, _ := push(t, db, stageA, false, "n.md=text", "m.md=x")
	asset := store(t, db, strings.Repeat("file", chunkSize))
	attach(t, db, stageA, ids[0], "f", asset, false)
	position := commit(t, db, stageA)
	f := follow(replica)
	testwait.Until(t, "the replica has the commit", func() bool {
		ok(t, f.catchUp(t.Context(), 10))
		return f.position == position
	})
	wantSite(t, replica, "m.md=x", "n.md=text")
	file, err := replica.OpenAsset(t.Context(), asset.Hash)
	ok(t, err)
	ok(t, drain(file))

	wantReplicaRefused(t, path)
	ok(t, replica.Ready(t.Context()))
	push(t, db, stageA, true, "n.md=after")
	testwait.Until(t, "the replica still follows", func() bool { return strings.Contains(strings.Join(site(t, replica), " "), "n.md=after") })

	ok(t, db.Close())
	leader.Stop()
	testwait.Until(t, "the replica misses its leader", func() bool {
		_, err := os.Stat(node.Path(".primary"))
		return errors.Is(err, fs.ErrNotExist)
	})
	wantReplicaRefused(t, path)
	wantSite(t, replica, "m.md=x", "n.md=after")
}

func wantReplicaRefused(t *testing.T, path string) {
	t.Helper()
	if _, err := OpenLeader(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), "TRIP2G_LEADER_ADDR") {
		t.Errorf("opening a replica's copy for writing: %v", err)
	}
}

// Every commit is sent to every replica, so a write without a change must not commit.
func TestAWriteWithoutAChangeIsNotReplicated(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	db, err := OpenLeader(t.Context(), leader.Path("data.sqlite3"), Options{})
	ok(t, err)
	defer db.Close()
	push(t, db, stageA, true, "n.md=text")
	queue := goqite.New(goqite.NewOpts{DB: db.Writer(), Name: "jobs"})
	before := replicated(t, leader)
	for range 3 {
		push(t, db, stageA, true, "n.md=text")
		push(t, db, stageA, false, "n.md=text")
		commit(t, db, stageA)
		message, err := queue.Receive(t.Context())
		if message != nil || err != nil {
			t.Fatalf("received %v, %v", message, err)
		}
		must[trip2g.PurgeResult](t)(db.purge(t.Context(), newCutoffs(time.Now(), time.Now())))
	}
	if after := replicated(t, leader); after != before {
		t.Errorf("LiteFS's position went from %q to %q", before, after)
	}
	push(t, db, stageA, true, "n.md=other")
	if replicated(t, leader) == before {
		t.Error("LiteFS's position does not change with a write")
	}
}

// replicated returns LiteFS's position.
func replicated(t *testing.T, node *litefstest.Node) string {
	t.Helper()
	content, err := os.ReadFile(node.Path("data.sqlite3-pos"))
	ok(t, err)
	return string(content)
}

// A call to a LiteFS that hangs cannot be interrupted, but the client must get a response.
func TestAWriteToAHungLiteFSIsIndeterminate(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	db, err := OpenLeader(t.Context(), leader.Path("data.sqlite3"), Options{})
	ok(t, err)
	defer db.Close()
	push(t, db, stageA, true, "n.md=text")
	thaw := leader.Freeze()
	defer thaw() // before the database is closed
	err = db.NameVault(t.Context(), "vault")
	if trip2g.ErrorCode(err) != trip2g.EINDETERMINATE {
		t.Errorf("the write ended with %v", err)
	}
	if _, err := db.Changes(t.Context(), 0, 10); trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE {
		t.Errorf("a read ended with %v", err)
	}
	thaw()
	push(t, db, stageA, true, "n.md=after")
	wantSite(t, db.ReadDB, "n.md=after")
}
