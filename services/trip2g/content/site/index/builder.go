package index

import (
	"slices"
	"sync"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/ordered"
)

// Entry is a note with a page. It is immutable: an edit creates another entry.
type Entry struct {
	*Note
	location
	Listing *listing // the note's line in lists
}

// Builder maintains the indexes over the notes. One goroutine changes it and takes immutable
// Index snapshots of it.
//
// The indexes depend on the set of notes alone, never on the order of changes. Each index keeps
// every candidate, in byte order of the notes' paths, so that the next one takes over when the
// first is removed.
type Builder struct {
	options Options

	notes   map[int64]*Note
	entries map[int64]*Entry
	bytes   int64 // total length of the notes' texts

	redirectsByID map[int64]*trip2g.Redirect

	urlClaims       *ordered.Index[urlClaim]
	byURL           *ordered.Index[urlItem[*Entry]]
	otherURLs       *ordered.Index[otherURL]
	byID            *ordered.Index[noteByID]
	storedRedirects *ordered.Index[storedRedirect] // from the database
	byName          *ordered.Index[namedItem]      // notes by file name; value: URL
	byAlias         *ordered.Index[namedItem]      // notes by alias; value: URL
	fileRefsByPath  *ordered.Index[fileRef]
	filesByName     *ordered.Index[namedItem] // paths in fileRefsByPath, by file name
	fileRefsByHash  *ordered.Index[fileRef]
	inlinks         *ordered.Index[Inlink]
	datedPages      *ordered.Index[DatedPage]
	public          *viewBuilder
	members         *viewBuilder  // nil while nothing is for members only: the same as public
	all             *viewBuilder  // nil while nothing is for groups: the same as members
	contributions   contributions // shared by the viewBuilders
	warnings        *ordered.Index[warning]
	indexers        []indexer // all but those of the viewBuilders

	settingsNote     *Entry // the owner's settings, which have no page; nil without them
	publicURL        string // base URL of the site, "" if unknown
	vaultName        string // name of the published folder, "" if unknown
	home             homeRule
	homeWarning      string            // problem with the home page setting, "" if none
	siteAccess       trip2g.SiteAccess // stored in the database
	settingsIndexers []indexer         // of settingsNote

	defaultAccess trip2g.SiteAccess // for notes that do not specify their access
	accessCounts  trip2g.AccessCounts
	unspecified   *ordered.Index[notePath]

	grouped      *ordered.Index[noteByID] // entries for groups
	groupViewsMu sync.Mutex               // see groupViews

	dirty // what apply must recompute

	current     *Index
	lastChanges []change        // between the last two snapshots
	replaced    map[int64]*Note // previous versions of the notes changed in the last snapshot; nil at the first
}

// dirty tracks what apply must recompute. Its maps are reallocated each time: a cleared map keeps
// its buckets, and iterating over it stays slow.
type dirty struct {
	dirtyNotes map[int64]*Note // previous versions of changed notes; nil for new ones
	dirtyFiles map[string]bool // paths with changed references
}

func newDirty() dirty {
	return dirty{make(map[int64]*Note), make(map[string]bool)}
}

// NewBuilder returns a builder without notes.
func NewBuilder(o Options) *Builder {
	b := &Builder{
		options: o,
		notes:   make(map[int64]*Note), entries: make(map[int64]*Entry), dirty: newDirty(), redirectsByID: make(map[int64]*trip2g.Redirect),
		byID: ordered.New(lessID), inlinks: ordered.NewKeyed(inlinkName, compareInlinks), datedPages: ordered.New(ordered.LessBy(compareDatedPages)), storedRedirects: ordered.New(lessFrom), urlClaims: ordered.New(ordered.LessBy(compareURLClaims)), byURL: ordered.New(lessURL[*Entry]), otherURLs: ordered.New(ordered.LessBy(compareOtherURLs)),
		byName: ordered.NewKeyed(itemBase, compareNamed), byAlias: ordered.NewKeyed(itemBase, compareNamed), fileRefsByPath: ordered.New(ordered.LessBy(compareByPath)), filesByName: ordered.NewKeyed(itemBase, compareNamed),
		fileRefsByHash: ordered.New(ordered.LessBy(compareByHash)), warnings: ordered.New(ordered.LessBy(compareWarnings)), unspecified: ordered.New(ordered.LessBy(compareNotePaths)), grouped: ordered.New(lessID),
	}
	b.settingsIndexers = []indexer{
		newIndexer(b.fileRefsByPath, fileRefsOf, func(r fileRef, _ int) { b.dirtyFiles[r.asset.AbsolutePath] = true }),
		newIndexer(b.fileRefsByHash, fileRefsOf, nil),
	}
	b.indexers = append([]indexer{
		newIndexer(b.inlinks, inlinksOf, nil), // the largest: started first when indexers run in parallel
		newIndexer(b.otherURLs, otherURLsOf, nil),
		newIndexer(b.byName, nameItemsOf, nil),
		newIndexer(b.byAlias, aliasItemsOf, nil),
		newIndexer(b.warnings, warningsOf, nil),
		newIndexer(b.datedPages, datedPagesOf, nil),
		newIndexer(b.unspecified, unspecifiedOf, nil),
		newIndexer(b.grouped, groupedOf, nil),
	}, b.settingsIndexers...)
	b.contributions = newContributions()
	b.public = newViewBuilder(b.byURL, b.contributions)
	return b
}

// viewBuilders returns the existing view builders.
func (b *Builder) viewBuilders() []*viewBuilder {
	list := []*viewBuilder{b.public, b.members, b.all}
	return slices.DeleteFunc(list, func(v *viewBuilder) bool { return v == nil })
}

// allIndexers returns all indexers in lists that can run in parallel. The view builders' indexers
// of one index share their contributions, so they are in one list.
func (b *Builder) allIndexers() [][]indexer {
	var groups [][]indexer
	for _, t := range b.indexers {
		groups = append(groups, []indexer{t})
	}
	for i := range b.public.indexers {
		var group []indexer
		for _, v := range b.viewBuilders() {
			group = append(group, v.indexers[i])
		}
		groups = append(groups, group)
	}
	return groups
}

// Put adds n or replaces the note with its ID.
func (b *Builder) Put(n *Note) {
	b.markDirty(n.ID)
	b.notes[n.ID] = n
}

func (b *Builder) Remove(id int64) {
	b.markDirty(id)
	delete(b.notes, id)
}

func (b *Builder) markDirty(id int64) {
	if _, known := b.dirtyNotes[id]; !known {
		b.dirtyNotes[id] = b.notes[id]
	}
}

// IsDirty reports whether anything changed since the last snapshot.
func (b *Builder) IsDirty() bool {
	return b.current == nil || len(b.dirtyNotes) > 0 || b.storedRedirects.Changed() ||
		b.publicURL != b.current.Layout.PublicURL || b.siteAccess != b.current.Access.Stored ||
		b.vaultName != b.home.vaultName
}

// apply brings the indexes up to date with the notes.
func (b *Builder) apply() {
	b.resolveAccess()
	changes, indexers := b.diff(b.nextHome()), b.allIndexers()
	b.removeOld(changes, indexers)
	b.replaceSettingsNote()
	b.addNew(changes, indexers)
	b.updateHomeWarning()
	b.splitViews(changes)
	b.indexPageless()
	b.indexFiles()
	for _, v := range b.viewBuilders() {
		v.apply(b.generation() + 1)
	}
	b.replaced = nil
	if b.current != nil {
		b.replaced = b.dirtyNotes
	}
	b.dirty, b.lastChanges = newDirty(), changes
}

// indexPageless updates byID for changed notes without a page.
func (b *Builder) indexPageless() {
	for id := range b.dirtyNotes {
		switch note := b.notes[id]; {
		case note == nil:
			b.byID.Delete(noteByID{id: id})
		case b.entries[id] == nil:
			b.byID.Put(noteByID{id: id, note: note})
		}
	}
}

// IsBuilt reports whether there is a snapshot.
func (b *Builder) IsBuilt() bool { return b.current != nil }

// Note returns the note with an ID, nil if there is none.
func (b *Builder) Note(id int64) *Note { return b.notes[id] }

// SetSite sets what the database has about the site: its base URL, the name of the published folder
// and the access of notes that do not specify it.
func (b *Builder) SetSite(publicURL, vaultName string, access trip2g.SiteAccess) {
	b.publicURL, b.vaultName, b.siteAccess = publicURL, vaultName, access
}
