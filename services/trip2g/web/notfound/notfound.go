// Package notfound counts requests for pages that do not exist. Counts wait in memory and go to a
// store in batches: a leader's to the database, a replica's to its leader.
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
	// flushEvery is how often counts are sent: a commit goes to every replica.
	flushEvery = 30 * time.Second
	// maxTracked bounds the paths that wait, and with them the memory: 10 MB at worst.
	maxTracked = 10_000
	// flushFor bounds the sending of one batch.
	flushFor = 5 * time.Second
)

// Store takes batches. It takes each once, however often it is given.
type Store interface {
	// AddNotFound takes a batch: EINVALID for one that it will never take. After any other error the
	// batch may have been taken.
	AddNotFound(ctx context.Context, batch trip2g.NotFoundBatch) error
}

// Tracker counts on one node. It is safe for concurrent use.
type Tracker struct {
	store  Store
	log    zerolog.Logger
	every  time.Duration
	sender string

	mu      sync.Mutex
	counts  map[string]int64
	pending trip2g.NotFoundBatch // given to the store and not known to be taken; Counts is nil if there is none
}

// NewTracker makes a tracker. Counts reach the store while Run runs. registerer may be nil.
func NewTracker(store Store, log zerolog.Logger, registerer prometheus.Registerer) *Tracker {
	t := &Tracker{
		store: store, log: log.With().Str("part", "missing pages").Logger(), every: flushEvery,
		sender: xid.New().String(), counts: map[string]int64{},
	}
	if registerer != nil {
		registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "trip2g_missing_pages_waiting", Help: "Addresses without a page whose counts wait in memory to be written.",
		}, func() float64 { return float64(t.waiting()) }))
	}
	return t
}

func (t *Tracker) waiting() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.counts) + len(t.pending.Counts)
}

// Add counts a URL path, unescaped. It never waits for the store. What the database does not keep is not
// counted, nor is what every site is asked for, nor are new paths past 10,000 between two batches.
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

// Run sends counts every 30 seconds, and a last time when ctx ends; then it returns nil.
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

// flush sends all that was counted. A batch that may or may not have been taken is sent again as it is,
// under its number, so that it counts once. It logs the first failure of several, and tells whether it
// failed.
func (t *Tracker) flush(ctx context.Context, failing bool) bool {
	for t.fill() {
		one, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushFor)
		err := t.store.AddNotFound(one, t.pending)
		cancel()
		switch {
		case trip2g.ErrorCode(err) == trip2g.EINVALID:
			t.log.Error().Err(err).Int("pages", len(t.pending.Counts)).Msg("counts of missing pages were refused and are dropped")
		case err != nil:
			if !failing {
				t.log.Error().Err(err).Msg("counts of missing pages could not be written: they are kept in memory and tried again")
			}
			return true
		}
		failing = false
		t.settle()
		if ctx.Err() != nil {
			break
		}
	}
	return failing
}

// fill makes the next batch, unless one is pending; false if there is nothing to send.
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

// settle drops the batch that is done with.
func (t *Tracker) settle() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pending.Counts = nil
}
