// Package site is the site in memory: it follows the database and serves pages, files and sessions
// without accessing it.
//
// A Follower reads changes in short transactions, keeps the notes, and replaces an immutable
// trip2g.Site whenever it has caught up, so that a reader sees one position or the next. Two nodes
// at the same position of the same database serve identical bytes, whatever changes led there. A
// page is rendered at its first request, so that a change is visible as soon as the changed notes
// are parsed. It stays cached while everything it looked up stays the same.
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
	"trip2g/services/trip2g/content/site/index"
	"trip2g/services/trip2g/content/site/render"
)

// Defaults of Options.
const (
	DefaultChunk        = 500
	DefaultPollInterval = 5 * time.Second
	DefaultBodyCache    = 256 << 20 // bytes
)

// Options configures a Follower. Parse and Render are required.
type Options struct {
	// Parse parses a note. It never fails.
	Parse func(path, content string) *trip2g.Document
	// Render renders a note's text as HTML. The fragment is shown even if there is an error.
	Render func(*trip2g.Document, trip2g.Links) ([]byte, error)
	// Excerpt returns the beginning of a note's text in one line of up to n characters; optional.
	Excerpt func(doc *trip2g.Document, n int) string
	// Context returns the text around a link in one line; optional.
	Context func(*trip2g.Document, trip2g.Link) string
	Log     zerolog.Logger
	// SystemPages are the URL paths of the server's own pages that notes can link to.
	SystemPages []string
	// Warn is called with each new warning about the vault; optional.
	Warn func(trip2g.Warning)
	// Observe is called with each new site, in order, before waiters for its position are woken;
	// optional. It must not block.
	Observe func(trip2g.SiteChange)
	// Chunk bounds the changes of one read transaction; default DefaultChunk.
	Chunk int
	// PollInterval is how often Run checks for changes without a wake-up; default
	// DefaultPollInterval.
	PollInterval time.Duration
	// BodyCacheSize bounds the bytes of cached pages; default DefaultBodyCache.
	BodyCacheSize int64
	// BasePath is where the site is served. With Manual, it is not the root of the host.
	BasePath trip2g.BasePath
	// Manual is set for the documentation; nil for an owner's site.
	Manual *render.Manual
	// Heavy limits concurrent work that takes milliseconds of processor time, each with weight 1;
	// default: one per processor.
	Heavy *semaphore.Weighted
}

// manualName is the site name of the documentation.
const manualName = "trip2g documentation"

func (o *Options) indexOptions() index.Options {
	if o.Manual != nil {
		return index.Options{SystemPages: o.SystemPages, SiteName: manualName}
	}
	return index.Options{SystemPages: o.SystemPages}
}

func (o *Options) renderOptions() *render.Options {
	return &render.Options{Render: o.Render, Excerpt: o.Excerpt, Context: o.Context, Log: o.Log, BasePath: o.BasePath, Manual: o.Manual}
}

// firstRetry is the delay after the first failure. It doubles with each further one, up to
// PollInterval.
const firstRetry = 250 * time.Millisecond

// Follower keeps a site up to date. It is safe for concurrent use.
type Follower struct {
	Options
	source  trip2g.ChangeSource
	current atomic.Pointer[snapshot]
	empty   *render.Site // before the first snapshot

	refreshing chan struct{} // held during a refresh
	state      *state        // guarded by refreshing

	render  *render.Options
	cache   *render.Cache
	waiters waiters

	mu  sync.Mutex
	err error
}

// NewFollower returns a follower without a site. Refresh or Run loads it.
func NewFollower(source trip2g.ChangeSource, o Options) *Follower {
	if o.Chunk <= 0 {
		o.Chunk = DefaultChunk
	}
	if o.PollInterval <= 0 {
		o.PollInterval = DefaultPollInterval
	}
	if o.BodyCacheSize <= 0 {
		o.BodyCacheSize = DefaultBodyCache
	}
	if o.Heavy == nil {
		o.Heavy = semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0)))
	}
	f := &Follower{
		Options: o, source: source, render: o.renderOptions(), cache: render.NewCache(o.BodyCacheSize, o.Heavy), refreshing: make(chan struct{}, 1),
		err: trip2g.Errorf(trip2g.EUNAVAILABLE, "the site is not loaded yet"),
	}
	f.empty = render.New(index.NewBuilder(f.indexOptions()).Build(), f.render, f.cache)
	f.state = f.newState()
	return f
}

// Current returns the site as of the last refresh, nil before the first.
func (f *Follower) Current() trip2g.Site {
	if s := f.current.Load(); s != nil {
		return s
	}
	return nil
}

// Err returns the error of the last refresh, nil if it succeeded.
func (f *Follower) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// Run refreshes at each wake-up, and at intervals in case one was lost, until ctx ends. After a
// failure it retries. wake may be nil.
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
			timer.Reset(min(retry, f.PollInterval))
			retry = min(2*retry, f.PollInterval)
			continue
		}
		retry = firstRetry
		timer.Reset(f.PollInterval)
	}
}

// Refresh brings the site to the newest position and returns it. Refreshes run one at a time. After
// an error the site is unchanged.
func (f *Follower) Refresh(ctx context.Context) (trip2g.Position, error) {
	select {
	case f.refreshing <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	defer func() { <-f.refreshing }()
	position, err := f.refresh(ctx)
	if ctx.Err() == nil { // otherwise the caller gave up, and the site is not at fault
		f.logRefresh(err)
	}
	return position, err
}

// WaitFor waits until the site is at position or past it, or until ctx ends.
func (f *Follower) WaitFor(ctx context.Context, position trip2g.Position) error {
	if f.isAt(position) {
		return nil
	}
	w := f.waiters.add(position)
	defer f.waiters.remove(w)
	if f.isAt(position) { // reached before the waiter was added
		return nil
	}
	select {
	case <-w.reached:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for position %d: %w", position, ctx.Err())
	}
}

func (f *Follower) isAt(position trip2g.Position) bool {
	s := f.current.Load()
	return s != nil && s.position >= position
}

// refresh reads until it has caught up and publishes a snapshot if anything changed.
func (f *Follower) refresh(ctx context.Context) (trip2g.Position, error) {
	next := f.readChanges(ctx, f.state.position)
	for {
		set, err := next()
		if err != nil {
			return 0, fmt.Errorf("follow the database from position %d: %w", f.state.position, err)
		}
		if f.state.continues(set) {
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
		next = f.readChanges(ctx, 0)
	}
	f.publish()
	return f.state.position, nil
}

// readChangeSet returns the next change set.
type readChangeSet func() (trip2g.ChangeSet, error)

func (f *Follower) readChanges(ctx context.Context, position trip2g.Position) readChangeSet {
	return func() (trip2g.ChangeSet, error) { return f.source.Changes(ctx, position, f.Chunk) }
}

// readAhead starts reading the next change set while the previous one is applied: through a LiteFS
// mount, reading a large vault takes about as long as parsing it.
func (f *Follower) readAhead(ctx context.Context, position trip2g.Position) readChangeSet {
	type result struct {
		set trip2g.ChangeSet
		err error
	}
	read := make(chan result, 1)
	go func() {
		set, err := f.readChanges(ctx, position)()
		read <- result{set, err}
	}()
	return func() (trip2g.ChangeSet, error) {
		r := <-read
		return r.set, r.err
	}
}

// publish replaces the snapshot, if anything changed.
func (f *Follower) publish() {
	last := f.current.Load()
	if last != nil && !f.state.changed(last) {
		return
	}
	start := time.Now()
	follows := f.state.builder.IsBuilt()
	next := f.state.snapshot()
	f.current.Store(next)
	f.notifyObserver(last, next, follows)
	f.waiters.wake(next.position)
	f.reportWarnings(last, next)
	f.Log.Debug().Int64("position", int64(next.position)).Int("pages", next.index.Pages).
		Dur("duration", time.Since(start)).Msg("site follows")
}

// reportWarnings calls Warn with the warnings that the last snapshot did not have.
func (f *Follower) reportWarnings(last, next *snapshot) {
	if f.Warn == nil || last != nil && last.index.SameWarnings(next.index) {
		return
	}
	reported := map[trip2g.Warning]bool{}
	if last != nil {
		for _, w := range last.index.Warnings() {
			reported[w] = true
		}
	}
	for _, w := range next.index.Warnings() {
		if !reported[w] {
			f.Warn(w)
		}
	}
}

// logRefresh records the result of a refresh and logs an error once per streak.
func (f *Follower) logRefresh(err error) {
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

// Frame is a trip2g.SystemPageRenderer with the name, language and stylesheet of the current site.
func (f *Follower) Frame(p trip2g.SystemPage) []byte { return f.pages().Frame(p) }

// SearchFrame is a trip2g.SearchPageRenderer.
func (f *Follower) SearchFrame(p trip2g.SearchPage) []byte { return f.pages().SearchFrame(p) }

// WelcomeFrame is a trip2g.WelcomePageRenderer.
func (f *Follower) WelcomeFrame(p trip2g.WelcomePage) []byte { return f.pages().WelcomeFrame(p) }

// pages returns the current pages. Before the first load there are no notes.
func (f *Follower) pages() *render.Site {
	if s := f.current.Load(); s != nil {
		return s.pages
	}
	return f.empty
}
