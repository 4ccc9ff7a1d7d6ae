package trip2g

import (
	"context"
	"math"
	"time"
)

// MissingPageStore counts the pages that readers asked for in vain, on the leader.
type MissingPageStore interface {
	// AddMissing adds a batch's counts, once: nothing happens if it, or a later one of its sender, was added
	// before. At most a bounded number of paths is kept: the least asked-for go. Paths past MaxPathLength or
	// not in UTF-8 are not kept.
	AddMissing(ctx context.Context, batch MissingBatch) error
	// Missing lists the most asked-for first.
	Missing(ctx context.Context, limit int) ([]MissingPage, error)
	// ForgetMissing takes a path out; it comes again if it is asked for again. No error without it.
	ForgetMissing(ctx context.Context, path string) error
}

// Bounds of a batch: paths, and the bytes of them.
const (
	MaxMissingBatch = 1000
	MaxMissingBytes = 64 << 10
)

// MissingBatch is what one node counted, for the store to add once, however often it is sent.
type MissingBatch struct {
	Sender string           `json:"sender"` // the process that counted
	Number int64            `json:"number"` // of the sender's batches, from 1 up; it sends one after the other
	At     time.Time        `json:"at"`     // the counting's end
	Counts map[string]int64 `json:"counts"` // by URL path
}

// Validate refuses a batch that no node of ours makes, EINVALID.
func (b *MissingBatch) Validate() error {
	bytes := 0
	for path, count := range b.Counts {
		if bytes += len(path); count <= 0 || count > math.MaxInt32 {
			return Errorf(EINVALID, "a count is below 1, or more than anybody can ask for")
		}
	}
	switch {
	case !IsNodeName(b.Sender) || b.Number < 1:
		return Errorf(EINVALID, "a batch has its sender and its number")
	case len(b.Counts) > MaxMissingBatch || bytes > MaxMissingBytes:
		return Errorf(EINVALID, "a batch has at most %d paths of %d bytes in all", MaxMissingBatch, MaxMissingBytes)
	}
	return nil
}

// MissingPage is a URL path without a page.
type MissingPage struct {
	Path     string
	Count    int64
	LastSeen time.Time
}

// UnusedRetention is how long data that is no longer in use stays in the database: files that no note
// refers to, which a restored version may need, notes that were never published, and failed jobs.
const UnusedRetention = 30 * 24 * time.Hour

// Purger deletes data that is no longer needed.
type Purger interface {
	// Purge deletes what has expired at now and what has been unused for UnusedRetention. The position
	// does not change: followers recognize an expired session by ExpiresAt.
	Purge(ctx context.Context, now time.Time) (PurgeResult, error)
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

// NodeSetting is a setting of a node as it runs.
type NodeSetting struct {
	Name   string // of the variable
	Value  string // "" for a secret
	Help   string
	Secret bool
	IsSet  bool // it is not empty
}
