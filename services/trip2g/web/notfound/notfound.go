// Package notfound counts requests for pages that do not exist. It buffers the counts in memory and
// sends them in batches: on a leader to the database, on a replica to its leader.
package notfound

import (
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/xid"
	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
)

const (
	// flushEvery is the interval between batches. It is long because each commit goes to every
	// replica.
	flushEvery = 30 * time.Second
	// maxTracked limits the buffered paths, and with them the memory to 10 MB.
	maxTracked = 10_000
	// flushFor is the timeout of one batch.
	flushFor = 5 * time.Second
)

// Store stores batches. It ignores a batch that it has already stored.
type Store interface {
	// AddNotFound stores a batch. It returns EINVALID if the batch must not be retried. After any
	// other error the batch may have been stored.
	AddNotFound(ctx context.Context, batch trip2g.NotFoundBatch) error
}

// Tracker counts the 404s of one node. It is safe for concurrent use.
type Tracker struct {
	store  Store
	log    zerolog.Logger
	every  time.Duration
	sender string

	mu      sync.Mutex
	counts  map[string]int64
	pending trip2g.NotFoundBatch // sent to the store without success so far; Counts is nil if there is none
}

// NewTracker returns a tracker. Run sends its counts. registerer may be nil.
func NewTracker(store Store, log zerolog.Logger, registerer prometheus.Registerer) *Tracker {
	t := &Tracker{
		store: store, log: log.With().Str("part", "404s").Logger(), every: flushEvery,
		sender: xid.New().String(), counts: map[string]int64{},
	}
	if registerer != nil {
		registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "trip2g_not_found_pending", Help: "URLs of 404s whose counts are not yet written to the database.",
		}, func() float64 { return float64(t.waiting()) }))
	}
	return t
}

func (t *Tracker) waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.counts) + len(t.pending.Counts)
}

// Add counts an unescaped URL path without waiting for the store. It ignores invalid paths, noise,
// and new paths beyond 10,000 between two batches.
func (t *Tracker) Add(path string) {
	if len(path) > trip2g.MaxPathLength || !utf8.ValidString(path) || isNoise(path) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.counts[path]; known || len(t.counts) < maxTracked {
		t.counts[path]++
	}
}

// Run sends counts every 30 seconds until ctx ends. Then it sends the rest and returns nil.
func (t *Tracker) Run(ctx context.Context) error {
	ticker := time.NewTicker(t.every)
	defer ticker.Stop()
	failing := false
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-ticker.C:
			failing = t.flush(ctx, failing)
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushFor)
	defer cancel()
	t.flush(last, false)
	return nil
}

// flush sends all counts and reports whether it failed. After a failure it retries the same batch
// under the same number, so that the batch counts once. It logs only the first of several failures.
func (t *Tracker) flush(ctx context.Context, failing bool) bool {
	for t.fill() {
		one, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushFor)
		err := t.store.AddNotFound(one, t.pending)
		cancel()
		switch {
		case trip2g.ErrorCode(err) == trip2g.EINVALID:
			t.log.Error().Err(err).Int("pages", len(t.pending.Counts)).Msg("counts of 404s were rejected and are dropped")
		case err != nil:
			if !failing {
				t.log.Error().Err(err).Msg("counts of 404s could not be written: they are kept in memory and retried")
			}
			return true
		}
		failing = false
		t.clearPending()
		if ctx.Err() != nil {
			break
		}
	}
	return failing
}

// fill fills the pending batch, unless there is one. It returns false if there is nothing to send.
func (t *Tracker) fill() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending.Counts != nil {
		return true
	}
	next := trip2g.NotFoundBatch{Sender: t.sender, Number: t.pending.Number + 1, At: time.Now(), Counts: map[string]int64{}}
	bytes := 0
	for path, count := range t.counts {
		if bytes += len(path); bytes > trip2g.MaxNotFoundBytes || len(next.Counts) == trip2g.MaxNotFoundBatch {
			break
		}
		next.Counts[path] = count
		delete(t.counts, path)
	}
	if len(next.Counts) == 0 {
		return false
	}
	t.pending = next
	return true
}

// clearPending drops the pending batch.
func (t *Tracker) clearPending() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending.Counts = nil
}
