package site

import (
	"hash/maphash"
	"sync/atomic"

	"trip2g/services/trip2g"
)

// subject is what a page shows: a note, a folder or a notice. Another value is another page. Values are
// comparable.
type subject interface {
	// address is the page's URL path, or a name that is none for a notice. No two subjects of one
	// content have the same.
	address() string
	contentType() string
	render(*reading) []byte
}

// page is a subject as one content shows it to readers of one kind.
type page struct {
	scope
	subject  subject
	withheld bool // it stands for another, which these readers may not have
}

var _ trip2g.Page = (*page)(nil)

// Withheld is trip2g.Page's.
func (p *page) Withheld() bool { return p.withheld }

// ContentType is trip2g.Page's.
func (p *page) ContentType() string { return p.subject.contentType() }

// Body is trip2g.Page's.
func (p *page) Body(coding trip2g.Coding) *trip2g.Body { return p.bodies.get(p, coding) }

// page gives the page at a URL path, nil if there is none.
func (s scope) page(urlPath string) *page {
	slot := s.recent.slot(urlPath, s.reader)
	if p := slot.Load(); p != nil && p.address == urlPath && p.reader == s.reader {
		return p.page
	}
	p := s.find(urlPath)
	if p != nil {
		slot.Store(&recentPage{urlPath, p})
	}
	return p
}

func (s scope) find(urlPath string) *page {
	// Readers who are kept from a note of the owner's get what the server has there itself.
	t := s.shelf().tagAt(urlPath)
	if e := at(s.entries, urlPath); e != nil && (s.mayRead(e) || t == nil && !trip2g.IsServerFile(urlPath)) {
		return s.pageOf(e, e)
	}
	if t != nil {
		return &page{s, t, false}
	}
	if f := at(s.shelf().folders, urlPath); f != nil {
		return &page{s, f, false}
	}
	if trip2g.IsReserved(urlPath) {
		return s.system(urlPath)
	}
	if made := s.published(urlPath); made != nil {
		return &page{s, made, false}
	}
	return nil
}

// pageOf gives a page about an entry. To readers who may not have it, it says so instead.
func (s scope) pageOf(e *entry, shows subject) *page {
	if s.mayRead(e) {
		return &page{s, shows, false}
	}
	return &page{s, gate{e.url, shows != subject(e)}, true}
}

// withheld returns the page that stands for one that these readers may not have, without its URL path.
func (s scope) withheld(system bool) *page { return &page{s, gate{system: system}, true} }

// recentPages are some of a content's pages that were found before. Most requests are for few pages,
// and looking one up in a tree is a large part of the work for a page that is ready.
type recentPages [1024]atomic.Pointer[recentPage]

type recentPage struct {
	address string // that was asked for
	*page
}

var recentSeed = maphash.MakeSeed()

func (r *recentPages) slot(urlPath string, reader trip2g.Reader) *atomic.Pointer[recentPage] {
	hash := maphash.String(recentSeed, urlPath)
	if reader != trip2g.Anyone {
		hash += maphash.Comparable(recentSeed, reader)
	}
	return &r[hash%uint64(len(r))]
}

// rendering tells for which contents a page's bytes are right.
type rendering struct {
	subject subject
	layout  *layout
	facts   []fact
	hash    string // of the page's bytes, hex

	checked atomic.Pointer[stamps] // of the newest content for which it was found right
}

// render makes a page's bytes and remembers what they depend on.
func (p *page) render() ([]byte, *rendering) {
	r := newReading(p.scope, entryOf(p.subject))
	html := p.subject.render(r)
	if p.subject.contentType() == htmlType {
		html = p.rebase(html)
	}
	made := &rendering{subject: p.subject, layout: p.layout, facts: r.facts(), hash: hashOf(html)}
	made.checked.Store(p.stamps)
	return html, made
}

// isFor tells whether the rendering is a page's. What was found for a content is not looked at
// again; for the next content only what can have changed since is.
func (r *rendering) isFor(p *page) bool {
	checked := r.checked.Load()
	if r.subject != p.subject {
		return false
	}
	if checked == p.stamps {
		return true
	}
	if r.layout != p.layout {
		return false
	}
	for _, f := range r.facts {
		if checked.stamp(f.about) != p.stamps.stamp(f.about) && p.ask(f.question) != f.answer {
			return false
		}
	}
	if checked.generation < p.stamps.generation {
		r.checked.CompareAndSwap(checked, p.stamps)
	}
	return true
}

// entryOf gives the entry that a page shows, nil if it shows something else.
func entryOf(s subject) *entry {
	e, _ := s.(*entry)
	return e
}
