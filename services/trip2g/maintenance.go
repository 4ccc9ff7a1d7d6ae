package trip2g

import (
	"context"
	"time"
)

// MissingPageStore counts the pages that readers asked for in vain, on the leader.
type MissingPageStore interface {
	// AddMissing adds counts by URL path. At most a bounded number of paths is kept: the least asked-for go.
	// Paths past MaxPathLength or not in UTF-8 are not kept.
	AddMissing(ctx context.Context, counts map[string]int64, at time.Time) error
	// Missing lists the most asked-for first.
	Missing(ctx context.Context, limit int) ([]MissingPage, error)
}

// MissingPage is a URL path without a page.
type MissingPage struct {
	Path     string
	Count    int64
	LastSeen time.Time
}

// Purger removes what nothing can need again.
type Purger interface {
	// Purge removes sessions and codes out of date at now, stages untouched since staleStages, and files that
	// no note, staged or published, has referred to since then. Positions stay: followers see an end by ExpiresAt.
	Purge(ctx context.Context, now, staleStages time.Time) (PurgeResult, error)
}

// PurgeResult counts what a purge removed.
type PurgeResult struct {
	Sessions, Codes, Staged, Assets int64
}

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
