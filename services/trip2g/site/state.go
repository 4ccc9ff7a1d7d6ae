package site

import (
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/services/trip2g"
)

// note is a published note and what was understood of it. It never changes.
type note struct {
	trip2g.Note
	doc *trip2g.Document
}

// state is what a follower has read so far.
type state struct {
	databaseID string
	position   trip2g.Position
	changedAt  time.Time
	notes      map[int64]*note
	sessions   map[int64]trip2g.Session

	newNotes, newSessions bool // since the last snapshot
}

func newState() *state {
	return &state{notes: make(map[int64]*note), sessions: make(map[int64]trip2g.Session), newNotes: true, newSessions: true}
}

// isOf tells whether the set continues what the state holds: it is of the same database, which has
// not been put back to an earlier position.
func (s *state) isOf(set trip2g.ChangeSet) bool {
	return s.databaseID == "" || set.DatabaseID == s.databaseID && set.Head >= s.position
}

// apply takes a set in. A note whose text is the same keeps what was understood of it.
func (s *state) apply(set trip2g.ChangeSet, parse func(path, content string) *trip2g.Document) {
	s.databaseID, s.position = set.DatabaseID, set.Position
	if !set.ChangedAt.IsZero() {
		s.changedAt = set.ChangedAt.UTC()
	}
	s.newNotes = s.newNotes || len(set.Notes) > 0 || len(set.RemovedNotes) > 0
	s.newSessions = s.newSessions || len(set.Sessions) > 0 || len(set.RemovedSessions) > 0
	for _, n := range s.parseAll(set.Notes, parse) {
		s.notes[n.ID] = n
	}
	for _, id := range set.RemovedNotes {
		delete(s.notes, id)
	}
	for _, session := range set.Sessions {
		s.sessions[session.ID] = session
	}
	for _, id := range set.RemovedSessions {
		delete(s.sessions, id)
	}
}

func (s *state) parseAll(published []trip2g.Note, parse func(path, content string) *trip2g.Document) []*note {
	notes := make([]*note, len(published))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, n := range published {
		if held := s.notes[n.ID]; held != nil && held.Path == n.Path && held.Hash == n.Hash {
			notes[i] = &note{n, held.doc}
			continue
		}
		group.Go(func() error {
			notes[i] = &note{n, parse(n.Path, n.Content)}
			return nil
		})
	}
	group.Wait()
	return notes
}

// changed tells whether readers of the snapshot would see anything new.
func (s *state) changed(last *snapshot) bool {
	return s.newNotes || s.newSessions || s.position != last.position || s.databaseID != last.databaseID || !s.changedAt.Equal(last.changedAt)
}

// snapshot makes what readers see of the state.
func (s *state) snapshot(last *snapshot, o Options) *snapshot {
	next := &snapshot{databaseID: s.databaseID, position: s.position, changedAt: s.changedAt}
	if last != nil {
		next.content, next.sessions = last.content, last.sessions
	}
	if s.newNotes {
		next.content = newContent(s.notes, o)
	}
	if s.newSessions {
		next.sessions = make(map[string]trip2g.Session, len(s.sessions))
		now := time.Now()
		for id, session := range s.sessions {
			if !now.Before(session.ExpiresAt) {
				delete(s.sessions, id) // no change tells of this end
				continue
			}
			next.sessions[session.TokenHash] = session
		}
	}
	s.newNotes, s.newSessions = false, false
	return next
}
