package trip2g

import (
	"context"
	"math"
	"time"
)

// NotFoundStore counts 404s by URL path on the leader.
type NotFoundStore interface {
	// AddNotFound adds the counts of a batch. It ignores a batch if it or a later one of its sender
	// was added before. The number of stored paths is limited: the least requested are dropped.
	// Paths beyond MaxPathLength or with invalid UTF-8 are not stored.
	AddNotFound(ctx context.Context, batch NotFoundBatch) error
	// NotFoundPaths lists paths, most requested first.
	NotFoundPaths(ctx context.Context, limit int) ([]NotFoundPath, error)
	// DeleteNotFound deletes a path's count. A later 404 adds the path again. Unknown paths are no
	// error.
	DeleteNotFound(ctx context.Context, path string) error
}

// Limits of a batch: the number of paths, and their total length in bytes.
const (
	MaxNotFoundBatch = 1000
	MaxNotFoundBytes = 64 << 10
)

// NotFoundBatch contains counts of one node. The store adds it once, however often it is sent.
type NotFoundBatch struct {
	Sender string           `json:"sender"` // the process that counted
	Number int64            `json:"number"` // sequence number of the sender's batches, from 1
	At     time.Time        `json:"at"`     // end of the counted period
	Counts map[string]int64 `json:"counts"` // by URL path
}

// Validate returns EINVALID for a batch that no correct node sends.
func (b *NotFoundBatch) Validate() error {
	bytes := 0
	for path, count := range b.Counts {
		if bytes += len(path); count <= 0 || count > math.MaxInt32 {
			return Errorf(EINVALID, "a count is below 1, or more than anybody can ask for")
		}
	}
	switch {
	case !IsNodeName(b.Sender) || b.Number < 1:
		return Errorf(EINVALID, "a batch has its sender and its number")
	case len(b.Counts) > MaxNotFoundBatch || bytes > MaxNotFoundBytes:
		return Errorf(EINVALID, "a batch has at most %d paths of %d bytes in all", MaxNotFoundBatch, MaxNotFoundBytes)
	}
	return nil
}

// NotFoundPath is a URL path without a page.
type NotFoundPath struct {
	Path     string
	Count    int64
	LastSeen time.Time
}
