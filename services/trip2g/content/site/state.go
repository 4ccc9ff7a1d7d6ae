package site

import (
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

// note is a published note and what was understood of it. It never changes.
type note struct {
	trip2g.Note
	doc    *trip2g.Document
	access trip2g.Access // resolved
}

// saysNothing reports whether the site's default decides who may read the note.
func (n *note) saysNothing() bool { return n.doc.Access.Level == trip2g.Unspecified }

// state is what a follower has read so far.
type state struct {
	databaseID string
	lineage    string // of the change at position
	lineages   []trip2g.Lineage
	position   trip2g.Position
	changedAt  time.Time
	owned      bool // the site has an owner
	catalog    *catalog
	sessions   *sessions
}

func (f *Follower) newState() *state {
	return &state{catalog: newCatalog(&f.Options, f.bodies), sessions: newSessions()}
}

// isOf tells whether the set continues what the state holds: it is of the same database, which has
// not been put back to an earlier position, nor to an earlier one from which it grew another way.
func (s *state) isOf(set trip2g.ChangeSet) bool {
	if s.databaseID == "" {
		return true
	}
	return set.DatabaseID == s.databaseID && set.Head >= s.position && (s.lineage == "" || set.Since == s.lineage)
}

// apply takes a set in. A note of which nothing changed that pages show stays the same one, and one
// whose text is the same keeps what was understood of it.
func (s *state) apply(set trip2g.ChangeSet, parse func(path, content string) *trip2g.Document) {
	s.databaseID, s.lineage, s.position = set.DatabaseID, set.Lineage, set.Position
	s.lineages = set.Lineages
	if !set.ChangedAt.IsZero() {
		s.changedAt = set.ChangedAt.UTC()
	}
	s.catalog.publicURL, s.catalog.vaultName, s.owned = set.PublicURL, set.VaultName, set.Owned
	s.catalog.siteAccess = set.SiteAccess
	for _, n := range s.parseAll(set.Notes, parse) {
		s.catalog.put(n)
	}
	for _, id := range set.RemovedNotes {
		s.catalog.remove(id)
	}
	for _, r := range set.Redirects {
		s.catalog.putRedirect(&r)
	}
	for _, id := range set.RemovedRedirects {
		s.catalog.removeRedirect(id)
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
		held := s.catalog.notes[n.ID]
		switch {
		case held == nil || held.Path != n.Path || held.Hash != n.Hash:
		case held.VersionID == n.VersionID && slices.Equal(held.Assets, n.Assets):
			notes[i] = held
			continue
		default:
			n.Content = held.Content // which the document shares
			notes[i] = &note{n, held.doc, held.access}
			continue
		}
		if held != nil && slices.Equal(held.Assets, n.Assets) {
			n.Assets = held.Assets // so that what refers to them stays
		}
		group.Go(func() error {
			doc := parse(n.Path, n.Content)
			notes[i] = &note{n, doc, doc.Access.Resolve(s.catalog.access)}
			return nil
		})
	}
	group.Wait()
	return notes
}

// changed tells whether readers of the snapshot would see anything new.
func (s *state) changed(last *snapshot) bool {
	return s.catalog.isStale() || s.position != last.position || s.databaseID != last.databaseID || s.owned != last.owned || !s.changedAt.Equal(last.changedAt)
}

// snapshot makes what readers see of the state.
func (s *state) snapshot() *snapshot {
	next := &snapshot{databaseID: s.databaseID, lineages: s.lineages, position: s.position, changedAt: s.changedAt, owned: s.owned}
	next.content = s.catalog.content()
	next.sessions, next.signIns = s.sessions.freeze(time.Now())
	return next
}
