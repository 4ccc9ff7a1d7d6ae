package site

import (
	"cmp"
	"slices"

	"trip2g/services/trip2g"
)

// maxWarnings bounds what is kept of what is wrong with a vault.
const maxWarnings = 1000

// content is all that the notes of one position make. It never changes, but for pages being made
// at their first request.
type content struct {
	Options
	name      string // the site's
	lang      string // of pages that name none
	entries   []*entry
	byURL     map[string]*entry
	pages     map[string]*page  // by URL path
	redirects map[string]string // by what may be asked for instead
	folders   map[string]*folder
	links     *linkIndex
	assets    map[string]asset // by hash
	menu      []item

	notFound, membersOnly *page

	notes    int
	bytes    int64
	warnings []trip2g.Warning
}

// entry is a note that has a page.
type entry struct {
	*note
	url string
}

// newContent makes the content of notes. Everything is done in the byte order of their paths, so
// that it depends on nothing but them.
func newContent(notes map[int64]*note, o Options) *content {
	c := &content{Options: o, name: "trip2g", lang: "en", pages: make(map[string]*page), byURL: make(map[string]*entry)}
	c.addNotes(notes)
	c.links = newLinkIndex(c)
	c.assets = assetsOf(c.entries)
	c.addPages()
	c.addFolders()
	c.menu = c.menuItems()
	c.redirects = redirectsTo(c.entries)
	return c
}

func (c *content) addNotes(notes map[int64]*note) {
	sorted := make([]*note, 0, len(notes))
	for _, n := range notes {
		sorted = append(sorted, n)
	}
	slices.SortFunc(sorted, func(a, b *note) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID))
	})
	c.notes = len(sorted)
	for _, n := range sorted {
		c.bytes += int64(len(n.Content))
		c.warn(n.doc.Warnings...)
	}
	var clashes []trip2g.Warning
	c.entries, clashes = assignURLs(sorted)
	c.warn(clashes...)
}

func (c *content) warn(warnings ...trip2g.Warning) {
	c.warnings = append(c.warnings, warnings[:min(len(warnings), maxWarnings-len(c.warnings))]...)
}

// addPages gives each note its page, and the site the name and language of its start page.
func (c *content) addPages() {
	for _, e := range c.entries {
		if e.url == "/" && !e.doc.MembersOnly {
			c.name, c.lang = e.doc.Title, cmp.Or(e.doc.Lang, c.lang)
		}
		c.byURL[e.url] = e
		c.pages[e.url] = &page{membersOnly: e.doc.MembersOnly, make: func() []byte { return c.renderNote(e) }}
	}
	c.notFound = &page{make: func() []byte { return c.renderNotice(notFoundNotice) }}
	c.membersOnly = &page{make: func() []byte { return c.renderNotice(membersNotice) }}
}
