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

// quickRunner has one job, "work", and begins what fails or was left again almost at once.
func quickRunner(t *testing.T, db *sqlite.DB, work Job) *Runner {
	t.Helper()
	return runnerFor(t, db, 100*time.Millisecond, work)
}

func runnerFor(t *testing.T, db *sqlite.DB, claimFor time.Duration, work Job) *Runner {
	t.Helper()
	r := newRunner(db, zerolog.New(zerolog.NewTestWriter(t)), claimFor)
	r.pollEvery = 10 * time.Millisecond
	for name, job := range map[string]Job{"work": work, purgeJob: r.purge} {
		if err := r.Register(name, job); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// start runs a loop and gives what ends it and waits for its end.
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

func TestAJobIsDoneOnceAndItsRunIsKept(t *testing.T) {
	db := openDB(t)
	bodies := make(chan string, 10)
	r := quickRunner(t, db, func(_ context.Context, body []byte) error { bodies <- string(body); return nil })
	r.pollEvery = time.Hour // what is enqueued must wake the runner
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
		r := quickRunner(t, db, func(context.Context, []byte) error { tries.Add(1); return fail() })
		stop := start(t, r.Run)
		enqueue(t, r, "")
		testwait.Until(t, name+": it was tried three times", func() bool { return tries.Load() == attempts })
		testwait.Until(t, name+": its last claim ends", func() bool {
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
		if tries.Load() != attempts {
			t.Errorf("%s: it was tried %d times", name, tries.Load())
		}
	}
}

// The process that dies is stood in for by a runner that stops in the middle: neither takes the
// job from the queue.
func TestAJobThatWasCutOffIsDoneByTheNextProcess(t *testing.T) {
	db := openDB(t)
	begun := make(chan struct{})
	first := quickRunner(t, db, func(ctx context.Context, _ []byte) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	})
	stop := start(t, first.Run)
	enqueue(t, first, "body")
	<-begun
	stop()
	if run, known := lastRun(t, db, "work"); known {
		t.Errorf("a job that was cut off has a result: %+v", run)
	}
	done := make(chan string, 1)
	second := quickRunner(t, db, func(_ context.Context, body []byte) error { done <- string(body); return nil })
	start(t, second.Run)
	if got := <-done; got != "body" {
		t.Errorf("it was done with %q", got)
	}
	testwait.Until(t, "the queue is empty", func() bool { return queued(t, db) == 0 })
}

func TestALongJobIsNotBegunTwice(t *testing.T) {
	db := openDB(t)
	var begun atomic.Int32
	finish := make(chan struct{})
	job := func(context.Context, []byte) error { begun.Add(1); <-finish; return nil }
	const claim = 3 * time.Second // far longer than a busy machine keeps a runner from its renewal
	one, two := runnerFor(t, db, claim, job), runnerFor(t, db, claim, job)
	start(t, one.Run)
	start(t, two.Run)
	enqueue(t, one, "")
	var claimed, renewed string
	read := func() (timeout string) {
		if err := db.Writer().QueryRow(`SELECT timeout FROM goqite WHERE received > 0`).Scan(&timeout); err != nil {
			return ""
		}
		return timeout
	}
	testwait.Until(t, "the job is claimed", func() bool { claimed = read(); return claimed != "" })
	for range 2 {
		testwait.Until(t, "the claim is renewed", func() bool { renewed = read(); return renewed > claimed })
		claimed = renewed
	}
	close(finish)
	testwait.Until(t, "the queue is empty", func() bool { return queued(t, db) == 0 })
	if begun.Load() != 1 {
		t.Errorf("it was begun %d times", begun.Load())
	}
}

func TestAStrangeMessageStopsNothing(t *testing.T) {
	db := openDB(t)
	done := make(chan struct{})
	r := quickRunner(t, db, func(context.Context, []byte) error { close(done); return nil })
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
		t.Error("a job that nobody does was taken into the queue")
	}
	if err := r.Register("work", nil); err == nil {
		t.Error("one name was given to two jobs")
	}
}

func TestThePurgeComesByItselfAndNotAtEveryStart(t *testing.T) {
	db := openDB(t)
	if err := db.PutSignInCode(t.Context(), trip2g.SignInCode{Email: "a@example.com", ExpiresAt: time.Now().Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	runner := func() *Runner {
		r, err := NewRunner(db, zerolog.New(zerolog.NewTestWriter(t)))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	stop := start(t, runner().Run)
	testwait.Until(t, "the purge has run", func() bool { run, known := lastRun(t, db, purgeJob); return known && run.Error == "" })
	stop()
	var codes int
	if err := db.Writer().QueryRow(`SELECT count(*) FROM sign_in_codes`).Scan(&codes); err != nil || codes != 0 {
		t.Errorf("%d codes out of date are left, %v", codes, err)
	}

	again := runner()
	again.enqueuePurge(t.Context())
	if n := queued(t, db); n != 0 {
		t.Errorf("a restart queued %d purges", n)
	}
	old := trip2g.JobRun{Name: purgeJob, StartedAt: time.Now().Add(-purgeEvery), FinishedAt: time.Now()}
	if err := db.PutJobRun(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	again.enqueuePurge(t.Context())
	if n := queued(t, db); n != 1 {
		t.Errorf("an hour later %d purges are queued", n)
	}
}

func TestLookingAtAnEmptyQueueCommitsNothing(t *testing.T) {
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
	r := quickRunner(t, db, nil)
	for range 3 {
		if found, err := r.next(t.Context()); found || err != nil {
			t.Errorf("the empty queue gave %v, %v", found, err)
		}
	}
	if err := db.Writer().QueryRow(`SELECT total_changes()`).Scan(&after); err != nil || before != after {
		t.Errorf("rows changed: %d, %v", after-before, err)
	}
}
