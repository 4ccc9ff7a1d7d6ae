package jobs

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
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

type runFunc = func(ctx context.Context, body []byte) error

// newQuickRunner returns a runner with one job, "work", that retries failed and abandoned jobs
// almost at once.
func newQuickRunner(t *testing.T, db *sqlite.DB, work runFunc) *Runner {
	t.Helper()
	return newTestRunner(t, db, 100*time.Millisecond, work)
}

func newTestRunner(t *testing.T, db *sqlite.DB, visibilityTimeout time.Duration, work runFunc) *Runner {
	t.Helper()
	r := newRunner(db, zerolog.New(zerolog.NewTestWriter(t)), visibilityTimeout)
	r.pollInterval = 10 * time.Millisecond
	for name, job := range map[string]Job{"work": {Run: work}, purgeName: r.purgeJob()} {
		if err := r.Register(name, job); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// start runs a loop. stop ends it and waits for its end.
func start(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the loop ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

func enqueue(t *testing.T, r *Runner, body string) {
	t.Helper()
	if err := r.Enqueue(t.Context(), "work", []byte(body)); err != nil {
		t.Fatal(err)
	}
}

func queued(t *testing.T, db *sqlite.DB) (n int) {
	t.Helper()
	if err := db.Writer().QueryRow(`SELECT count(*) FROM goqite`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func lastRun(t *testing.T, db *sqlite.DB, name string) (trip2g.JobRun, bool) {
	t.Helper()
	runs, err := db.JobRuns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(runs, func(run trip2g.JobRun) bool { return run.Name == name })
	if i < 0 {
		return trip2g.JobRun{}, false
	}
	return runs[i], true
}

func TestAJobRunsOnceAndItsResultIsKept(t *testing.T) {
	db := openDB(t)
	bodies := make(chan string, 10)
	r := newQuickRunner(t, db, func(_ context.Context, body []byte) error { bodies <- string(body); return nil })
	r.pollInterval = time.Hour // only Enqueue wakes the runner
	start(t, r.Run)
	for _, body := range []string{"a", "b\x00\xff", ""} {
		enqueue(t, r, body)
		if got := <-bodies; got != body {
			t.Errorf("the job got %q, want %q", got, body)
		}
	}
	testwait.Until(t, "the queue is empty", func() bool { return queued(t, db) == 0 })
	testwait.Until(t, "the run is kept", func() bool {
		run, known := lastRun(t, db, "work")
		return known && run.Error == "" && !run.FinishedAt.Before(run.StartedAt)
	})
	if len(bodies) != 0 {
		t.Errorf("a job was done twice: %q", <-bodies)
	}
}

func TestAJobThatFailsIsTriedThreeTimes(t *testing.T) {
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("no luck") },
		"panic": func() error { panic("no luck") },
	} {
		db := openDB(t)
		var tries atomic.Int32
		r := newQuickRunner(t, db, func(context.Context, []byte) error { tries.Add(1); return fail() })
		stop := start(t, r.Run)
		enqueue(t, r, "")
		testwait.Until(t, name+": it was tried three times", func() bool { return tries.Load() == maxAttempts })
		testwait.Until(t, name+": its last visibility timeout ends", func() bool {
			var over bool
			err := db.Writer().QueryRow(`SELECT NOT EXISTS (SELECT 1 FROM goqite WHERE timeout >= strftime('%Y-%m-%dT%H:%M:%fZ'))`).Scan(&over)
			return err == nil && over
		})
		stop()
		for found := true; found; { // the scheduled purge may still wait in the queue
			var err error
			if found, err = r.next(t.Context()); err != nil {
				t.Fatalf("%s: the queue cannot be read: %v", name, err)
			}
		}
		if run, known := lastRun(t, db, "work"); !known || !strings.Contains(run.Error, "no luck") {
			t.Errorf("%s: its run is kept as %+v", name, run)
		}
		if tries.Load() != maxAttempts {
			t.Errorf("%s: it was tried %d times", name, tries.Load())
		}
	}
}

// A runner that stops in the middle of a job simulates a process that dies. Neither deletes the job
// from the queue.
func TestAnInterruptedJobRunsInTheNextProcess(t *testing.T) {
	db := openDB(t)
	begun := make(chan struct{})
	first := newQuickRunner(t, db, func(ctx context.Context, _ []byte) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	})
	stop := start(t, first.Run)
	enqueue(t, first, "body")
	<-begun
	stop()
	if run, known := lastRun(t, db, "work"); known {
		t.Errorf("an interrupted job has a result: %+v", run)
	}
	done := make(chan string, 1)
	second := newQuickRunner(t, db, func(_ context.Context, body []byte) error { done <- string(body); return nil })
	start(t, second.Run)
	if got := <-done; got != "body" {
		t.Errorf("it was done with %q", got)
	}
	testwait.Until(t, "the queue is empty", func() bool { return queued(t, db) == 0 })
}

func TestALongJobIsNotStartedTwice(t *testing.T) {
	db := openDB(t)
	var begun atomic.Int32
	finish := make(chan struct{})
	job := func(context.Context, []byte) error { begun.Add(1); <-finish; return nil }
	const timeout = 3 * time.Second // far longer than a busy machine delays an extension
	one, two := newTestRunner(t, db, timeout, job), newTestRunner(t, db, timeout, job)
	start(t, one.Run)
	start(t, two.Run)
	enqueue(t, one, "")
	var first, extended string
	hiddenUntil := func() (end string) {
		if err := db.Writer().QueryRow(`SELECT timeout FROM goqite WHERE received > 0`).Scan(&end); err != nil {
			return ""
		}
		return end
	}
	testwait.Until(t, "the job is hidden from other runners", func() bool { first = hiddenUntil(); return first != "" })
	for range 2 {
		testwait.Until(t, "its timeout is extended", func() bool { extended = hiddenUntil(); return extended > first })
		first = extended
	}
	close(finish)
	testwait.Until(t, "the queue is empty", func() bool { return queued(t, db) == 0 })
	if begun.Load() != 1 {
		t.Errorf("it was begun %d times", begun.Load())
	}
}

func TestAnUnknownJobInTheQueueStopsNothing(t *testing.T) {
	db := openDB(t)
	done := make(chan struct{})
	r := newQuickRunner(t, db, func(context.Context, []byte) error { close(done); return nil })
	for _, body := range []string{"no JSON", `{"name":"of a newer version"}`} {
		if _, err := db.Writer().Exec(`INSERT INTO goqite (queue, body) VALUES (?, ?)`, queueName, []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	start(t, r.Run)
	enqueue(t, r, "")
	<-done
	testwait.Until(t, "only the unknown job is left", func() bool { return queued(t, db) == 1 })
	if err := r.Enqueue(t.Context(), "unknown", nil); err == nil {
		t.Error("an unknown job was enqueued")
	}
	if err := r.Register("work", Job{}); err == nil {
		t.Error("two jobs were registered with one name")
	}
}

func TestPollingAnEmptyQueueWritesNothing(t *testing.T) {
	db := openDB(t)
	conn, err := db.Writer().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var before, after int
	if err := conn.QueryRowContext(t.Context(), `SELECT total_changes()`).Scan(&before); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	r := newQuickRunner(t, db, nil)
	for range 3 {
		if found, err := r.next(t.Context()); found || err != nil {
			t.Errorf("the empty queue gave %v, %v", found, err)
		}
	}
	if err := db.Writer().QueryRow(`SELECT total_changes()`).Scan(&after); err != nil || before != after {
		t.Errorf("rows changed: %d, %v", after-before, err)
	}
}
