package trip2g

import (
	"context"
	"time"
)

// UnusedRetention is how long unused data stays in the database: files that no note refers to,
// which a restored version may need, notes that were never published, and failed jobs.
const UnusedRetention = 30 * 24 * time.Hour

// Purger deletes data that is no longer needed.
type Purger interface {
	// Purge deletes what has expired at now and what has been unused for UnusedRetention. The
	// position does not change: followers recognize an expired session by ExpiresAt.
	Purge(ctx context.Context, now time.Time) (PurgeResult, error)
}

// PurgeResult counts the rows that a purge deleted.
type PurgeResult struct {
	Sessions, Codes, Staged, Assets int64
}
