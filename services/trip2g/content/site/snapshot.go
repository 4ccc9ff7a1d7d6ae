package site

import (
	"math"
	"path"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
)

// snapshot is a site at one position. Snapshots between which no note changed share their index.
type snapshot struct {
	databaseID      string
	lineages        []trip2g.Lineage
	position        trip2g.Position
	changedAt       time.Time
	owned           bool
	index           *noteIndex
	sessionsByToken orderedSet[sessionByToken]
	sessionsByUser  orderedSet[sessionByUser]
}

var _ trip2g.Site = (*snapshot)(nil)

// Page implements trip2g.Site. An inexact URL path redirects to the only page that it can mean.
func (s *snapshot) Page(urlPath string, reader trip2g.Visitor) (trip2g.Page, trip2g.Location) {
	c := s.index.scope(reader)
	if urlPath == "/" && s.IsEmpty() {
		return nil, trip2g.Location{} // the caller shows a welcome page
	}
	if p := c.page(urlPath); p != nil {
		return p, trip2g.Location{}
	}
	found := c.followRedirects(path.Clean("/" + norm.NFC.String(urlPath)))
	if found.URL == "" {
		found.URL = c.redirectTarget(urlPath)
	}
	if found.URL == "" && urlPath == faviconURL {
		found.URL = newRenderContext(c, nil).icon()
	}
	if e := at(c.byURL, found.URL); e != nil && !c.mayRead(e) {
		return c.withheldPage(false), trip2g.Location{} // a redirect would reveal its URL
	}
	return nil, found
}

// NotFound implements trip2g.Site.
func (s *snapshot) NotFound(urlPath string, reader trip2g.Visitor) trip2g.Page {
	c := s.index.scope(reader)
	if urlPath == sitemapURL {
		return &page{c, noSitemapPage{}, false}
	}
	return &page{c, notFoundPage{strings.Join(c.suggest(urlPath), "\n"), trip2g.IsReserved(urlPath)}, false}
}

// Withheld implements trip2g.Site.
func (s *snapshot) Withheld(reader trip2g.Visitor) trip2g.Page {
	return s.index.scope(reader).withheldPage(true)
}

// ModifiedAt implements trip2g.Site.
func (s *snapshot) ModifiedAt() time.Time { return s.changedAt }

// Asset implements trip2g.Site.
func (s *snapshot) Asset(hash string) (asset trip2g.NoteAsset, public, ok bool) {
	return s.index.asset(hash)
}

// MayReadAsset implements trip2g.Site.
func (s *snapshot) MayReadAsset(hash string, reader trip2g.Visitor) bool {
	return s.index.scope(reader).mayReadAsset(hash)
}

// Session implements trip2g.Site.
func (s *snapshot) Session(tokenHash string, now time.Time) (trip2g.Session, bool) {
	session, ok := s.sessionsByToken.get(sessionByToken{tokenHash: tokenHash})
	if !ok || !now.Before(session.ExpiresAt) {
		return trip2g.Session{}, false
	}
	return *session.Session, true
}

// Sessions implements trip2g.Site.
func (s *snapshot) Sessions(user int64, now time.Time) []trip2g.Session {
	var sessions []trip2g.Session
	for session := range s.sessionsByUser.from(sessionByUser{user: user, id: math.MaxInt64}) {
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
func (s *snapshot) Settings() trip2g.Settings { return s.index.layout.settings }

// NoteByID implements trip2g.Site.
func (s *snapshot) NoteByID(id int64, reader trip2g.Visitor) (trip2g.NotePage, bool) {
	item, ok := s.index.byID.get(noteByID{id: id})
	if !ok || item.entry == nil || !s.index.scope(reader).mayRead(item.entry) {
		return trip2g.NotePage{}, false
	}
	e := item.entry
	return trip2g.NotePage{ID: e.ID, Title: e.doc.Title, URL: e.url, Access: e.access, Doc: e.doc}, true
}

// Published implements trip2g.Site.
func (s *snapshot) Published(id int64) (trip2g.PublishedNote, bool) {
	item, ok := s.index.byID.get(noteByID{id: id})
	if !ok {
		return trip2g.PublishedNote{}, false
	}
	return item.published(), true
}

// Redirects implements trip2g.Site.
func (s *snapshot) Redirects() []trip2g.Redirect {
	var list []trip2g.Redirect
	for redirect := range s.index.storedRedirects.from(storedRedirect{}) {
		list = append(list, *redirect.Redirect)
	}
	return list
}

// Name implements trip2g.Site.
func (s *snapshot) Name() string { return s.index.layout.name }

// Owned implements trip2g.Site.
func (s *snapshot) Owned() bool { return s.owned }

// PublicURL implements trip2g.Site.
func (s *snapshot) PublicURL() string { return s.index.layout.publicURL }

// IsEmpty implements trip2g.Site.
func (s *snapshot) IsEmpty() bool { return s.index.layout.empty }

// Stats implements trip2g.Site.
func (s *snapshot) Stats() trip2g.SiteStats {
	return trip2g.SiteStats{
		DatabaseID: s.databaseID, Lineages: s.lineages, Position: s.position, ChangedAt: s.changedAt,
		Notes: s.index.notes, Pages: s.index.pages, Bytes: s.index.bytes, Warnings: s.index.warnings.all(),
	}
}

// RestrictedLinks implements trip2g.Site.
func (s *snapshot) RestrictedLinks() []trip2g.Warning { return s.index.restrictedLinks() }

// Access implements trip2g.Site.
func (s *snapshot) Access() trip2g.AccessState { return s.index.access }

// Unspecified implements trip2g.Site.
func (s *snapshot) Unspecified(limit int) []string {
	var paths []string
	for n := range s.index.unspecified.from(notePath{}) {
		if len(paths) == limit {
			break
		}
		paths = append(paths, n.path)
	}
	return paths
}

// Groups implements trip2g.Site.
func (s *snapshot) Groups() trip2g.Groups { return s.index.groupViews.named() }
