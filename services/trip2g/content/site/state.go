package site

import (
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

// note is a published note and its parsed document. It is immutable.
type note struct {
	trip2g.Note
	doc    *trip2g.Document
	access trip2g.Access // with defaults applied
}

// usesDefaultAccess reports whether the note does not specify its access.
func (n *note) usesDefaultAccess() bool { return n.doc.Access.Level == trip2g.Unspecified }

// state is what the follower has read so far.
type state struct {
	databaseID string
	lineage    string // of the change at position
	lineages   []trip2g.Lineage
	position   trip2g.Position
	changedAt  time.Time
	owned      bool
	builder    *builder
	sessions   *sessions
}

func (f *Follower) newState() *state {
	return &state{builder: newBuilder(&f.Options, f.cache), sessions: newSessions()}
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
	s.builder.publicURL, s.builder.vaultName, s.owned = set.PublicURL, set.VaultName, set.Owned
	s.builder.siteAccess = set.SiteAccess
	for _, n := range s.parseAll(set.Notes, parse) {
		s.builder.put(n)
	}
	for _, id := range set.RemovedNotes {
		s.builder.remove(id)
	}
	for _, r := range set.Redirects {
		s.builder.putRedirect(&r)
	}
	for _, id := range set.RemovedRedirects {
		s.builder.removeRedirect(id)
	}
	for _, session := range set.Sessions {
		s.sessions.put(&session)
	}
	for _, id := range set.RemovedSessions {
		s.sessions.remove(id)
	}
}

func (s *state) parseAll(published []trip2g.Note, parse func(path, content string) *trip2g.Document) []*note {
	notes := make([]*note, len(published))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, n := range published {
		old := s.builder.notes[n.ID]
		switch {
		case old == nil || old.Path != n.Path || old.Hash != n.Hash:
		case old.VersionID == n.VersionID && slices.Equal(old.Assets, n.Assets):
			notes[i] = old
			continue
		default:
			n.Content = old.Content // shared with the document
			notes[i] = &note{n, old.doc, old.access}
			continue
		}
		if old != nil && slices.Equal(old.Assets, n.Assets) {
			n.Assets = old.Assets // keeps references to them equal
		}
		group.Go(func() error {
			doc := parse(n.Path, n.Content)
			notes[i] = &note{n, doc, doc.Access.Resolve(s.builder.defaultAccess)}
			return nil
		})
	}
	group.Wait()
	return notes
}

// changed reports whether the state differs visibly from the last snapshot.
func (s *state) changed(last *snapshot) bool {
	return s.builder.isDirty() || s.position != last.position || s.databaseID != last.databaseID || s.owned != last.owned || !s.changedAt.Equal(last.changedAt)
}

// snapshot returns an immutable snapshot of the state.
func (s *state) snapshot() *snapshot {
	next := &snapshot{databaseID: s.databaseID, lineages: s.lineages, position: s.position, changedAt: s.changedAt, owned: s.owned}
	next.index = s.builder.build()
	next.sessionsByToken, next.sessionsByUser = s.sessions.snapshot(time.Now())
	return next
}
