package trip2g

import (
	"context"
	"time"
)

// JobRun is how the last run of a background job went.
type JobRun struct {
	Name       string
	StartedAt  time.Time
	FinishedAt time.Time
	Error      string // for an operator; "" if it went well
}

// JobStore remembers the last run of each background job.
type JobStore interface {
	PutJobRun(ctx context.Context, run JobRun) error
	// JobRuns lists the runs by name.
	JobRuns(ctx context.Context) ([]JobRun, error)
}

// JobService is what the owner can see and do of the background jobs.
type JobService interface {
	// Jobs lists them by name.
	Jobs(ctx context.Context) ([]Job, error)
	// StartJob puts a job into the queue, to be done as soon as those before it are; ENOTFOUND without it.
	StartJob(ctx context.Context, name string) error
}

// Job is a background job of the leader.
type Job struct {
	Name    string
	About   string        // what it does
	Every   time.Duration // how often the schedule wants it; 0: only when asked for
	Running bool
	Last    JobRun // the zero JobRun if it never ran
}
