package site

import (
	"cmp"
	"path"
	"slices"
	"strings"

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
	public    shelf // what everybody can read
	members   shelf // what members can who are in no group
	all       shelf // what the owner can
	redirects sorted[redirect]
	ids       sorted[identified]
	stored    sorted[stored]
	inlinks   sorted[inlink]
	dated     sorted[dated] // of what everybody can read
	names     sorted[found[string]]
	aliases   sorted[found[string]]
	files     sorted[found[string]]
	fileRefs  sorted[fileRef] // by path in the vault
	assets    sorted[fileRef] // by hash
	warnings  *warningList

	grouped      sorted[identified] // those for groups
	groupShelves groupShelves

	access      trip2g.AccessState
	unspecified sorted[notePath]

	notes, pages int
	bytes        int64
	recent       recentPages
}

// stamps number the states of what pages read: where two contents have the same number, nothing of
// that kind changed between them.
type stamps struct {
	generation uint64 // of the content itself
	names      uint64 // what links and references to files find
	folders    uint64 // the folders and what is in them, with the titles of all
	links      uint64 // what notes refer to
	dated      uint64 // what pages everybody can read, and when they were written and changed
}

// layout is what all pages show.
type layout struct {
	name  string // the site's
	lang  string // of pages that name none
	empty bool   // there is no note

	// publicURL is where readers find the site, without a slash at its end: what feeds and search engines
	// are told. "": addresses are relative, and there are no canonical ones.
	publicURL string

	allPrivate bool // there are notes and none is public: the owner may not know

	owner    *entry // the note with the owner's settings, nil without one
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
	next.entries, next.ids, next.stored = c.places.freeze(), c.ids.freeze(), c.stored.freeze()
	next.inlinks, next.dated = c.inlinks.freeze(), c.dated.freeze()
	next.public = c.public.freeze()
	next.members = next.public
	if c.members != nil {
		next.members = c.members.freeze()
	}
	next.all = next.members
	if c.all != nil {
		next.all = c.all.freeze()
	}
	next.redirects, next.names, next.files = c.redirects.freeze(), c.names.freeze(), c.files.freeze()
	next.fileRefs, next.assets = c.fileRefs.freeze(), c.assets.freeze()
	next.grouped, next.groupShelves = c.grouped.freeze(), newGroupShelves(&c.makingShelves, next)
	next.access, next.unspecified = c.accessState(), c.unspecified.freeze()
	next.aliases = c.aliases.freeze()
	next.warnings = last.warnings
	if c.warnings.changed {
		next.warnings = &warningList{of: c.warnings.freeze()}
	}
	next.pages = len(c.entries) + c.public.folderPages
	next.layout = last.layout
	if made := next.makeLayout(c); last.layout == nil || *made != *last.layout {
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
	for _, s := range c.shelves() {
		if s.folders.changed {
			next.folders = next.generation
		}
	}
	if slices.ContainsFunc(c.moved, move.changesOtherShelves) {
		next.folders = next.generation
	}
	if c.inlinks.changed {
		next.links = next.generation
	}
	if c.dated.changed {
		next.dated = next.generation
	}
	if c.names.changed || c.aliases.changed || c.files.changed || c.fileRefs.changed || next.folders == next.generation {
		next.names = next.generation
	}
	return &next
}

// untitled is the name of a site that nothing names.
const untitled = "Untitled site"

// isFileName reports whether a note has no title but the name of its file. That of an index is "Home".
func isFileName(e *entry) bool {
	return fold(e.doc.Title) == "home" || fold(e.doc.Title) == fold(strings.TrimSuffix(path.Base(e.Path), path.Ext(e.Path)))
}

// manualName is what the documentation's pages call the site that they are.
const manualName = "trip2g documentation"

func (c *content) makeLayout(of *catalog) *layout {
	owner := of.owner
	l := &layout{
		name: cmp.Or(of.vaultName, untitled), lang: "en", empty: c.notes == 0 || c.notes == 1 && owner != nil, publicURL: of.publicURL, owner: owner,
	}
	if e := at(c.entries, "/"); e != nil && e.access.Level == trip2g.Public {
		l.lang = cmp.Or(e.doc.Lang, l.lang)
		if named, _ := of.home.claimOf(e.note); !named.home && !isFileName(e) {
			l.name = e.doc.Title
		}
	}
	held := c.access
	l.allPrivate = held.Public == 0 && held.Members+held.Groups > 0
	if c.Manual != nil {
		l.name = manualName
	}
	if owner != nil {
		l.settings = *owner.doc.Settings
		l.name, l.lang = cmp.Or(l.settings.Title, l.name), cmp.Or(l.settings.Lang, l.lang)
	}
	return l
}

// scope is a content as readers of one kind find it.
type scope struct {
	*content
	reader trip2g.Reader
}

// shelf gives the folders with what these readers may read.
func (s scope) shelf() *shelf {
	switch {
	case s.reader.IsOwner():
		return &s.all
	case !s.reader.Groups().IsEmpty():
		return s.groupShelf()
	case s.reader.IsSignedIn():
		return &s.members
	default:
		return &s.public
	}
}

// mayRead tells whether these readers may have an entry's page.
func (s scope) mayRead(e *entry) bool { return s.reader.MayRead(e.access) }

// isPage tells whether there is a note or a folder at a URL path, whoever may read it.
func (s scope) isPage(urlPath string) bool {
	return at(s.entries, urlPath) != nil || at(s.shelf().folders, urlPath) != nil
}
