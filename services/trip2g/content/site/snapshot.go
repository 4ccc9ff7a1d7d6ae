package site

import (
	"math"
	"path"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
)

// snapshot is a site at one position. Snapshots between which no note changed share their content.
type snapshot struct {
	databaseID string
	lineages   []trip2g.Lineage
	position   trip2g.Position
	changedAt  time.Time
	owned      bool
	content    *content
	sessions   sorted[session]
	signIns    sorted[signIn]
}

var _ trip2g.Site = (*snapshot)(nil)

// Page is trip2g.Site's. What is not found as it is written leads to the one page that it can mean.
func (s *snapshot) Page(urlPath string, reader trip2g.Reader) (trip2g.Page, trip2g.Location) {
	c := s.content.scope(reader)
	if urlPath == "/" && s.IsEmpty() {
		return nil, trip2g.Location{} // what is there then is about the node, not about notes
	}
	if p := c.page(urlPath); p != nil {
		return p, trip2g.Location{}
	}
	found := c.storedFrom(path.Clean("/" + norm.NFC.String(urlPath)))
	if found.URL == "" {
		found.URL = c.redirect(urlPath)
	}
	if found.URL == "" && urlPath == faviconURL {
		found.URL = newReading(c, nil).icon()
	}
	if e := at(c.entries, found.URL); e != nil && !c.mayRead(e) {
		return c.withheld(false), trip2g.Location{} // its address is not told either
	}
	return nil, found
}

// NotFound is trip2g.Site's.
func (s *snapshot) NotFound(urlPath string, reader trip2g.Reader) trip2g.Page {
	c := s.content.scope(reader)
	if urlPath == sitemapURL {
		return &page{c, noSitemap{}, false}
	}
	return &page{c, missing{strings.Join(c.suggest(urlPath), "\n"), trip2g.IsReserved(urlPath)}, false}
}

// Withheld is trip2g.Site's.
func (s *snapshot) Withheld(reader trip2g.Reader) trip2g.Page {
	return s.content.scope(reader).withheld(true)
}

// ModifiedAt is trip2g.Site's.
func (s *snapshot) ModifiedAt() time.Time { return s.changedAt }

// Asset is trip2g.Site's.
func (s *snapshot) Asset(hash string) (asset trip2g.NoteAsset, public, ok bool) {
	return s.content.asset(hash)
}

// MayReadAsset is trip2g.Site's.
func (s *snapshot) MayReadAsset(hash string, reader trip2g.Reader) bool {
	return s.content.scope(reader).mayReadAsset(hash)
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

// Settings is trip2g.Site's.
func (s *snapshot) Settings() trip2g.Settings { return s.content.layout.settings }

// NoteByID is trip2g.Site's.
func (s *snapshot) NoteByID(id int64, reader trip2g.Reader) (trip2g.NotePage, bool) {
	held, ok := s.content.ids.get(identified{id: id})
	if !ok || held.entry == nil || !s.content.scope(reader).mayRead(held.entry) {
		return trip2g.NotePage{}, false
	}
	e := held.entry
	return trip2g.NotePage{ID: e.ID, Title: e.doc.Title, URL: e.url, Access: e.access, Doc: e.doc}, true
}

// Published is trip2g.Site's.
func (s *snapshot) Published(id int64) (trip2g.PublishedNote, bool) {
	held, ok := s.content.ids.get(identified{id: id})
	if !ok {
		return trip2g.PublishedNote{}, false
	}
	return held.published(), true
}

// Redirects is trip2g.Site's.
func (s *snapshot) Redirects() []trip2g.Redirect {
	var list []trip2g.Redirect
	for held := range s.content.stored.from(stored{}) {
		list = append(list, *held.Redirect)
	}
	return list
}

// Name is trip2g.Site's.
func (s *snapshot) Name() string { return s.content.layout.name }

// Owned is trip2g.Site's.
func (s *snapshot) Owned() bool { return s.owned }

// PublicURL is trip2g.Site's.
func (s *snapshot) PublicURL() string { return s.content.layout.publicURL }

// IsEmpty is trip2g.Site's.
func (s *snapshot) IsEmpty() bool { return s.content.layout.empty }

// Stats is trip2g.Site's.
func (s *snapshot) Stats() trip2g.SiteStats {
	return trip2g.SiteStats{
		DatabaseID: s.databaseID, Lineages: s.lineages, Position: s.position, ChangedAt: s.changedAt,
		Notes: s.content.notes, Pages: s.content.pages, Bytes: s.content.bytes, Warnings: s.content.warnings.all(),
	}
}

// RestrictedLinks is trip2g.Site's.
func (s *snapshot) RestrictedLinks() []trip2g.Warning { return s.content.restrictedLinks() }

// Access is trip2g.Site's.
func (s *snapshot) Access() trip2g.AccessState { return s.content.access }

// Unspecified is trip2g.Site's.
func (s *snapshot) Unspecified(limit int) []string {
	var paths []string
	for n := range s.content.unspecified.from(notePath{}) {
		if len(paths) == limit {
			break
		}
		paths = append(paths, n.path)
	}
	return paths
}

// Groups is trip2g.Site's.
func (s *snapshot) Groups() trip2g.Groups { return s.content.groupShelves.named() }
