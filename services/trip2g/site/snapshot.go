package site

import (
	"math"
	"time"

	"trip2g/services/trip2g"
)

// snapshot is a site at one position. Snapshots between which no note changed share their content.
type snapshot struct {
	databaseID string
	position   trip2g.Position
	changedAt  time.Time
	content    *content
	sessions   sorted[session]
	signIns    sorted[signIn]

	notFound, membersOnly page
}

var _ trip2g.Site = (*snapshot)(nil)

// Page is trip2g.Site's. What is not found as it is written leads to the one page that it can mean.
func (s *snapshot) Page(urlPath string) (trip2g.Page, string) {
	if p := s.content.page(urlPath); p != nil {
		return p, ""
	}
	return nil, s.content.redirect(urlPath)
}

// NotFound is trip2g.Site's.
func (s *snapshot) NotFound() trip2g.Page { return &s.notFound }

// MembersOnly is trip2g.Site's.
func (s *snapshot) MembersOnly() trip2g.Page { return &s.membersOnly }

// ModifiedAt is trip2g.Site's.
func (s *snapshot) ModifiedAt() time.Time { return s.changedAt }

// Asset is trip2g.Site's.
func (s *snapshot) Asset(hash string) (asset trip2g.NoteAsset, public, ok bool) {
	return s.content.asset(hash)
}

// Session is trip2g.Site's.
func (s *snapshot) Session(tokenHash string, now time.Time) (trip2g.Session, bool) {
	held, ok := s.sessions.get(session{tokenHash: tokenHash})
	if !ok || !now.Before(held.ExpiresAt) {
		return trip2g.Session{}, false
	}
	return *held.Session, true
}

// Sessions is trip2g.Site's.
func (s *snapshot) Sessions(user int64, now time.Time) []trip2g.Session {
	var sessions []trip2g.Session
	for held := range s.signIns.from(signIn{user: user, id: math.MaxInt64}) {
		if held.user != user {
			break
		}
		if now.Before(held.ExpiresAt) {
			sessions = append(sessions, *held.Session)
		}
	}
	return sessions
}

// Stats is trip2g.Site's.
func (s *snapshot) Stats() trip2g.SiteStats {
	return trip2g.SiteStats{
		DatabaseID: s.databaseID, Position: s.position, ChangedAt: s.changedAt,
		Notes: s.content.notes, Pages: s.content.pages, Bytes: s.content.bytes, Warnings: s.content.warnings.all(),
	}
}
