package site

import (
	"hash/maphash"
	"sync/atomic"

	"trip2g/services/trip2g"
)

// resource is what a page shows: a note, a folder, a feed or a notice. Values are comparable;
// different values are different pages.
type resource interface {
	// key returns the page's URL path, or a name that is no URL path for a notice. Keys are unique
	// in a snapshot.
	key() string
	contentType() string
	render(*renderContext) []byte
}

// page is a resource as shown by one snapshot to one kind of reader.
type page struct {
	scope
	resource resource
	withheld bool // it replaces a page that the reader may not read
}

var _ trip2g.Page = (*page)(nil)

// Withheld implements trip2g.Page.
func (p *page) Withheld() bool { return p.withheld }

// ContentType implements trip2g.Page.
func (p *page) ContentType() string { return p.resource.contentType() }

// Body implements trip2g.Page.
func (p *page) Body(coding trip2g.Coding) *trip2g.Body { return p.cache.get(p, coding) }

// page returns the page at a URL path, nil if there is none.
func (s scope) page(urlPath string) *page {
	slot := s.recentPages.slot(urlPath, s.reader)
	if p := slot.Load(); p != nil && p.url == urlPath && p.reader == s.reader {
		return p.page
	}
	p := s.findPage(urlPath)
	if p != nil {
		slot.Store(&recentPage{urlPath, p})
	}
	return p
}

func (s scope) findPage(urlPath string) *page {
	// A reader who may not read a note gets the server's page at its URL, if there is one.
	t := s.view().tagAt(urlPath)
	if e := at(s.byURL, urlPath); e != nil && (s.mayRead(e) || t == nil && !trip2g.IsServerFile(urlPath)) {
		return s.entryPage(e, e)
	}
	if t != nil {
		return &page{s, t, false}
	}
	if f := at(s.view().folders, urlPath); f != nil {
		return &page{s, f, false}
	}
	if trip2g.IsReserved(urlPath) {
		return s.systemPage(urlPath)
	}
	if feed := s.feedAt(urlPath); feed != nil {
		return &page{s, feed, false}
	}
	return nil
}

// entryPage returns a page about an entry, or the notice that it is for members.
func (s scope) entryPage(e *entry, r resource) *page {
	if s.mayRead(e) {
		return &page{s, r, false}
	}
	return &page{s, membersOnlyPage{e.url, r != resource(e)}, true}
}

// withheldPage returns the notice for a withheld page without revealing its URL.
func (s scope) withheldPage(system bool) *page {
	return &page{s, membersOnlyPage{system: system}, true}
}

// recentPages caches the last page found for each hash of a URL path. Most requests are for few
// pages, and the tree lookup is a large part of serving a cached page.
type recentPages [1024]atomic.Pointer[recentPage]

type recentPage struct {
	url string // requested path
	*page
}

var recentSeed = maphash.MakeSeed()

func (r *recentPages) slot(urlPath string, reader trip2g.Visitor) *atomic.Pointer[recentPage] {
	hash := maphash.String(recentSeed, urlPath)
	if reader != trip2g.Anonymous {
		hash += maphash.Comparable(recentSeed, reader)
	}
	return &r[hash%uint64(len(r))]
}

// rendering records for which snapshots a page's bytes are valid.
type rendering struct {
	resource resource
	layout   *layout
	deps     []recordedDep
	hash     string // of the page's bytes, hex

	validFor atomic.Pointer[revisions] // newest snapshot found valid
}

// render renders the page and records its dependencies.
func (p *page) render() ([]byte, *rendering) {
	r := newRenderContext(p.scope, entryOf(p.resource))
	html := p.resource.render(r)
	if p.resource.contentType() == htmlType {
		html = p.rebaseLinks(html)
	}
	rendered := &rendering{resource: p.resource, layout: p.layout, deps: r.recordedDeps(), hash: hashBody(html)}
	rendered.validFor.Store(p.revisions)
	return html, rendered
}

// isValidFor reports whether the rendering is valid for p. A snapshot found valid is not checked
// again; for a later one only deps whose revision changed are looked up.
func (r *rendering) isValidFor(p *page) bool {
	validFor := r.validFor.Load()
	if r.resource != p.resource {
		return false
	}
	if validFor == p.revisions {
		return true
	}
	if r.layout != p.layout {
		return false
	}
	for _, d := range r.deps {
		if validFor.of(d.kind) != p.revisions.of(d.kind) && p.lookup(d.dep) != d.value {
			return false
		}
	}
	if validFor.generation < p.revisions.generation {
		r.validFor.CompareAndSwap(validFor, p.revisions)
	}
	return true
}

// entryOf returns the entry that r shows, nil for other resources.
func entryOf(s resource) *entry {
	e, _ := s.(*entry)
	return e
}
