// Package jobs runs the leader's background jobs: a persistent queue and a schedule that fills it.
// A replica runs none.
package jobs

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"maragu.dev/goqite"

	"trip2g/internal/wakeup"
	"trip2g/services/trip2g"
)

const (
	queueName   = "jobs" // in goqite's table, which can hold several queues
	maxAttempts = 3      // of a job that fails

	// visibilityTimeout hides a job that has started from other runners. Its runner extends the
	// timeout; after a crash the job starts again when the timeout ends.
	visibilityTimeout = time.Minute

	// pollInterval is how often the queue is checked for jobs to retry. It is long, because a check
	// takes the database's write lock and a new job wakes the runner.
	pollInterval = 5 * time.Second
)

// Store is the part of the leader's database that jobs use.
type Store interface {
	trip2g.JobStore
	trip2g.Purger
	// Writer returns the pool whose transactions write.
	Writer() *sql.DB
}

// Job is one kind of work.
type Job struct {
	Description string        // for the owner
	Every       time.Duration // interval of its schedule; 0: it runs only when it is enqueued
	// Run does the work; ctx ends with the runner. Run must be idempotent: after an error or a
	// crash it runs again, three times in all.
	Run func(ctx context.Context, body []byte) error
}

// Runner runs one job at a time.
type Runner struct {
	store Store
	queue *goqite.Queue
	log   zerolog.Logger
	jobs  map[string]Job // by name
	wake  chan struct{}

	running atomic.Pointer[string] // name of the job that is running; nil: none

	visibilityTimeout, pollInterval time.Duration
}

// NewRunner returns a runner with the jobs that every leader has. Run starts it.
func NewRunner(store Store, log zerolog.Logger) (*Runner, error) {
	r := newRunner(store, log, visibilityTimeout)
	return r, r.Register(purgeName, r.purgeJob())
}

func newRunner(store Store, log zerolog.Logger, visibilityTimeout time.Duration) *Runner {
	return &Runner{
		store: store,
		queue: goqite.New(goqite.NewOpts{DB: store.Writer(), Name: queueName, MaxReceive: maxAttempts, Timeout: visibilityTimeout}),
		log:   log.With().Str("part", "jobs").Logger(),
		jobs:  map[string]Job{},
		wake:  make(chan struct{}, 1),

		visibilityTimeout: visibilityTimeout, pollInterval: pollInterval,
	}
}

// Register adds a job before Run. It fails if the name is taken.
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

// Enqueue puts a job into the queue, where it stays until it succeeds or has failed three times.
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

// Run runs queued and scheduled jobs until ctx ends. Then it waits for the running job and returns
// nil.
func (r *Runner) Run(ctx context.Context) error {
	var schedules sync.WaitGroup
	defer schedules.Wait()
	for name, job := range r.jobs {
		if job.Every > 0 {
			schedules.Go(func() { r.schedule(ctx, name, job.Every) })
		}
	}
	ticker := time.NewTicker(r.pollInterval)
	defer ticker.Stop()
	failing := false
	for ctx.Err() == nil {
		found, err := r.next(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !failing:
			r.log.Error().Err(err).Msg("jobs are paused: the queue cannot be read; retrying")
		case err == nil && failing:
			r.log.Info().Msg("jobs continue: the queue can be read again")
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

// next runs the oldest job that is due, if any.
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

// do runs a job, stores the result, and deletes the job from the queue if it succeeded.
func (r *Runner) do(ctx context.Context, id goqite.ID, m message, job Job) error {
	run := trip2g.JobRun{Name: m.Name, StartedAt: time.Now()}
	r.running.Store(&m.Name)
	defer r.running.Store(nil)
	err := r.whileHidden(ctx, id, func() error { return runSafely(ctx, job, m.Body) })
	run.FinishedAt = time.Now()
	if err != nil && ctx.Err() != nil {
		return nil // stopped, not failed: it starts again after its visibility timeout
	}
	// A job that is done must not run again because the server is stopping right now.
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		run.Error = err.Error()
		r.log.Error().Err(err).Str("job", m.Name).Msg("job failed")
		return r.store.PutJobRun(ctx, run)
	}
	r.log.Info().Str("job", m.Name).Dur("took", run.FinishedAt.Sub(run.StartedAt)).Msg("job done")
	return errors.Join(r.queue.Delete(ctx, id), r.store.PutJobRun(ctx, run))
}

// whileHidden runs fn and extends the visibility timeout meanwhile, so that no other runner starts
// the job.
func (r *Runner) whileHidden(ctx context.Context, id goqite.ID, fn func() error) error {
	ctx, done := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(r.visibilityTimeout / 3)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if err := r.queue.Extend(ctx, id, r.visibilityTimeout); err != nil && ctx.Err() == nil {
					r.log.Warn().Err(err).Msg("the visibility timeout of a running job could not be extended: the job may run twice")
				}
			}
		}
	}()
	err := fn()
	done()
	<-ended
	return err
}

// runSafely runs a job and returns a panic as an error.
func runSafely(ctx context.Context, job Job, body []byte) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("panic: %v\n%s", value, debug.Stack())
		}
	}()
	return job.Run(ctx, body)
}
