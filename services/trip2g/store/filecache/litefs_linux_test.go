package filecache

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/store/sqlite"
)

const database = "data.sqlite3"

// replicaOf returns a leader's database on a mount and its replica. caughtUp waits until the
// replica has the newest commit.
func replicaOf(t testing.TB) (leader *store, replica *sqlite.ReadDB, caughtUp func()) {
	t.Helper()
	primary := litefstest.StartPrimary(t)
	leader = openStore(t, primary.Path(database))
	node := litefstest.StartReplica(t, primary)
	node.WaitFor(primary, database)
	replica, err := sqlite.OpenReplica(t.Context(), node.Path(database), sqlite.Options{})
	ok(t, err)
	t.Cleanup(func() { replica.Close() })
	return leader, replica, func() { node.WaitFor(primary, database) }
}

// load lets 8 clients read different files in turn until stop is called, and counts the files.
func load(t testing.TB, source trip2g.AssetReader, hashes []string) (read *atomic.Int64, stop func()) {
	const clients = 8
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	read = &atomic.Int64{}
	for client := range clients {
		wg.Go(func() {
			for i := client; ctx.Err() == nil; i += clients {
				if err := readAll(ctx, source, hashes[i%len(hashes)]); err == nil {
					read.Add(1)
				} else if ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
	}
	return read, func() {
		cancel()
		wg.Wait()
	}
}

func readAll(ctx context.Context, source trip2g.AssetReader, hash string) error {
	file, err := source.OpenAsset(ctx, hash)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(io.Discard, file)
	return err
}

func write(t testing.TB, db *sqlite.DB, n int) {
	t.Helper()
	_, _, err := db.PushNotes(t.Context(), trip2g.Stage{Author: "key:1"}, []trip2g.NoteUpdate{{Path: "n.md", Content: fmt.Sprint(n)}}, true)
	ok(t, err)
}

// Requests for more large files than fit into the cache must not delay the leader's changes.
func TestAReplicaFollowsUnderAHeavyLoadOfLargeFiles(t *testing.T) {
	leader, replica, caughtUp := replicaOf(t)
	var hashes []string
	for i := range 10 {
		hash, _ := leader.put(t, uint64(i), 5*chunkSize)
		hashes = append(hashes, hash)
	}
	caughtUp()
	c, log := newCache(t, replica, func(o *Options) { o.DiskSize = 3 * 5 * chunkSize })
	read, stop := load(t, c, hashes)
	defer stop()
	for i := range 20 {
		write(t, leader.DB, i)
		caughtUp()
		set, err := replica.Changes(t.Context(), 0, 10)
		if err != nil || len(set.Notes) != 1 || set.Notes[0].Content != fmt.Sprint(i) {
			t.Fatalf("after write %d the replica has %+v, %v", i, set, err)
		}
	}
	testwait.Until(t, "the clients get their files", func() bool { return read.Load() >= 20 })
	if log.String() != "" {
		t.Errorf("the log says %s", log)
	}
}

// BenchmarkReplicationLag measures the time from the start of a write on the leader until the
// replica has it, in ms: idle, and while 8 clients read different large files of the replica
// through the cache or, for comparison, directly from the database.
func BenchmarkReplicationLag(b *testing.B) {
	leader, replica, caughtUp := replicaOf(b)
	var hashes []string
	for i := range 24 {
		hash, _ := leader.put(b, uint64(i), 4*mib)
		hashes = append(hashes, hash)
	}
	caughtUp()
	for _, mode := range []string{"idle", "copies", "direct", "database"} {
		b.Run(mode, func(b *testing.B) {
			var source trip2g.AssetReader = replica
			switch mode {
			case "copies":
				source, _ = newCache(b, replica, func(o *Options) { o.DiskSize = 40 * mib })
			case "direct":
				source, _ = newCache(b, replica, func(o *Options) { o.DiskSize = 0 })
			}
			if mode != "idle" {
				begun := time.Now()
				read, stop := load(b, source, hashes)
				defer func() {
					b.ReportMetric(float64(4*read.Load())/time.Since(begun).Seconds(), "MiB/s")
					stop()
				}()
			}
			lags := make([]float64, 0, b.N)
			for i := range b.N {
				begun := time.Now()
				write(b, leader.DB, int(begun.UnixNano())+i)
				caughtUp()
				lags = append(lags, float64(time.Since(begun).Microseconds())/1000)
				time.Sleep(10 * time.Millisecond)
			}
			slices.Sort(lags)
			b.ReportMetric(lags[len(lags)/2], "p50-ms")
			b.ReportMetric(lags[len(lags)*99/100], "p99-ms")
			b.ReportMetric(0, "ns/op")
		})
	}
}
