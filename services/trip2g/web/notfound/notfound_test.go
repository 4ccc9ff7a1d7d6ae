package notfound

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/store/sqlite"
)

func openDB(t *testing.T) *sqlite.DB {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// counted returns the owner's count of /x.
func counted(t *testing.T, db *sqlite.DB) int64 {
	t.Helper()
	pages, err := db.NotFoundPaths(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) == 0 {
		return 0
	}
	return pages[0].Count
}

// start runs a tracker that sends almost at once. stop ends it and waits for its end.
func start(t *testing.T, tracker *Tracker) (stop func()) {
	t.Helper()
	tracker.every = time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- tracker.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the tracker ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func TestMissingPagesAreWrittenAndTheLastAtTheEnd(t *testing.T) {
	db := openDB(t)
	m := NewTracker(db, zerolog.Nop(), nil)
	stop := start(t, m)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 250 {
				m.Add("/x")
			}
		})
	}
	wg.Wait()
	testwait.Until(t, "all are counted", func() bool { return counted(t, db) == 1000 })
	stop()

	m = NewTracker(db, zerolog.Nop(), nil)
	stop = start(t, m)
	m.Add("/x")
	stop()
	if got := counted(t, db); got != 1001 {
		t.Errorf("after the end %d are counted", got)
	}
}

func TestMissingPagesAreBoundedInMemory(t *testing.T) {
	m := NewTracker(nil, zerolog.Nop(), nil)
	for i := range maxTracked + 100 {
		m.Add(fmt.Sprintf("/%d", i))
	}
	m.Add("/0")
	m.Add("/" + strings.Repeat("x", 5000))
	m.Add("/\xff")
	if len(m.counts) != maxTracked || m.counts["/0"] != 2 {
		t.Errorf("%d paths wait, the first %d times", len(m.counts), m.counts["/0"])
	}
}

// TestAFloodIsSentInBatchesThatTheLeaderTakes counts as many paths as fit. The leader accepts each
// batch.
func TestAFloodIsSentInBatchesThatTheLeaderTakes(t *testing.T) {
	db := openDB(t)
	batches := 0
	m := NewTracker(storeFunc(func(ctx context.Context, batch trip2g.NotFoundBatch) error {
		batches++
		if err := batch.Validate(); err != nil {
			t.Errorf("batch %d: %v", batch.Number, err)
		}
		return db.AddNotFound(ctx, batch)
	}), zerolog.Nop(), nil)
	for i := range 2500 {
		m.Add(fmt.Sprintf("/%d", i))
	}
	for i := range 200 {
		m.Add(fmt.Sprintf("/%d%s", i, strings.Repeat("x", 1000)))
	}
	testwait.Until(t, "all batches are sent", func() bool { return !m.flush(t.Context(), false) })
	if pages, err := db.NotFoundPaths(t.Context(), 5000); err != nil || len(pages) != 2700 || batches < 4 {
		t.Errorf("%d pages arrived in %d batches, %v", len(pages), batches, err)
	}
}

type storeFunc func(context.Context, trip2g.NotFoundBatch) error

func (f storeFunc) AddNotFound(ctx context.Context, batch trip2g.NotFoundBatch) error {
	return f(ctx, batch)
}

// While writes fail, no count is lost and the log has one line.
func TestCountsOutliveAFullDisk(t *testing.T) {
	db := openDB(t)
	var broken atomic.Bool
	var failed, lines atomic.Int32
	broken.Store(true)
	store := storeFunc(func(ctx context.Context, batch trip2g.NotFoundBatch) error {
		if broken.Load() {
			failed.Add(1)
			return errors.New("disk full")
		}
		return db.AddNotFound(ctx, batch)
	})
	m := NewTracker(store, zerolog.New(zerolog.NewTestWriter(t)).Hook(zerolog.HookFunc(func(*zerolog.Event, zerolog.Level, string) { lines.Add(1) })), nil)
	start(t, m)
	m.Add("/x")
	testwait.Until(t, "several writes failed", func() bool { return failed.Load() > 3 })
	m.Add("/x")
	if lines.Load() != 1 {
		t.Errorf("the log has %d lines of one trouble", lines.Load())
	}
	broken.Store(false)
	testwait.Until(t, "the counts are written", func() bool { return counted(t, db) == 2 })
}

// TestABatchWhoseAnswerIsLostCountsOnce loses the responses to stored batches. Later 404s are
// counted, and nothing is counted twice.
func TestABatchWhoseAnswerIsLostCountsOnce(t *testing.T) {
	db := openDB(t)
	var m *Tracker
	lost := 0
	m = NewTracker(storeFunc(func(ctx context.Context, batch trip2g.NotFoundBatch) error {
		if err := db.AddNotFound(ctx, batch); err != nil || lost == 4 {
			return err
		}
		lost++
		m.Add("/x")
		return errors.New("the connection was lost")
	}), zerolog.Nop(), nil)
	m.Add("/x")
	for m.flush(t.Context(), true) {
	}
	if got := counted(t, db); got != 5 || m.waiting() != 0 {
		t.Errorf("%d are counted, want 5; %d paths wait", got, m.waiting())
	}
}

// A batch that the leader will never accept is dropped.
func TestABatchThatIsRefusedDoesNotHoldTheNextUp(t *testing.T) {
	db := openDB(t)
	m := NewTracker(storeFunc(func(ctx context.Context, batch trip2g.NotFoundBatch) error {
		if batch.Number == 1 {
			return trip2g.Errorf(trip2g.EINVALID, "no")
		}
		return db.AddNotFound(ctx, batch)
	}), zerolog.Nop(), nil)
	m.Add("/y")
	m.flush(t.Context(), false)
	m.Add("/x")
	m.flush(t.Context(), false)
	if got := counted(t, db); got != 1 || m.waiting() != 0 {
		t.Errorf("%d are counted and %d paths wait", got, m.waiting())
	}
}
