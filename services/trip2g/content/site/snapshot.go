package site

import (
	"math"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/index"
	"trip2g/services/trip2g/content/site/ordered"
	"trip2g/services/trip2g/content/site/render"
)

// snapshot is a site at one position. Snapshots between which no note changed share their index.
type snapshot struct {
	databaseID      string
	lineages        []trip2g.Lineage
	position        trip2g.Position
	changedAt       time.Time
	owned           bool
	index           *index.Index
	pages           *render.Site // of index
	sessionsByToken ordered.Set[sessionByToken]
	sessionsByUser  ordered.Set[sessionByUser]
}

var _ trip2g.Site = (*snapshot)(nil)

// Page implements trip2g.Site.
func (s *snapshot) Page(urlPath string, reader trip2g.Visitor) (trip2g.Page, trip2g.Location) {
	return s.pages.Page(urlPath, reader)
}

// NotFound implements trip2g.Site.
func (s *snapshot) NotFound(urlPath string, reader trip2g.Visitor) trip2g.Page {
	return s.pages.NotFound(urlPath, reader)
}

// Withheld implements trip2g.Site.
func (s *snapshot) Withheld(reader trip2g.Visitor) trip2g.Page {
	return s.pages.Withheld(reader)
}

// ModifiedAt implements trip2g.Site.
func (s *snapshot) ModifiedAt() time.Time { return s.changedAt }

// Asset implements trip2g.Site.
func (s *snapshot) Asset(hash string) (asset trip2g.NoteAsset, public, ok bool) {
	return s.index.Asset(hash)
}

// MayReadAsset implements trip2g.Site.
func (s *snapshot) MayReadAsset(hash string, reader trip2g.Visitor) bool {
	return s.index.Scope(reader).MayReadAsset(hash)
}

// Session implements trip2g.Site.
func (s *snapshot) Session(tokenHash string, now time.Time) (trip2g.Session, bool) {
	session, ok := s.sessionsByToken.Get(sessionByToken{tokenHash: tokenHash})
	if !ok || !now.Before(session.ExpiresAt) {
		return trip2g.Session{}, false
	}
	return *session.Session, true
}

// Sessions implements trip2g.Site.
func (s *snapshot) Sessions(user int64, now time.Time) []trip2g.Session {
	var sessions []trip2g.Session
	for session := range s.sessionsByUser.From(sessionByUser{user: user, id: math.MaxInt64}) {
		if session.user != user {
			break
		}
		if now.Before(session.ExpiresAt) {
			sessions = append(sessions, *session.Session)
		}
	}
	return sessions
}

// Settings implements trip2g.Site.
func (s *snapshot) Settings() trip2g.Settings { return s.index.Layout.Settings }

// NoteByID implements trip2g.Site.
func (s *snapshot) NoteByID(id int64, reader trip2g.Visitor) (trip2g.NotePage, bool) {
	item, ok := s.index.ByID(id)
	if !ok || item.Entry == nil || !s.index.Scope(reader).MayRead(item.Entry) {
		return trip2g.NotePage{}, false
	}
	e := item.Entry
	return trip2g.NotePage{ID: e.ID, Title: e.Doc.Title, URL: e.URL, Access: e.Access, Doc: e.Doc}, true
}

// Published implements trip2g.Site.
func (s *snapshot) Published(id int64) (trip2g.PublishedNote, bool) {
	item, ok := s.index.ByID(id)
	if !ok {
		return trip2g.PublishedNote{}, false
	}
	return item.Published(), true
}

// Redirects implements trip2g.Site.
func (s *snapshot) Redirects() []trip2g.Redirect { return s.index.Redirects() }

// Name implements trip2g.Site.
func (s *snapshot) Name() string { return s.index.Layout.Name }

// Owned implements trip2g.Site.
func (s *snapshot) Owned() bool { return s.owned }

// Lang implements trip2g.Site.
func (s *snapshot) Lang() string { return s.index.Layout.Lang }

// PublicURL implements trip2g.Site.
func (s *snapshot) PublicURL() string { return s.index.Layout.PublicURL }

// IsEmpty implements trip2g.Site.
func (s *snapshot) IsEmpty() bool { return s.index.Layout.Empty }

// Stats implements trip2g.Site.
func (s *snapshot) Stats() trip2g.SiteStats {
	return trip2g.SiteStats{
		DatabaseID: s.databaseID, Lineages: s.lineages, Position: s.position, ChangedAt: s.changedAt,
		Notes: s.index.Notes, Pages: s.index.Pages, Bytes: s.index.Bytes, Warnings: s.index.Warnings(),
	}
}

// RestrictedLinks implements trip2g.Site.
func (s *snapshot) RestrictedLinks() []trip2g.Warning { return s.index.RestrictedLinks() }

// Access implements trip2g.Site.
func (s *snapshot) Access() trip2g.AccessState { return s.index.Access }

// Unspecified implements trip2g.Site.
func (s *snapshot) Unspecified(limit int) []string { return s.index.Unspecified(limit) }

// Groups implements trip2g.Site.
func (s *snapshot) Groups() trip2g.Groups { return s.index.Groups() }
