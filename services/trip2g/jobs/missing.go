package jobs

import (
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
)

const (
	// flushEvery is how often counts are written: a commit goes to every replica.
	flushEvery = 30 * time.Second
	// maxTracked bounds the paths that wait to be written, and with them the memory: 10 MB at worst.
	maxTracked = 10_000
	// flushFor bounds one write.
	flushFor = 5 * time.Second
)

// MissingTracker counts the pages that readers ask a leader for in vain.
type MissingTracker struct {
	store trip2g.MissingPageStore
	log   zerolog.Logger
	every time.Duration

	mu     sync.Mutex
	counts map[string]int64
}

// NewMissingTracker makes a tracker. Counts reach the store while Run runs.
func NewMissingTracker(store trip2g.MissingPageStore, log zerolog.Logger) *MissingTracker {
	return &MissingTracker{
		store: store, log: log.With().Str("part", "missing pages").Logger(), every: flushEvery, counts: map[string]int64{},
	}
}

// Add counts a URL path, unescaped. It never waits for the database. What the store does not keep
// is not counted, nor are new paths past 10,000 between two writes.
func (m *MissingTracker) Add(path string) { m.add(path, 1) }

func (m *MissingTracker) add(path string, count int64) {
	if len(path) > trip2g.MaxPathLength || !utf8.ValidString(path) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.counts[path]; known || len(m.counts) < maxTracked {
		m.counts[path] += count
	}
}

// Run writes counts every 30 seconds, and a last time when ctx ends; then it returns nil.
func (m *MissingTracker) Run(ctx context.Context) error {
	ticker := time.NewTicker(m.every)
	defer ticker.Stop()
	failing := false
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-ticker.C:
			failing = m.flush(ctx, failing)
		}
	}
	m.flush(ctx, false)
	return nil
}

// flush writes what was counted, even when ctx has ended, or keeps it for the next time. It logs
// the first failure of several, and tells whether it failed.
func (m *MissingTracker) flush(ctx context.Context, failing bool) bool {
	m.mu.Lock()
	counts := m.counts
	m.counts = map[string]int64{}
	m.mu.Unlock()
	if len(counts) == 0 {
		return failing
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushFor)
	defer cancel()
	err := m.store.AddMissing(ctx, counts, time.Now())
	if err == nil {
		return false
	}
	for path, count := range counts {
		m.add(path, count)
	}
	if !failing {
		m.log.Error().Err(err).Msg("counts of missing pages could not be written: they are kept in memory and tried again")
	}
	return true
}
