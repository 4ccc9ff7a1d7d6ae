package site

import (
	"cmp"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/ordered"
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
	byToken *ordered.Index[sessionByToken]
	byUser  *ordered.Index[sessionByUser]
	byEnd   *ordered.Index[sessionEnd]
}

func newSessions() *sessions {
	return &sessions{
		byID:    make(map[int64]*trip2g.Session),
		byToken: ordered.New(func(a, b sessionByToken) bool { return a.tokenHash < b.tokenHash }),
		byUser:  ordered.New(ordered.LessBy(compareSessions)),
		byEnd: ordered.New(func(a, b sessionEnd) bool {
			return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) < 0
		}),
	}
}

func (s *sessions) put(session *trip2g.Session) {
	s.remove(session.ID)
	s.byID[session.ID] = session
	s.byToken.Put(sessionByToken{session.TokenHash, session})
	s.byUser.Put(sessionByUser{session.User.ID, session.ID, session})
	s.byEnd.Put(sessionEnd{session.ExpiresAt, session.ID})
}

func (s *sessions) remove(id int64) {
	session := s.byID[id]
	if session == nil {
		return
	}
	delete(s.byID, id)
	s.byToken.Delete(sessionByToken{tokenHash: session.TokenHash})
	s.byUser.Delete(sessionByUser{user: session.User.ID, id: id})
	s.byEnd.Delete(sessionEnd{session.ExpiresAt, id})
}

// snapshot removes expired sessions, for which there is no change, and returns the rest.
func (s *sessions) snapshot(now time.Time) (byToken ordered.Set[sessionByToken], byUser ordered.Set[sessionByUser]) {
	for first, ok := s.byEnd.First(sessionEnd{}); ok && !now.Before(first.at); first, ok = s.byEnd.First(sessionEnd{}) {
		s.remove(first.id)
	}
	return s.byToken.Snapshot(), s.byUser.Snapshot()
}
