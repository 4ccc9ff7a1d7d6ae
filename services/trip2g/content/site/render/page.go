package render

import (
	"hash/maphash"
	"sync/atomic"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/index"
)

// systemPrefix starts the URL paths reserved for the server.
const systemPrefix = trip2g.SystemRoot

// resource is the subject of a page: a note, a folder, a feed or a notice. Values are comparable;
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
	scopedSite
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
func (s scopedSite) page(urlPath string) *page {
	slot := s.recent.slot(urlPath, s.Reader)
	if p := slot.Load(); p != nil && p.url == urlPath && p.Reader == s.Reader {
		return p.page
	}
	p := s.findPage(urlPath)
	if p != nil {
		slot.Store(&recentPage{urlPath, p})
	}
	return p
}

func (s scopedSite) findPage(urlPath string) *page {
	// A reader who may not read a note gets the server's page at its URL, if there is one.
	t := s.View().TagAt(urlPath)
	if e := s.EntryAt(urlPath); e != nil && (s.MayRead(e) || t == nil && !trip2g.IsServerFile(urlPath)) {
		return s.entryPage(e, notePage{e})
	}
	if t != nil {
		return &page{s, tagPage{t}, false}
	}
	if f := s.View().FolderAt(urlPath); f != nil {
		return &page{s, folderPage{f}, false}
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
func (s scopedSite) entryPage(e *index.Entry, r resource) *page {
	if s.MayRead(e) {
		return &page{s, r, false}
	}
	return &page{s, membersOnlyPage{e.URL, r != resource(notePage{e})}, true}
}

// withheldPage returns the notice for a withheld page without revealing its URL.
func (s scopedSite) withheldPage(system bool) *page {
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
	layout   *index.Layout
	deps     []recordedDep
	hash     string // of the page's bytes, hex

	validFor atomic.Pointer[index.Revisions] // newest snapshot found valid
}

// render renders the page and records its dependencies.
func (p *page) render() ([]byte, *rendering) {
	r := newRenderContext(p.scopedSite, entryOf(p.resource))
	html := p.resource.render(r)
	if p.resource.contentType() == htmlType {
		html = p.rebaseLinks(html)
	}
	rendered := &rendering{resource: p.resource, layout: p.Layout, deps: r.recordedDeps(), hash: hashBody(html)}
	rendered.validFor.Store(p.Revisions)
	return html, rendered
}

// isValidFor reports whether the rendering is valid for p. A snapshot found valid is not checked
// again; for a later one only deps whose revision changed are looked up.
func (r *rendering) isValidFor(p *page) bool {
	validFor := r.validFor.Load()
	if r.resource != p.resource {
		return false
	}
	if validFor == p.Revisions {
		return true
	}
	if r.layout != p.Layout {
		return false
	}
	for _, d := range r.deps {
		if revisionOf(validFor, d.kind) != revisionOf(p.Revisions, d.kind) && p.lookup(d.dep) != d.value {
			return false
		}
	}
	if validFor.Generation < p.Revisions.Generation {
		r.validFor.CompareAndSwap(validFor, p.Revisions)
	}
	return true
}

// entryOf returns the entry that r shows, nil for other resources.
func entryOf(s resource) *index.Entry {
	n, _ := s.(notePage)
	return n.Entry
}
