// Package jobs is what a leader does in the background: a queue of jobs that outlives the
// process, and a schedule that fills it. A replica has none.
package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"maragu.dev/goqite"

	"trip2g/internal/wakeup"
	"trip2g/services/trip2g"
)

const (
	// queueName is the queue's in the table that may hold several.
	queueName = "jobs"
	// attempts is how often a job that fails is begun at most.
	attempts = 3
	// claimFor is how long a job belongs to whoever began it. A runner that lives claims it again
	// in time; one that died leaves it to be begun anew after that.
	claimFor = time.Minute
	// pollEvery is how often the queue is looked at for jobs to begin anew. New ones wake the
	// runner, and a look takes the database's write lock, so this is slow.
	pollEvery = 5 * time.Second
)

// Store is what jobs need of the leader's database.
type Store interface {
	trip2g.JobStore
	trip2g.Purger
	// Writer is the pool whose transactions write.
	Writer() *sql.DB
}

// Job does one kind of work. An error, or the process's end, makes it be done again, three times
// in all, so what was done before must do no harm. ctx ends with the runner.
type Job func(ctx context.Context, body []byte) error

// Runner begins jobs one after another.
type Runner struct {
	store Store
	queue *goqite.Queue
	log   zerolog.Logger
	jobs  map[string]Job
	wake  chan struct{}

	running atomic.Pointer[string] // the job that is being done; nil: none

	claimFor, pollEvery, purgeEvery time.Duration
}

// NewRunner makes a runner with the jobs that every leader has. Nothing happens before Run.
func NewRunner(store Store, log zerolog.Logger) (*Runner, error) {
	r := newRunner(store, log, claimFor)
	return r, r.Register(purgeJob, r.purge)
}

func newRunner(store Store, log zerolog.Logger, claimFor time.Duration) *Runner {
	return &Runner{
		store: store,
		queue: goqite.New(goqite.NewOpts{DB: store.Writer(), Name: queueName, MaxReceive: attempts, Timeout: claimFor}),
		log:   log.With().Str("part", "jobs").Logger(),
		jobs:  map[string]Job{},
		wake:  make(chan struct{}, 1),

		claimFor: claimFor, pollEvery: pollEvery, purgeEvery: purgeEvery,
	}
}

// Register names a job, before Run. An error: the name is taken.
func (r *Runner) Register(name string, job Job) error {
	if _, taken := r.jobs[name]; taken {
		return fmt.Errorf("register job %s: the name is taken", name)
	}
	r.jobs[name] = job
	return nil
}

// message is a job in the queue.
type message struct {
	Name string `json:"name"`
	Body []byte `json:"body,omitempty"`
}

// Enqueue puts a job into the queue, where it stays until it is done or has failed three times.
func (r *Runner) Enqueue(ctx context.Context, name string, body []byte) error {
	if _, known := r.jobs[name]; !known {
		return fmt.Errorf("enqueue job %s: there is no such job", name)
	}
	text, err := json.Marshal(message{Name: name, Body: body})
	if err != nil {
		return fmt.Errorf("enqueue job %s: %w", name, err)
	}
	if err := r.queue.Send(ctx, goqite.Message{Body: text}); err != nil {
		return fmt.Errorf("enqueue job %s: %w", name, err)
	}
	wakeup.Signal(r.wake)
	return nil
}

// Run does jobs, and fills the queue by the schedule, until ctx ends; then it waits for the job it
// is at and returns nil. An error: the schedule could not be made.
func (r *Runner) Run(ctx context.Context) error {
	stop, err := r.startSchedule(ctx)
	if err != nil {
		return err
	}
	defer stop()
	ticker := time.NewTicker(r.pollEvery)
	defer ticker.Stop()
	failing := false
	for ctx.Err() == nil {
		found, err := r.next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !failing:
			r.log.Error().Err(err).Msg("jobs wait: the queue cannot be read; it is tried again until it works")
		case err == nil && failing:
			r.log.Info().Msg("jobs go on: the queue can be read again")
		}
		failing = err != nil
		if found {
			continue
		}
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-ticker.C:
		}
	}
	return nil
}

// next does the job that is due, if there is one.
func (r *Runner) next(ctx context.Context) (found bool, err error) {
	received, err := r.queue.Receive(ctx)
	if err != nil || received == nil {
		return false, err
	}
	var m message
	if err := json.Unmarshal(received.Body, &m); err != nil {
		r.log.Error().Err(err).Msg("a job in the queue cannot be read and is dropped")
		return true, r.queue.Delete(ctx, received.ID)
	}
	job, known := r.jobs[m.Name]
	if !known {
		r.log.Error().Str("job", m.Name).Msg("a job in the queue is unknown to this version of trip2g and is left there")
		return true, nil
	}
	return true, r.do(ctx, received.ID, m, job)
}

// do runs a job, keeps how it went, and takes it from the queue if it went well.
func (r *Runner) do(ctx context.Context, id goqite.ID, m message, job Job) error {
	run := trip2g.JobRun{Name: m.Name, StartedAt: time.Now()}
	r.running.Store(&m.Name)
	defer r.running.Store(nil)
	err := r.whileClaimed(ctx, id, func() error { return safely(ctx, job, m.Body) })
	run.FinishedAt = time.Now()
	if err != nil && ctx.Err() != nil {
		return nil // stopped, not failed: it is begun anew when its claim ends
	}
	// What is done must not be repeated because the server is stopping just now.
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		run.Error = err.Error()
		r.log.Error().Err(err).Str("job", m.Name).Msg("job failed")
		return r.store.PutJobRun(ctx, run)
	}
	r.log.Info().Str("job", m.Name).Dur("took", run.FinishedAt.Sub(run.StartedAt)).Msg("job done")
	return errors.Join(r.queue.Delete(ctx, id), r.store.PutJobRun(ctx, run))
}

// whileClaimed runs fn and keeps anybody else from beginning the job meanwhile.
func (r *Runner) whileClaimed(ctx context.Context, id goqite.ID, fn func() error) error {
	ctx, done := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(r.claimFor / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if err := r.queue.Extend(ctx, id, r.claimFor); err != nil && ctx.Err() == nil {
					r.log.Warn().Err(err).Msg("a running job could not be claimed again: it may be done twice")
				}
			}
		}
	}()
	err := fn()
	done()
	<-ended
	return err
}

// safely makes a job's panic its error.
func safely(ctx context.Context, job Job, body []byte) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v\n%s", fault, debug.Stack())
		}
	}()
	return job(ctx, body)
}
