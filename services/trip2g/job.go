package trip2g

import (
	"context"
	"time"
)

// JobRun is the result of the last run of a background job.
type JobRun struct {
	Name       string
	StartedAt  time.Time
	FinishedAt time.Time
	Error      string // for an operator; "" after a success
}

// JobStore stores the last run of each background job.
type JobStore interface {
	PutJobRun(ctx context.Context, run JobRun) error
	// JobRuns lists the runs by name.
	JobRuns(ctx context.Context) ([]JobRun, error)
}

// JobService lists and starts background jobs for the owner.
type JobService interface {
	// Jobs lists the jobs by name.
	Jobs(ctx context.Context) ([]Job, error)
	// StartJob queues a job to run after those already queued; ENOTFOUND without such a job.
	StartJob(ctx context.Context, name string) error
}

// Job is a background job of the leader.
type Job struct {
	Name    string
	About   string        // a description
	Every   time.Duration // interval of the schedule; 0: only on request
	Running bool
	Last    JobRun // zero if it has never run
}
