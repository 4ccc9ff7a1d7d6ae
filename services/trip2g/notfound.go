package trip2g

import (
	"context"
	"math"
	"time"
)

// NotFoundStore counts the pages that readers asked for in vain, on the leader.
type NotFoundStore interface {
	// AddNotFound adds a batch's counts, once: nothing happens if it, or a later one of its sender, was added
	// before. At most a bounded number of paths is kept: the least asked-for go. Paths past MaxPathLength or
	// not in UTF-8 are not kept.
	AddNotFound(ctx context.Context, batch NotFoundBatch) error
	// NotFoundPaths lists the most asked-for first.
	NotFoundPaths(ctx context.Context, limit int) ([]NotFoundPath, error)
	// DeleteNotFound takes a path out; it comes again if it is asked for again. No error without it.
	DeleteNotFound(ctx context.Context, path string) error
}

// Limits of a batch: paths, and the bytes of them.
const (
	MaxNotFoundBatch = 1000
	MaxNotFoundBytes = 64 << 10
)

// NotFoundBatch is what one node counted, for the store to add once, however often it is sent.
type NotFoundBatch struct {
	Sender string           `json:"sender"` // the process that counted
	Number int64            `json:"number"` // of the sender's batches, from 1 up; it sends one after the other
	At     time.Time        `json:"at"`     // the counting's end
	Counts map[string]int64 `json:"counts"` // by URL path
}

// Validate refuses a batch that no node of ours makes, EINVALID.
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
