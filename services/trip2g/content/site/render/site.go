// Package render renders the pages, feeds and system pages of a site from the index of its notes.
//
// Rendered pages share one bounded cache. A page records what it looks up in the index, and stays
// valid for later snapshots while all of that has the same value.
package render

import (
	"strings"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/index"
)

// Options configures the rendering of pages.
type Options struct {
	// Render renders a note's text as HTML. The fragment is shown even if there is an error.
	Render func(*trip2g.Document, trip2g.Links) ([]byte, error)
	// Excerpt returns the beginning of a note's text in one line of up to n characters; optional.
	Excerpt func(doc *trip2g.Document, n int) string
	// Context returns the text around a link in one line; optional.
	Context func(*trip2g.Document, trip2g.Link) string
	Log     zerolog.Logger
	// BasePath is where the site is served. With Manual, it is not the root of the host.
	BasePath trip2g.BasePath
	// Manual is set for the documentation; nil for an owner's site.
	Manual *Manual
}

// Manual describes the documentation.
type Manual struct {
	Version string // of the documented program
}

// Site renders the pages of one snapshot of the notes.
type Site struct {
	*Options
	index  *index.Index
	cache  *Cache
	recent recentPages
}

// New returns a site without rendered pages. Sites that share a cache reuse each other's pages
// as far as these are the same.
func New(x *index.Index, o *Options, c *Cache) *Site {
	return &Site{Options: o, index: x, cache: c}
}

// scopedSite is a site as seen by a reader.
type scopedSite struct {
	index.Scope
	*Site
}

func (s *Site) scopeFor(reader trip2g.Visitor) scopedSite {
	return scopedSite{s.index.Scope(reader), s}
}

// Page returns the page at a URL path. An inexact one redirects to the only page that it can mean.
func (s *Site) Page(urlPath string, reader trip2g.Visitor) (trip2g.Page, trip2g.Location) {
	scoped := s.scopeFor(reader)
	if urlPath == "/" && scoped.Layout.Empty {
		return nil, trip2g.Location{} // the caller shows a welcome page
	}
	if page := scoped.page(urlPath); page != nil {
		return page, trip2g.Location{}
	}
	found := scoped.followRedirects(trip2g.CleanURLPath(urlPath))
	if found.URL == "" {
		found.URL = scoped.RedirectTarget(urlPath)
	}
	if found.URL == "" && urlPath == faviconURL {
		found.URL = newRenderContext(scoped, nil).icon()
	}
	if e := scoped.EntryAt(found.URL); e != nil && !scoped.MayRead(e) {
		return scoped.withheldPage(false), trip2g.Location{} // a redirect would reveal its URL
	}
	return nil, found
}

// NotFound returns the 404 page for a URL path.
func (s *Site) NotFound(urlPath string, reader trip2g.Visitor) trip2g.Page {
	scoped := s.scopeFor(reader)
	if urlPath == sitemapURL {
		return &page{scoped, noSitemapPage{}, false}
	}
	return &page{scoped, notFoundPage{strings.Join(scoped.Suggest(urlPath), "\n"), trip2g.IsReserved(urlPath)}, false}
}

// Withheld returns the notice for a page below /_system/ that is withheld from reader.
func (s *Site) Withheld(reader trip2g.Visitor) trip2g.Page {
	return s.scopeFor(reader).withheldPage(true)
}

// maxHops bounds the length of a chain of redirects.
const maxHops = 8

// followRedirects returns the final target of the stored redirect from a URL, the zero Location if
// there is none.
func (s scopedSite) followRedirects(from string) trip2g.Location {
	for range maxHops {
		redirect, ok := s.RedirectAt(from)
		switch {
		case !ok:
			return trip2g.Location{}
		case redirect.NoteID != 0:
			n, _ := s.ByID(redirect.NoteID)
			if n.Entry == nil {
				return trip2g.Location{}
			}
			return trip2g.Location{URL: n.Entry.URL, Permanent: true}
		case !strings.HasPrefix(redirect.To, "/"), trip2g.IsReserved(redirect.To), s.page(redirect.To) != nil:
			return trip2g.Location{URL: redirect.To, Permanent: true}
		}
		if url := s.RedirectTarget(redirect.To); url != "" {
			return trip2g.Location{URL: url}
		}
		from = redirect.To
	}
	return trip2g.Location{} // loop
}
