package site

import (
	"slices"
	"sync"

	"trip2g/services/trip2g"
)

// entry is a note with a page. It is immutable: an edit creates another entry.
type entry struct {
	*note
	location
	listing *listing // the note's line in lists
}

// builder maintains the indexes over the notes. One goroutine changes it and takes immutable
// noteIndex snapshots of it.
//
// The indexes depend on the set of notes alone, never on the order of changes. Each index keeps
// every candidate, in byte order of the notes' paths, so that the next one takes over when the
// first is removed.
type builder struct {
	options *Options
	cache   *pageCache

	notes   map[int64]*note
	entries map[int64]*entry
	bytes   int64 // total length of the notes' texts

	redirectsByID map[int64]*trip2g.Redirect

	urlClaims       *orderedIndex[urlClaim]
	byURL           *orderedIndex[urlItem[*entry]]
	otherURLs       *orderedIndex[otherURL]
	byID            *orderedIndex[noteByID]
	storedRedirects *orderedIndex[storedRedirect] // from the database
	byName          *orderedIndex[namedItem]      // notes by file name; value: URL
	byAlias         *orderedIndex[namedItem]      // notes by alias; value: URL
	fileRefsByPath  *orderedIndex[fileRef]
	filesByName     *orderedIndex[namedItem] // paths in fileRefsByPath, by file name
	fileRefsByHash  *orderedIndex[fileRef]
	inlinks         *orderedIndex[inlink]
	datedPages      *orderedIndex[datedPage]
	public          *viewBuilder
	members         *viewBuilder  // nil while nothing is for members only: the same as public
	all             *viewBuilder  // nil while nothing is for groups: the same as members
	contributions   contributions // shared by the viewBuilders
	warnings        *orderedIndex[warning]
	indexers        []indexer // all but those of the viewBuilders

	settingsNote     *entry // the owner's settings, which have no page; nil without them
	publicURL        string // base URL of the site, "" if unknown
	vaultName        string // name of the published folder, "" if unknown
	home             homeRule
	homeWarning      string            // problem with the home page setting, "" if none
	siteAccess       trip2g.SiteAccess // stored in the database
	settingsIndexers []indexer         // of settingsNote

	defaultAccess trip2g.SiteAccess // for notes that do not specify their access
	accessCounts  trip2g.AccessCounts
	unspecified   *orderedIndex[notePath]

	grouped      *orderedIndex[noteByID] // entries for groups
	groupViewsMu sync.Mutex              // see groupViews

	dirty // what apply must recompute

	current     *noteIndex
	lastChanges []change        // between the last two snapshots
	replaced    map[int64]*note // previous versions of the notes changed in the last snapshot; nil at the first
}

// dirty tracks what apply must recompute. Its maps are reallocated each time: a cleared map keeps
// its buckets, and iterating over it stays slow.
type dirty struct {
	dirtyNotes map[int64]*note // previous versions of changed notes; nil for new ones
	dirtyFiles map[string]bool // paths with changed references
}

func newDirty() dirty {
	return dirty{make(map[int64]*note), make(map[string]bool)}
}

func newBuilder(o *Options, cache *pageCache) *builder {
	b := &builder{
		options: o, cache: cache,
		notes: make(map[int64]*note), entries: make(map[int64]*entry), dirty: newDirty(), redirectsByID: make(map[int64]*trip2g.Redirect),
		byID: newOrderedIndex(lessID), inlinks: newKeyedIndex(inlinkName, compareInlinks), datedPages: newOrderedIndex(lessBy(compareDatedPages)), storedRedirects: newOrderedIndex(lessFrom), urlClaims: newOrderedIndex(lessBy(compareURLClaims)), byURL: newOrderedIndex(lessURL[*entry]), otherURLs: newOrderedIndex(lessBy(compareOtherURLs)),
		byName: newKeyedIndex(itemBase, compareNamed), byAlias: newKeyedIndex(itemBase, compareNamed), fileRefsByPath: newOrderedIndex(lessBy(compareByPath)), filesByName: newKeyedIndex(itemBase, compareNamed),
		fileRefsByHash: newOrderedIndex(lessBy(compareByHash)), warnings: newOrderedIndex(lessBy(compareWarnings)), unspecified: newOrderedIndex(lessBy(compareNotePaths)), grouped: newOrderedIndex(lessID),
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
func (b *builder) viewBuilders() []*viewBuilder {
	list := []*viewBuilder{b.public, b.members, b.all}
	return slices.DeleteFunc(list, func(v *viewBuilder) bool { return v == nil })
}

// allIndexers returns all indexers in lists that can run in parallel. The view builders' indexers
// of one index share their contributions, so they are in one list.
func (b *builder) allIndexers() [][]indexer {
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

// put adds n or replaces the note with its ID.
func (b *builder) put(n *note) {
	b.markDirty(n.ID)
	b.notes[n.ID] = n
}

func (b *builder) remove(id int64) {
	b.markDirty(id)
	delete(b.notes, id)
}

func (b *builder) markDirty(id int64) {
	if _, known := b.dirtyNotes[id]; !known {
		b.dirtyNotes[id] = b.notes[id]
	}
}

// isDirty reports whether anything changed since the last snapshot.
func (b *builder) isDirty() bool {
	return b.current == nil || len(b.dirtyNotes) > 0 || b.storedRedirects.changed ||
		b.publicURL != b.current.layout.publicURL || b.siteAccess != b.current.access.Stored ||
		b.vaultName != b.home.vaultName
}

// apply brings the indexes up to date with the notes.
func (b *builder) apply() {
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
func (b *builder) indexPageless() {
	for id := range b.dirtyNotes {
		switch note := b.notes[id]; {
		case note == nil:
			b.byID.delete(noteByID{id: id})
		case b.entries[id] == nil:
			b.byID.put(noteByID{id: id, note: note})
		}
	}
}
