package site

import (
	"cmp"
	"time"

	"trip2g/services/trip2g"
)

// session is a session by what its token hashes to.
type session struct {
	tokenHash string
	*trip2g.Session
}

// signIn is a session by whose it is, the newest first.
type signIn struct {
	user, id int64
	*trip2g.Session
}

func newestFirst(a, b signIn) int {
	return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(b.id, a.id))
}

// ending is a session by when it ends.
type ending struct {
	at time.Time
	id int64
}

// sessions are those that have not ended.
type sessions struct {
	byID     map[int64]*trip2g.Session
	byToken  *index[session]
	byUser   *index[signIn]
	byEnding *index[ending]
}

func newSessions() *sessions {
	return &sessions{
		byID:    make(map[int64]*trip2g.Session),
		byToken: newIndex(func(a, b session) bool { return a.tokenHash < b.tokenHash }),
		byUser:  newIndex(before(newestFirst)),
		byEnding: newIndex(func(a, b ending) bool {
			return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) < 0
		}),
	}
}

func (s *sessions) put(held *trip2g.Session) {
	s.remove(held.ID)
	s.byID[held.ID] = held
	s.byToken.put(session{held.TokenHash, held})
	s.byUser.put(signIn{held.User.ID, held.ID, held})
	s.byEnding.put(ending{held.ExpiresAt, held.ID})
}

func (s *sessions) remove(id int64) {
	held := s.byID[id]
	if held == nil {
		return
	}
	delete(s.byID, id)
	s.byToken.drop(session{tokenHash: held.TokenHash})
	s.byUser.drop(signIn{user: held.User.ID, id: id})
	s.byEnding.drop(ending{held.ExpiresAt, id})
}

// freeze drops the sessions that have ended, of which no change tells, and gives the rest.
func (s *sessions) freeze(now time.Time) (byToken sorted[session], byUser sorted[signIn]) {
	for first, ok := s.byEnding.first(ending{}); ok && !now.Before(first.at); first, ok = s.byEnding.first(ending{}) {
		s.remove(first.id)
	}
	return s.byToken.freeze(), s.byUser.freeze()
}
