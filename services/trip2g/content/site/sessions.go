package site

import (
	"cmp"
	"time"

	"trip2g/services/trip2g"
)

// sessionByToken is a session by the hash of its token.
type sessionByToken struct {
	tokenHash string
	*trip2g.Session
}

// sessionByUser is a session by its user, newest first.
type sessionByUser struct {
	user, id int64
	*trip2g.Session
}

func compareSessions(a, b sessionByUser) int {
	return cmp.Or(cmp.Compare(a.user, b.user), cmp.Compare(b.id, a.id))
}

// sessionEnd is a session by its end.
type sessionEnd struct {
	at time.Time
	id int64
}

// sessions holds the sessions that have not expired.
type sessions struct {
	byID    map[int64]*trip2g.Session
	byToken *orderedIndex[sessionByToken]
	byUser  *orderedIndex[sessionByUser]
	byEnd   *orderedIndex[sessionEnd]
}

func newSessions() *sessions {
	return &sessions{
		byID:    make(map[int64]*trip2g.Session),
		byToken: newOrderedIndex(func(a, b sessionByToken) bool { return a.tokenHash < b.tokenHash }),
		byUser:  newOrderedIndex(lessBy(compareSessions)),
		byEnd: newOrderedIndex(func(a, b sessionEnd) bool {
			return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) < 0
		}),
	}
}

func (s *sessions) put(session *trip2g.Session) {
	s.remove(session.ID)
	s.byID[session.ID] = session
	s.byToken.put(sessionByToken{session.TokenHash, session})
	s.byUser.put(sessionByUser{session.User.ID, session.ID, session})
	s.byEnd.put(sessionEnd{session.ExpiresAt, session.ID})
}

func (s *sessions) remove(id int64) {
	session := s.byID[id]
	if session == nil {
		return
	}
	delete(s.byID, id)
	s.byToken.delete(sessionByToken{tokenHash: session.TokenHash})
	s.byUser.delete(sessionByUser{user: session.User.ID, id: id})
	s.byEnd.delete(sessionEnd{session.ExpiresAt, id})
}

// snapshot removes expired sessions, for which there is no change, and returns the rest.
func (s *sessions) snapshot(now time.Time) (byToken orderedSet[sessionByToken], byUser orderedSet[sessionByUser]) {
	for first, ok := s.byEnd.first(sessionEnd{}); ok && !now.Before(first.at); first, ok = s.byEnd.first(sessionEnd{}) {
		s.remove(first.id)
	}
	return s.byToken.snapshot(), s.byUser.snapshot()
}
