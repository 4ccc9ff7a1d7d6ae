package site

import (
	"cmp"
	"slices"

	"trip2g/services/trip2g"
)

// content is all that the notes of one position make. It never changes, and shares with the one
// before it all that did not change between them.
type content struct {
	*Options
	bodies *bodies
	stamps *stamps
	layout *layout

	entries   sorted[located[*entry]]
	folders   sorted[located[*folder]]
	listings  sorted[listing]
	redirects sorted[redirect]
	names     sorted[found[string]]
	aliases   sorted[found[string]]
	files     sorted[found[*file]]
	assets    sorted[fileRef]
	warnings  *warningList

	notes, pages int
	bytes        int64
	recent       recentPages
}

// stamps number the states of what pages read: where two contents have the same number, nothing of
// that kind changed between them.
type stamps struct {
	generation uint64 // of the content itself
	names      uint64 // what links and references to files find
	folders    uint64 // the folders' titles
}

// layout is what all pages show.
type layout struct {
	name  string // the site's
	lang  string // of pages that name none
	menu  []item
	empty bool // there is no note

	settings trip2g.Settings
}

// content gives what the notes make now.
func (c *catalog) content() *content {
	if !c.isStale() {
		return c.last
	}
	c.settle()
	last := c.last
	if last == nil {
		last = &content{stamps: &stamps{}}
	}
	next := &content{Options: c.options, bodies: c.bodies, notes: len(c.notes), bytes: c.bytes}
	next.stamps = c.nextStamps(last)
	next.entries, next.folders, next.listings = c.places.freeze(), c.folders.freeze(), c.listings.freeze()
	next.redirects, next.names, next.files, next.assets = c.redirects.freeze(), c.names.freeze(), c.files.freeze(), c.assets.freeze()
	next.aliases = c.aliases.freeze()
	next.warnings = last.warnings
	if c.warnings.changed {
		next.warnings = &warningList{of: c.warnings.freeze()}
	}
	next.pages = len(c.entries) + c.folderPages
	next.layout = last.layout
	if made := next.makeLayout(); last.layout == nil || !made.equal(last.layout) {
		next.layout = made
	}
	c.last = next
	return next
}

func (c *catalog) generation() uint64 {
	if c.last == nil {
		return 0
	}
	return c.last.stamps.generation
}

// nextStamps is called before the indexes are frozen.
func (c *catalog) nextStamps(last *content) *stamps {
	next := *last.stamps
	next.generation++
	if c.names.changed || c.aliases.changed || c.files.changed || c.folders.changed {
		next.names = next.generation
	}
	if c.folders.changed {
		next.folders = next.generation
	}
	return &next
}

// maxMenu bounds the links in every page's menu.
const maxMenu = 100

func (c *content) makeLayout() *layout {
	l := &layout{name: "trip2g", lang: "en", empty: c.notes == 0, menu: c.items("/", maxMenu)}
	if e := at(c.entries, "/"); e != nil && !e.doc.MembersOnly {
		l.name, l.lang = e.doc.Title, cmp.Or(e.doc.Lang, l.lang)
	}
	for i := range l.menu {
		l.menu[i].Description = "" // a menu shows none
	}
	return l
}

func (l *layout) equal(other *layout) bool {
	return l.name == other.name && l.lang == other.lang && l.empty == other.empty && l.settings == other.settings && slices.Equal(l.menu, other.menu)
}

// subjectAt gives what the page at a URL path shows, nil if there is no page.
func (c *content) subjectAt(urlPath string) subject {
	if e := at(c.entries, urlPath); e != nil {
		return e
	}
	if f := at(c.folders, urlPath); f != nil {
		return f
	}
	return nil
}

// asset finds a file by its hash. Of several notes that refer to it the first public one in byte
// order of paths counts, else the first.
func (c *content) asset(hash string) (a trip2g.NoteAsset, public, ok bool) {
	first, ok := c.assets.first(fileRef{asset: &trip2g.NoteAsset{Hash: hash}, number: beforeAll})
	if !ok || first.asset.Hash != hash {
		return trip2g.NoteAsset{}, false, false
	}
	return *first.asset, !first.membersOnly, true
}
