// Package site keeps what readers see in memory and follows the database with it.
//
// A Follower reads what changed, in short transactions, and swaps an immutable snapshot when it
// has caught up; a request reads the snapshot and nothing else. Pages are made when they are first
// asked for.
package site

import (
	"context"
	"fmt"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
)

// Defaults of Options.
const (
	DefaultChunk     = 500 // changes; on a LiteFS replica a read transaction holds replication up as long as it lasts
	DefaultLookEvery = 5 * time.Second
)

// Options are the parts of a Follower. Parse and Render are needed.
type Options struct {
	// Parse understands a note; it never fails.
	Parse func(path, content string) *trip2g.Document
	// Render makes HTML of a document's text; with an error it is the text as it stands.
	Render func(*trip2g.Document, trip2g.Links) ([]byte, error)
	Log    zerolog.Logger
	// Warn, if given, is told what the owner should know of the vault and was not told before.
	Warn func(trip2g.Warning)
	// Chunk bounds the changes of one read transaction; 0: DefaultChunk.
	Chunk int
	// LookEvery is how often Run looks for changes that nothing told of; 0: DefaultLookEvery.
	LookEvery time.Duration
}

// Follower keeps a site up to date. Its methods may be called from several goroutines at once.
type Follower struct {
	Options
	source  trip2g.ChangeSource
	current atomic.Pointer[snapshot]
	fault   atomic.Pointer[error]

	mu         sync.Mutex // of following: one at a time
	databaseID string
	position   trip2g.Position
	changedAt  time.Time
	notes      map[int64]*entry
	sessions   map[int64]trip2g.Session
}

// entry is a note that readers may see, understood once a version.
type entry struct {
	note trip2g.Note
	doc  *trip2g.Document
	url  string // the address that it wants, "" if it is no page
	key  string // its path without the ending, folded
}

// NewFollower makes a follower of source. There is no site before the first Refresh.
func NewFollower(source trip2g.ChangeSource, o Options) *Follower {
	if o.Chunk == 0 {
		o.Chunk = DefaultChunk
	}
	if o.LookEvery == 0 {
		o.LookEvery = DefaultLookEvery
	}
	f := &Follower{Options: o, source: source}
	f.forget("")
	return f
}

// Current gives the site that is served now, nil before it is loaded.
func (f *Follower) Current() trip2g.Site {
	if s := f.current.Load(); s != nil {
		return s
	}
	return nil // not a nil *snapshot, which would be an interface that is not nil
}

// Err tells why the site does not follow the database now, nil if it does.
func (f *Follower) Err() error {
	if err := f.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// Run follows until ctx ends: at each wake, and at intervals in case nothing woke it. It gives nil.
// An error of following is logged, kept for Err, and tried again; what was served stays.
func (f *Follower) Run(ctx context.Context, wake <-chan struct{}) error {
	look := time.NewTicker(f.LookEvery)
	defer look.Stop()
	for {
		f.Refresh(ctx) // its error is noted
		select {
		case <-ctx.Done():
			return nil
		case _, open := <-wake:
			if !open {
				wake = nil // the interval is left
			}
		case <-look.C:
		}
	}
}

// Refresh reads what changed and shows it. The position is that of what is served afterwards.
func (f *Follower) Refresh(ctx context.Context) (trip2g.Position, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	err := f.follow(ctx)
	if ctx.Err() == nil {
		f.note(err)
	}
	return f.position, err
}

// note logs the first of several equal errors and the end of them.
func (f *Follower) note(err error) {
	before := f.fault.Load()
	switch {
	case err != nil && (before == nil || (*before).Error() != err.Error()):
		f.Log.Error().Err(err).Msg("the site cannot follow the database: serving what it had")
		f.fault.Store(&err)
	case err == nil && before != nil:
		f.Log.Info().Msg("the site follows the database again")
		f.fault.Store(nil)
	}
}

// follow reads to the newest change. A set may be part of one commit, so the snapshot is swapped
// only when there is no more to read.
func (f *Follower) follow(ctx context.Context) error {
	for changed := f.current.Load() == nil; ; {
		set, err := f.source.Changes(ctx, f.position, f.Chunk)
		if err != nil {
			return fmt.Errorf("read the changes after %d: %w", f.position, err)
		}
		if f.databaseID != set.DatabaseID || set.Head < f.position {
			if f.databaseID != "" {
				f.Log.Warn().Str("database", set.DatabaseID).Int64("head", int64(set.Head)).Int64("position", int64(f.position)).
					Msg("this is another or an older database: loading the site anew")
			}
			f.forget(set.DatabaseID)
			changed = true
			continue
		}
		if set.Position <= f.position && set.Position < set.Head {
			return fmt.Errorf("read the changes after %d: there are some up to %d, and none came", f.position, set.Head)
		}
		changed = changed || set.Position > f.position
		f.apply(set)
		if set.Position < set.Head {
			continue
		}
		if changed {
			f.show(f.build())
		}
		return nil
	}
}

// show swaps the snapshot and tells of the warnings that the last one did not have.
func (f *Follower) show(s *snapshot) {
	told := map[trip2g.Warning]bool{}
	if last := f.current.Swap(s); last != nil {
		for _, w := range last.stats.Warnings {
			told[w] = true
		}
	}
	for _, w := range s.stats.Warnings {
		if f.Warn != nil && !told[w] {
			f.Warn(w)
		}
	}
}

func (f *Follower) forget(databaseID string) {
	f.databaseID, f.position, f.changedAt = databaseID, 0, time.Time{}
	f.notes, f.sessions = map[int64]*entry{}, map[int64]trip2g.Session{}
}

func (f *Follower) apply(set trip2g.ChangeSet) {
	for _, n := range set.Notes {
		f.notes[n.ID] = f.understand(n)
	}
	for _, id := range set.RemovedNotes {
		delete(f.notes, id)
	}
	for _, s := range set.Sessions {
		f.sessions[s.ID] = s
	}
	for _, id := range set.RemovedSessions {
		delete(f.sessions, id)
	}
	f.position, f.changedAt = set.Position, set.ChangedAt
}

// understand parses a note unless only its files changed.
func (f *Follower) understand(n trip2g.Note) *entry {
	if known, ok := f.notes[n.ID]; ok && known.note.Path == n.Path && known.note.Hash == n.Hash {
		again := *known
		again.note = n
		return &again
	}
	e := &entry{note: n, doc: f.Parse(n.Path, n.Content), key: fold(strings.TrimSuffix(n.Path, path.Ext(n.Path)))}
	e.url, _ = trip2g.NoteURL(n.Path, e.doc.Slug)
	return e
}
