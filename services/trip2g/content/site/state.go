package site

import (
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/index"
	"trip2g/services/trip2g/content/site/render"
)

// state holds everything that the follower has read so far.
type state struct {
	databaseID string
	lineage    string // of the change at position
	lineages   []trip2g.Lineage
	position   trip2g.Position
	changedAt  time.Time
	owned      bool
	builder    *index.Builder
	sessions   *sessions

	render *render.Options
	cache  *render.Cache

	indexed *index.Index // in the last snapshot
	pages   *render.Site // of indexed
}

func (f *Follower) newState() *state {
	return &state{render: f.render, cache: f.cache, builder: index.NewBuilder(f.indexOptions()), sessions: newSessions()}
}

// continues reports whether set continues the state: it is from the same database, which has not
// been restored to an earlier position, even if it has grown past this position since.
func (s *state) continues(set trip2g.ChangeSet) bool {
	if s.databaseID == "" {
		return true
	}
	return set.DatabaseID == s.databaseID && set.Head >= s.position && (s.lineage == "" || set.Since == s.lineage)
}

// apply adds a change set. A note without visible changes stays the same object, and a note with
// the same text keeps its document.
func (s *state) apply(set trip2g.ChangeSet, parse func(path, content string) *trip2g.Document) {
	s.databaseID, s.lineage, s.position = set.DatabaseID, set.Lineage, set.Position
	s.lineages = set.Lineages
	if !set.ChangedAt.IsZero() {
		s.changedAt = set.ChangedAt.UTC()
	}
	s.owned = set.Owned
	s.builder.SetSite(set.PublicURL, set.VaultName, set.SiteAccess)
	for _, n := range s.parseAll(set.Notes, parse) {
		s.builder.Put(n)
	}
	for _, id := range set.RemovedNotes {
		s.builder.Remove(id)
	}
	for _, r := range set.Redirects {
		s.builder.PutRedirect(&r)
	}
	for _, id := range set.RemovedRedirects {
		s.builder.RemoveRedirect(id)
	}
	for _, session := range set.Sessions {
		s.sessions.put(&session)
	}
	for _, id := range set.RemovedSessions {
		s.sessions.remove(id)
	}
}

func (s *state) parseAll(published []trip2g.Note, parse func(path, content string) *trip2g.Document) []*index.Note {
	notes := make([]*index.Note, len(published))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, n := range published {
		old := s.builder.Note(n.ID)
		switch {
		case old == nil || old.Path != n.Path || old.Hash != n.Hash:
		case old.VersionID == n.VersionID && slices.Equal(old.Assets, n.Assets):
			notes[i] = old
			continue
		default:
			notes[i] = old.With(n)
			continue
		}
		if old != nil && slices.Equal(old.Assets, n.Assets) {
			n.Assets = old.Assets // keeps references to them equal
		}
		group.Go(func() error {
			notes[i] = s.builder.ParsedNote(n, parse(n.Path, n.Content))
			return nil
		})
	}
	group.Wait()
	return notes
}

// changed reports whether the state differs visibly from the last snapshot.
func (s *state) changed(last *snapshot) bool {
	return s.builder.IsDirty() || s.position != last.position || s.databaseID != last.databaseID || s.owned != last.owned || !s.changedAt.Equal(last.changedAt)
}

// snapshot returns an immutable snapshot of the state.
func (s *state) snapshot() *snapshot {
	next := &snapshot{databaseID: s.databaseID, lineages: s.lineages, position: s.position, changedAt: s.changedAt, owned: s.owned}
	next.index = s.builder.Build()
	if next.index != s.indexed {
		s.indexed, s.pages = next.index, render.New(next.index, s.render, s.cache)
	}
	next.pages = s.pages
	next.sessionsByToken, next.sessionsByUser = s.sessions.snapshot(time.Now())
	return next
}
