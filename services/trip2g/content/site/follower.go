// Package site is the site in memory: it follows the database and gives pages, files and sessions
// without touching it.
//
// A Follower reads what changed in short transactions, keeps the notes, and puts an immutable
// trip2g.Site in place of the last one whenever it has caught up: a reader sees one position or the
// next, never something between. Two nodes at the same position of the same database give the same
// bytes, whatever way they came there. A page is made at its first request, so that a change is
// visible as soon as the notes that changed are parsed, and kept while all that it asked for gets the
// same answers. Ready bodies share one bounded cache.
package site

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"trip2g/services/trip2g"
)

// Defaults of Options.
const (
	DefaultChunk     = 500
	DefaultLookEvery = 5 * time.Second
	DefaultBodyCache = 256 << 20 // bytes
)

// Options is what a Follower is made of. Parse and Render are needed.
type Options struct {
	// Parse understands a note; it never fails.
	Parse func(path, content string) *trip2g.Document
	// Render makes the HTML of a note's text. With an error the fragment is still to be shown.
	Render func(*trip2g.Document, trip2g.Links) ([]byte, error)
	// Excerpt gives the beginning of a note's text on one line of at most n characters; nil: there is none.
	Excerpt func(doc *trip2g.Document, n int) string
	// Context gives the text around one of a note's links on one line; nil: there is none.
	Context func(*trip2g.Document, trip2g.Link) string
	Log     zerolog.Logger
	// SystemPages are the URL paths of the server's own pages, to which notes can lead.
	SystemPages []string
	// Warn, if given, is told what the owner should know of the vault and was not told before.
	Warn func(trip2g.Warning)
	// Observe, if given, is told of each site that readers see from now on, in order, before who waits for
	// its position is. It must return at once.
	Observe func(trip2g.SiteChange)
	// Chunk bounds the changes of one read transaction; 0: DefaultChunk.
	Chunk int
	// LookEvery is how often Run looks for changes that nothing told of; 0: DefaultLookEvery.
	LookEvery time.Duration
	// BodyCacheSize bounds the bytes of ready bodies; 0: DefaultBodyCache.
	BodyCacheSize int64
	// BasePath is where the site is served. With Manual, it is below the root of its host.
	BasePath trip2g.BasePath
	// Manual is what the pages say of the documentation that they are; nil: they are an owner's site.
	Manual *Manual
	// Long are the turns of what takes a processor for milliseconds, a weight of 1 each; nil: as many as
	// there are processors.
	Long *semaphore.Weighted
}

// Manual is what the pages of the documentation say of it.
type Manual struct {
	Version string // of the program that it describes
}

// firstRetry is how long Run waits after a failure; each further one doubles it, up to LookEvery.
const firstRetry = 250 * time.Millisecond

// Follower keeps a site up to date. It is safe for concurrent use.
type Follower struct {
	Options
	source  trip2g.ChangeSource
	current atomic.Pointer[snapshot]

	turn  chan struct{} // held by the one refresh that runs
	state *state        // of whoever has the turn

	bodies  *bodies
	waiters waiters

	mu  sync.Mutex
	err error
}

// NewFollower makes a follower that has nothing yet; Refresh or Run loads it.
func NewFollower(source trip2g.ChangeSource, o Options) *Follower {
	if o.Chunk <= 0 {
		o.Chunk = DefaultChunk
	}
	if o.LookEvery <= 0 {
		o.LookEvery = DefaultLookEvery
	}
	if o.BodyCacheSize <= 0 {
		o.BodyCacheSize = DefaultBodyCache
	}
	if o.Long == nil {
		o.Long = semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0)))
	}
	f := &Follower{
		Options: o, source: source, bodies: newBodies(o.BodyCacheSize, o.Long), turn: make(chan struct{}, 1),
		err: trip2g.Errorf(trip2g.EUNAVAILABLE, "the site is not loaded yet"),
	}
	f.state = f.newState()
	return f
}

// Current gives the site as of the last refresh, nil before the first.
func (f *Follower) Current() trip2g.Site {
	if s := f.current.Load(); s != nil {
		return s
	}
	return nil
}

// Err tells why the site may be behind: the error of the last refresh, nil if it succeeded.
func (f *Follower) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// Run refreshes at each wake-up, and by itself at intervals in case one was lost, until ctx ends. A
// failure is logged once, and tried again. wake may be nil.
func (f *Follower) Run(ctx context.Context, wake <-chan struct{}) error {
	retry := firstRetry
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-wake:
			if !open {
				wake = nil
				continue
			}
		case <-timer.C:
		}
		if _, err := f.Refresh(ctx); err != nil {
			timer.Reset(min(retry, f.LookEvery))
			retry = min(2*retry, f.LookEvery)
			continue
		}
		retry = firstRetry
		timer.Reset(f.LookEvery)
	}
}

// Refresh makes the site follow to the newest position there is and tells which that is. One
// refresh runs at a time. After an error the site is what it was.
func (f *Follower) Refresh(ctx context.Context) (trip2g.Position, error) {
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-f.turn }()
	position, err := f.refresh(ctx)
	if ctx.Err() == nil { // else it says something of the caller, nothing of the site
		f.note(err)
	}
	return position, err
}

// WaitFor returns when the site is at position or past it, or with ctx's error.
func (f *Follower) WaitFor(ctx context.Context, position trip2g.Position) error {
	if f.isAt(position) {
		return nil
	}
	w := f.waiters.add(position)
	defer f.waiters.remove(w)
	if f.isAt(position) { // it came before the waiter did
		return nil
	}
	select {
	case <-w.arrived:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for position %d: %w", position, ctx.Err())
	}
}

func (f *Follower) isAt(position trip2g.Position) bool {
	s := f.current.Load()
	return s != nil && s.position >= position
}

// refresh reads until it has caught up and puts a new snapshot in place if there is anything new.
func (f *Follower) refresh(ctx context.Context) (trip2g.Position, error) {
	next := f.readAfter(ctx, f.state.position)
	for {
		set, err := next()
		if err != nil {
			return 0, fmt.Errorf("follow the database from position %d: %w", f.state.position, err)
		}
		if f.state.isOf(set) {
			more := set.Position < set.Head
			if more && set.Position <= f.state.position {
				return 0, fmt.Errorf("follow the database: no progress from position %d to %d", set.Position, set.Head)
			}
			if more {
				next = f.readAhead(ctx, set.Position)
			}
			f.state.apply(set, f.Parse)
			if more {
				continue
			}
			break
		}
		f.Log.Warn().Int64("held", int64(f.state.position)).Int64("head", int64(set.Head)).Str("database", set.DatabaseID).
			Msg("the database is another or an older one than this site was made of: loading all of it")
		f.state = f.newState()
		next = f.readAfter(ctx, 0)
	}
	f.publish()
	return f.state.position, nil
}

// changes gives a set of changes that is being read, or is to be.
type changes func() (trip2g.ChangeSet, error)

func (f *Follower) readAfter(ctx context.Context, position trip2g.Position) changes {
	return func() (trip2g.ChangeSet, error) { return f.source.Changes(ctx, position, f.Chunk) }
}

// readAhead reads while the set before is taken in: a large vault's text comes through a LiteFS mount
// about as slowly as it is parsed.
func (f *Follower) readAhead(ctx context.Context, position trip2g.Position) changes {
	type result struct {
		set trip2g.ChangeSet
		err error
	}
	read := make(chan result, 1)
	go func() {
		set, err := f.readAfter(ctx, position)()
		read <- result{set, err}
	}()
	return func() (trip2g.ChangeSet, error) {
		r := <-read
		return r.set, r.err
	}
}

// publish puts the state in place for readers, as a snapshot that shares what did not change.
func (f *Follower) publish() {
	last := f.current.Load()
	if last != nil && !f.state.changed(last) {
		return
	}
	start := time.Now()
	follows := f.state.catalog.last != nil
	next := f.state.snapshot()
	f.current.Store(next)
	f.observe(last, next, follows)
	f.waiters.wake(next.position)
	f.warn(last, next)
	f.Log.Debug().Int64("position", int64(next.position)).Int("pages", next.content.pages).
		Dur("duration", time.Since(start)).Msg("site follows")
}

// warn tells of the warnings that the last snapshot did not have.
func (f *Follower) warn(last, next *snapshot) {
	if f.Warn == nil || last != nil && last.content.warnings == next.content.warnings {
		return
	}
	told := map[trip2g.Warning]bool{}
	if last != nil {
		for _, w := range last.content.warnings.all() {
			told[w] = true
		}
	}
	for _, w := range next.content.warnings.all() {
		if !told[w] {
			f.Warn(w)
		}
	}
}

// note remembers how a refresh went; a streak of equal failures makes one line in the log.
func (f *Follower) note(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err != nil && (f.err == nil || f.err.Error() != err.Error()):
		f.Log.Error().Err(err).Msg("cannot follow the database: the site stays as it is")
	case err == nil && f.err != nil:
		f.Log.Info().Int64("position", int64(f.state.position)).Msg("the site follows the database")
	}
	f.err = err
}
