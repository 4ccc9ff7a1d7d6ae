// Package search finds notes by their words, on every node, without reading the database that the
// notes are stored in.
//
// An Index follows the site in memory. It observes which notes changed, splits their texts into
// words in a goroutine of its own, and stores these in a private FTS5 database, which is rebuilt at
// each start. So a start does not wait for the index, and a change is found some milliseconds after
// it is visible, however large the vault is. Matches are looked up in the site with the visitor's
// rights: the index decides what matches, the site what the visitor may read.
package search

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"trip2g/internal/tempdir"
	"trip2g/services/trip2g"
)

// Limits of a search, and of the work of following the site.
const (
	// maxText limits the searchable text of a note, in bytes from its start.
	maxText = 1 << 20
	// Limits of a batch, which is one transaction.
	batchNotes = 100
	batchBytes = 512 << 10
	// queryTime limits one query, turnTime its wait for a reader.
	queryTime = 2 * time.Second
	turnTime  = time.Second
	// pauseShare is the ratio of the pause after a small change to its duration: a stream of small
	// changes uses a tenth of a processor.
	pauseShare = 9
	maxPause   = 250 * time.Millisecond
	// Pages of the index that are merged at a time: 1 ms after a small change; after a batch of a
	// bulk change, as many as keep up with it.
	mergeSmall, mergeBulk = 16, 256
	// firstRetry is the delay after a failure. Each further failure doubles it, up to lastRetry.
	firstRetry = 250 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// Options configures an Index. Site and Text are required.
type Options struct {
	// Site returns the site that is served now, nil until it is loaded.
	Site func() trip2g.Site
	// Text returns a note's text without markup.
	Text func(*trip2g.Document) string
	// Dirs are folders for the index's unlinked files; nil: the system's folder for temporary
	// files. None may be on a LiteFS mount.
	Dirs tempdir.Dirs
	// FreshWait limits the wait of a fresh search.
	FreshWait time.Duration
	// AfterLarge is called when a bulk change is completely in the index: the memory that it needed
	// can be released. It may be nil.
	AfterLarge func()
	// Long limits work that occupies a processor for milliseconds, with a weight of 1 each; nil:
	// only searches wait for each other.
	Long *semaphore.Weighted
	Log  zerolog.Logger
}

// Index implements trip2g.Searcher. Run applies the changes that Observe records.
type Index struct {
	Options
	texts *texts
	turns chan *reader // free readers of the open database

	mu        sync.Mutex
	queue     queue
	waiting   int           // fresh searches
	progress  chan struct{} // closed when the state changes
	open      bool          // there is a database
	fault     error         // why it failed to open, if it did
	audiences audiences     // of the indexed notes

	notes map[int64]indexed // indexed notes by ID; only for Run
}

// New returns an empty index.
func New(o Options) *Index {
	if o.Long == nil {
		o.Long = semaphore.NewWeighted(int64(Turns()))
	}
	return &Index{Options: o, texts: newTexts(o.Text), turns: make(chan *reader, Turns()), progress: make(chan struct{}), notes: make(map[int64]indexed)}
}

// Turns returns the number of queries that run at a time. Half of the processors are left for pages
// and for publishing.
func Turns() int { return max(1, runtime.GOMAXPROCS(0)/2) }

// Observe records that the site changed. It does not block.
func (x *Index) Observe(c trip2g.SiteChange) {
	x.change(func() { x.queue.enqueue(c) })
}

// change changes the state and wakes those that wait for it.
func (x *Index) change(f func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	f()
	close(x.progress)
	x.progress = make(chan struct{})
}

// holds reports a condition of the state.
func (x *Index) holds(is func() bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return is()
}

// await waits until a condition of the state holds. It returns ctx's error if ctx ends first.
func (x *Index) await(ctx context.Context, is func() bool) error {
	for {
		x.mu.Lock()
		holds, progress := is(), x.progress
		x.mu.Unlock()
		if holds {
			return nil
		}
		select {
		case <-progress:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Run maintains the index until ctx ends. It logs failures and retries.
func (x *Index) Run(ctx context.Context) error {
	failed, retry := "", firstRetry
	for attempt := 0; ; attempt++ {
		err := x.follow(ctx, attempt)
		if ctx.Err() != nil {
			return nil
		}
		x.change(func() { x.fault = err })
		if err.Error() != failed {
			x.Log.Error().Err(err).Msg("the search index failed; search is unavailable until it is rebuilt")
			failed, retry = err.Error(), firstRetry
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retry):
		}
		retry = min(2*retry, lastRetry)
	}
}

// Fault returns why search does not work now; nil if it works. An index that is still being built
// works.
func (x *Index) Fault() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.fault
}

// follow creates a database and applies changes until ctx ends or something fails. Each attempt
// begins with another folder, because the one before may have failed on a full folder.
func (x *Index) follow(ctx context.Context, attempt int) error {
	db, err := openDatabase(x.Dirs, attempt, cap(x.turns))
	if err != nil {
		return err
	}
	x.opened(db)
	defer x.closed(db)
	for {
		if err := x.await(ctx, func() bool { return !x.queue.isEmpty() }); err != nil {
			return err
		}
		began := time.Now()
		b := x.collect()
		if err := db.apply(b.removed, b.added, b.rebuild); err != nil {
			x.requeue(b)
			return err
		}
		x.applied(b)
		if err := x.throttle(ctx, b.urgent, time.Since(began)); err != nil {
			return err
		}
		if err := x.optimize(ctx, db, b.urgent); err != nil {
			return err
		}
	}
}

// optimize merges segments of the index: one step after each batch, unless a search waits for a
// change, and all segments when there is no change to apply.
func (x *Index) optimize(ctx context.Context, db *database, urgent bool) error {
	pages := mergeBulk
	if urgent {
		pages = mergeSmall
	}
	for !x.holds(func() bool { return x.waiting > 0 }) {
		began := time.Now()
		done, err := db.merge(pages)
		if done || err != nil {
			return err
		}
		changed := func() bool { return !x.queue.isEmpty() }
		if err := x.pause(ctx, pauseShare*time.Since(began), changed); err != nil {
			return err
		}
		if x.holds(changed) {
			return nil
		}
		pages = mergeSmall
	}
	return nil
}

// throttle leaves the processors to others after a batch that took this long. Page requests and
// small changes have precedence over a bulk change. A small change is followed by a longer pause
// unless a search waits, so that several versions of a note saved in quick succession are indexed
// once. Queued changes do not wait.
func (x *Index) throttle(ctx context.Context, urgent bool, took time.Duration) error {
	d, over := took/2, func() bool { return len(x.queue.urgent) > 0 }
	if urgent {
		if x.holds(func() bool { return !x.queue.isEmpty() }) {
			return ctx.Err()
		}
		d, over = min(pauseShare*took, maxPause), func() bool { return x.waiting > 0 }
	}
	return x.pause(ctx, d, over)
}

// pause waits until a condition holds, for at most a duration. It returns ctx's error.
func (x *Index) pause(ctx context.Context, atMost time.Duration, over func() bool) error {
	pausing, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	_ = x.await(pausing, over)
	return ctx.Err()
}

// opened enables queries. It queues the notes of the previous database again.
func (x *Index) opened(db *database) {
	x.change(func() {
		x.queue.requeue(slices.Collect(maps.Keys(x.notes)))
		x.open, x.fault, x.audiences = true, nil, audiences{}
	})
	clear(x.notes)
	for _, r := range db.readers {
		x.turns <- r
	}
}

// closed disables queries, waits for the running ones and closes the database.
func (x *Index) closed(db *database) {
	x.change(func() { x.open = false })
	for range db.readers {
		<-x.turns
	}
	db.close()
}
