package litefs_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"trip2g/internal/litefs"
	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/sqlitevfs"
	"trip2g/internal/testwait"
)

const database = "data.sqlite3"

// patience bounds waits; it is far more than anything takes.
const patience = 30 * time.Second

func open(t *testing.T, n *litefstest.Node) *litefs.Node {
	t.Helper()
	node, err := litefs.Open(n.Mount, n.API)
	if err != nil {
		t.Fatal(err)
	}
	return node
}

// write commits one transaction on the leader, the first of them on a new
// database.
func write(t *testing.T, leader *litefstest.Node) {
	t.Helper()
	query := url.Values{"vfs": {sqlitevfs.Name}, "_pragma": {"journal_mode(wal)"}}
	db, err := sqlite3.Open("file:" + leader.Path(database) + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Exec(`CREATE TABLE IF NOT EXISTS t (x); INSERT INTO t VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func position(t *testing.T, n *litefs.Node) litefs.Position {
	t.Helper()
	p, err := n.Position(database)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAReplicaKnowsItsRoleAndLeaderWhileTheLeaderRuns(t *testing.T) {
	ctx := t.Context()
	primary := litefstest.StartPrimary(t)
	secondary := litefstest.StartReplica(t, primary)
	leader, replica := open(t, primary), open(t, secondary)

	if role, err := leader.Role(ctx); role != litefs.Primary || err != nil {
		t.Errorf("leader's role: %q, %v", role, err)
	}
	if host, connected, err := leader.Leader(); host != "" || connected || err != nil {
		t.Errorf("leader's leader: %q, %t, %v", host, connected, err)
	}
	if lag, err := leader.Lag(); lag != 0 || err != nil {
		t.Errorf("leader's lag: %v, %v", lag, err)
	}

	testwait.Until(t, "the replica to hear from its leader", func() bool {
		_, err := replica.Lag()
		return err == nil
	})
	if role, err := replica.Role(ctx); role != litefs.Replica || err != nil {
		t.Errorf("replica's role: %q, %v", role, err)
	}
	if host, connected, err := replica.Leader(); host != "leader.test" || !connected || err != nil {
		t.Errorf("replica's leader: %q, %t, %v", host, connected, err)
	}

	primary.Stop()
	testwait.Until(t, "the replica to notice that its leader is gone", func() bool {
		_, connected, err := replica.Leader()
		return err == nil && !connected
	})
	if role, err := replica.Role(ctx); role != litefs.Replica || err != nil {
		t.Errorf("role of a replica without its leader: %q, %v", role, err)
	}
	last, err := replica.Lag()
	if err != nil {
		t.Fatal(err)
	}
	testwait.Until(t, "the lag to grow while the leader is away", func() bool {
		lag, err := replica.Lag()
		return err == nil && lag > last
	})
}

func TestAReplicaServesWhatItHadWhenItRestartsWithoutItsLeader(t *testing.T) {
	primary := litefstest.StartPrimary(t)
	secondary := litefstest.StartReplica(t, primary)
	write(t, primary)
	secondary.WaitFor(primary, database)
	leader, replica := open(t, primary), open(t, secondary)
	want := position(t, leader)

	primary.Stop()
	secondary.Stop()
	secondary.Start()
	if got := position(t, replica); got != want {
		t.Errorf("position after the restart: %v, want %v", got, want)
	}
	if _, err := replica.Lag(); !errors.Is(err, litefs.ErrNotSynced) {
		t.Errorf("lag before a word from the leader: %v, want ErrNotSynced", err)
	}
}

func TestAnEmptyReplicaStartsWithoutItsLeaderAndCatchesUpLater(t *testing.T) {
	primary := litefstest.StartPrimary(t)
	write(t, primary)
	want := position(t, open(t, primary))
	primary.Stop()
	replica := open(t, litefstest.StartReplica(t, primary))
	if p, err := replica.Position(database); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("position of a database that is not there: %v, %v; want os.ErrNotExist", p, err)
	}
	primary.Start()
	testwait.Until(t, "the replica to catch up", func() bool {
		got, err := replica.Position(database)
		return err == nil && got == want
	})
}

func TestPositionGrowsWithEachWriteOnEveryNode(t *testing.T) {
	primary := litefstest.StartPrimary(t)
	secondary := litefstest.StartReplica(t, primary)
	leader, replica := open(t, primary), open(t, secondary)
	var last litefs.Position
	for range 3 {
		write(t, primary)
		now := position(t, leader)
		if now.TXID <= last.TXID || now.Checksum == last.Checksum {
			t.Errorf("position went from %v to %v", last, now)
		}
		secondary.WaitFor(primary, database)
		if got := position(t, replica); got != now {
			t.Errorf("the replica's position is %v, the leader's %v", got, now)
		}
		last = now
	}
}

// next returns the next event of a kind, whatever comes before it.
func next(t *testing.T, events <-chan litefs.Event, kind litefs.Kind) litefs.Event {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case e, open := <-events:
			if !open {
				t.Fatalf("the events ended before a %q", kind)
			}
			if e.Kind == kind {
				return e
			}
		case <-deadline:
			t.Fatalf("no %q event", kind)
		}
	}
}

func TestAFollowerSeesWritesBeforeAndAfterItsNodeRestarts(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	primary := litefstest.StartPrimary(t)
	secondary := litefstest.StartReplica(t, primary)
	replica := open(t, secondary)
	events := replica.Events(ctx)
	if e := next(t, events, litefs.Connected); e.Role != litefs.Replica {
		t.Errorf("on connecting: %+v", e)
	}
	for range 2 {
		before := time.Now()
		write(t, primary)
		secondary.WaitFor(primary, database)
		want := position(t, replica)
		e := next(t, events, litefs.Committed)
		for e.Position != want {
			e = next(t, events, litefs.Committed)
		}
		if e.DB != database || e.Time.Before(before.Truncate(time.Millisecond)) {
			t.Errorf("committed: %+v", e)
		}
		secondary.Stop()
		if e := next(t, events, litefs.Disconnected); e.Err == nil {
			t.Error("disconnected without a reason")
		}
		secondary.Start()
		next(t, events, litefs.Connected)
	}
	primary.Stop()
	if e := next(t, events, litefs.LeaderChanged); e.Role != litefs.Replica || e.Leader != "" {
		t.Errorf("on losing the leader: %+v", e)
	}
	primary.Start()
	for e := next(t, events, litefs.LeaderChanged); e.Leader != "leader.test"; {
		e = next(t, events, litefs.LeaderChanged)
	}
	cancel()
	for range events {
	}
}

// wantWake waits for a wake-up that finds the database changed.
func wantWake(t *testing.T, wake <-chan struct{}, n *litefs.Node, last litefs.Position) litefs.Position {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case _, open := <-wake:
			if !open {
				t.Fatal("the watch ended")
			}
			if now, err := n.Position(database); err == nil && now != last {
				return now
			}
		case <-deadline:
			t.Fatal("no wake-up after a write")
		}
	}
}

func TestAWatcherIsWokenByEachWriteAndStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	primary := litefstest.StartPrimary(t)
	secondary := litefstest.StartReplica(t, primary)
	replica := open(t, secondary)
	wake := replica.Watch(ctx, database)
	var last litefs.Position
	for range 3 {
		write(t, primary)
		secondary.WaitFor(primary, database)
		last = wantWake(t, wake, replica, last)
	}
	// A receiver that was away finds one value, not one for each change.
	for range 3 {
		write(t, primary)
	}
	secondary.WaitFor(primary, database)
	last = wantWake(t, wake, replica, last)
	secondary.Stop()
	secondary.Start()
	write(t, primary)
	secondary.WaitFor(primary, database)
	wantWake(t, wake, replica, last)

	cancel()
	for range wake {
	}
}

func TestAWatcherIsWokenWhenTheNodesAPICannotBeReached(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	primary := litefstest.StartPrimary(t)
	node, err := litefs.Open(primary.Mount, "http://"+closed.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	wake := node.Watch(t.Context(), database)
	var last litefs.Position
	for range 3 {
		write(t, primary)
		last = wantWake(t, wake, node, last)
	}
	if role, err := node.Role(t.Context()); err == nil {
		t.Errorf("role is %q although nobody could tell", role)
	}
}

func TestADirectoryWithoutARunningMountIsReportedAsSuch(t *testing.T) {
	if _, err := litefs.Open(t.TempDir(), litefs.DefaultAPI); !errors.Is(err, litefs.ErrNotLiteFS) {
		t.Errorf("a plain directory: %v, want ErrNotLiteFS", err)
	}
	primary := litefstest.StartPrimary(t)
	for _, api := range []string{"", "127.0.0.1:20202", "https://127.0.0.1:20202", "http://", "http://h/path", "http://h?q", "http://u@h", "http://h:x"} {
		if _, err := litefs.Open(primary.Mount, api); err == nil {
			t.Errorf("API address %q was taken", api)
		}
	}
	node := open(t, primary)
	primary.Kill()
	if _, err := litefs.Open(primary.Mount, primary.API); !errors.Is(err, litefs.ErrStale) || !strings.Contains(err.Error(), "fusermount3 -uz") {
		t.Errorf("a mount whose LiteFS was killed: %v, want ErrStale and the cure", err)
	}
	if _, err := node.Lag(); !errors.Is(err, litefs.ErrStale) {
		t.Errorf("lag on a stale mount: %v, want ErrStale", err)
	}
	if _, err := node.Position(database); !errors.Is(err, syscall.ENOTCONN) {
		t.Errorf("position on a stale mount: %v", err)
	}
	primary.Start()
	if role, err := node.Role(t.Context()); role != litefs.Primary || err != nil {
		t.Errorf("after a restart over the stale mount: %q, %v", role, err)
	}
}

// Another program that listens at the address is not trusted.
func TestAnotherProgramAtTheNodesAddressIsReportedAsAnError(t *testing.T) {
	primary := litefstest.StartPrimary(t)
	for answer, complaint := range map[string]string{
		"hello\n":                   "malformed",
		"{}\n":                      "unknown type",
		`{"type":"init","data":{}}`: "no isPrimary",
		`{"type":"init"}`:           "malformed",
		`{"type":"init","data":{"isPrimary":true}}{}`:                                                      "more than one value",
		`{"type":"tx","db":"../x","data":{}}`:                                                              "not the name of a database",
		`{"type":"tx","db":"x","data":{"txID":"1","postApplyChecksum":"2"}}`:                               "not a position",
		`{"type":"tx","db":"x","data":{"timestamp":"yesterday"}}`:                                          "malformed",
		`{"type":"tx","db":"x-wal","data":{}}`:                                                             "reserves the suffix",
		`{"type":"tx","db":"x","data":{"txID":"000000000000000g","postApplyChecksum":"0000000000000000"}}`: "not hexadecimal",
		"":                                "ended the stream",
		strings.Repeat("x", 1<<20) + "\n": "token too long",
	} {
		stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(answer)) }))
		node, err := litefs.Open(primary.Mount, stranger.URL)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		events := node.Events(ctx)
		if e := next(t, events, litefs.Disconnected); !strings.Contains(e.Err.Error(), complaint) {
			t.Errorf("%.80q: %v, want %q in it", answer, e.Err, complaint)
		}
		cancel()
		stranger.Close()
	}
}

// docs/operate/backup.md describes the restore onto a new leader: a replica rejects its database
// until the id of the cluster is deleted.
func TestAReplicaWithoutAClusterIDAcceptsANewLeadersDatabase(t *testing.T) {
	lost := litefstest.StartPrimary(t)
	write(t, lost)
	write(t, lost)
	replica := litefstest.StartReplica(t, lost)
	replica.WaitFor(lost, database)
	lost.Stop()
	if err := os.RemoveAll(lost.Data); err != nil {
		t.Fatal(err)
	}
	lost.Start()
	write(t, lost)
	testwait.Until(t, "the replica to refuse the new leader", func() bool {
		return strings.Contains(replica.Log(), "different cluster id")
	})
	if err := os.Remove(filepath.Join(replica.Data, "clusterid")); err != nil {
		t.Fatal(err)
	}
	replica.Stop()
	replica.Start()
	replica.WaitFor(lost, database)
}
