package jobs

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/store/sqlite"
)

func TestThePurgeRunsByItselfButNotAtEveryStart(t *testing.T) {
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
	testwait.Until(t, "the purge has run", func() bool { run, known := lastRun(t, db, purgeName); return known && run.Error == "" })
	stop()
	var codes int
	if err := db.Writer().QueryRow(`SELECT count(*) FROM sign_in_codes`).Scan(&codes); err != nil || codes != 0 {
		t.Errorf("%d codes out of date are left, %v", codes, err)
	}

	again := runner()
	if err := again.enqueueIfDue(t.Context(), purgeName, purgeEvery); err != nil {
		t.Fatal(err)
	}
	if n := queued(t, db); n != 0 {
		t.Errorf("a restart queued %d purges", n)
	}
	old := trip2g.JobRun{Name: purgeName, StartedAt: time.Now().Add(-purgeEvery), FinishedAt: time.Now()}
	if err := db.PutJobRun(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	if err := again.enqueueIfDue(t.Context(), purgeName, purgeEvery); err != nil {
		t.Fatal(err)
	}
	if n := queued(t, db); n != 1 {
		t.Errorf("an hour later %d purges are queued", n)
	}
}

// scheduledRunner returns a runner with one scheduled job that polls too rarely to matter.
func scheduledRunner(t *testing.T, db *sqlite.DB, every time.Duration, work runFunc) *Runner {
	t.Helper()
	r := newRunner(db, zerolog.New(zerolog.NewTestWriter(t)), visibilityTimeout)
	r.pollInterval = time.Hour
	if err := r.Register("scheduled", Job{Every: every, Run: work}); err != nil {
		t.Fatal(err)
	}
	return r
}

// A schedule that stopped after its first run would leave expired data in the database for good.
func TestAScheduledJobRunsAtTheStartAndAfterEachInterval(t *testing.T) {
	db := openDB(t)
	var runs atomic.Int32
	r := scheduledRunner(t, db, 10*time.Millisecond, func(context.Context, []byte) error { runs.Add(1); return nil })
	start(t, r.Run)
	testwait.Until(t, "it has run four times", func() bool { return runs.Load() >= 4 })

	hourly := make(chan struct{}, 10)
	r = scheduledRunner(t, openDB(t), time.Hour, func(context.Context, []byte) error { hourly <- struct{}{}; return nil })
	start(t, r.Run)
	<-hourly
}

// A purge that takes longer than its interval does not run twice at a time.
func TestAScheduledJobDoesNotOverlapItself(t *testing.T) {
	db := openDB(t)
	var running, runs atomic.Int32
	finish := make(chan struct{})
	r := scheduledRunner(t, db, 10*time.Millisecond, func(context.Context, []byte) error {
		if running.Add(1) > 1 {
			t.Error("it was started while it was running")
		}
		<-finish
		running.Add(-1)
		runs.Add(1)
		return nil
	})
	start(t, r.Run)
	testwait.Until(t, "it is due again while it runs", func() bool { return running.Load() == 1 && queued(t, db) >= 2 })
	close(finish)
	testwait.Until(t, "the next run has ended", func() bool { return runs.Load() >= 2 })
}
