package site

import (
	"slices"

	"trip2g/services/trip2g"
)

// noteIndex is an immutable snapshot of the notes and all indexes over them. Consecutive snapshots
// share unchanged parts.
type noteIndex struct {
	*Options
	cache     *pageCache
	revisions *revisions
	layout    *layout

	byURL           orderedSet[urlItem[*entry]]
	public          audienceView // for everyone
	members         audienceView // for members in no group
	all             audienceView // for the owner
	otherURLs       orderedSet[otherURL]
	byID            orderedSet[noteByID]
	storedRedirects orderedSet[storedRedirect]
	inlinks         orderedSet[inlink]
	datedPages      orderedSet[datedPage] // public pages
	byName          orderedSet[namedItem]
	byAlias         orderedSet[namedItem]
	filesByName     orderedSet[namedItem]
	fileRefsByPath  orderedSet[fileRef]
	fileRefsByHash  orderedSet[fileRef]
	warnings        *warningList

	grouped    orderedSet[noteByID] // entries for groups
	groupViews groupViews

	access      trip2g.AccessState
	unspecified orderedSet[notePath]

	notes, pages int
	bytes        int64
	recentPages  recentPages
}

// revisions numbers the states of what pages depend on. Equal numbers in two snapshots mean that
// nothing of that kind changed between them.
type revisions struct {
	generation uint64 // of the snapshot
	names      uint64 // targets of links and file references
	folders    uint64 // folders, their contents and the titles of pages
	links      uint64 // links between notes
	datedPages uint64 // public pages and their dates
}

// build returns a snapshot of the current notes.
func (b *builder) build() *noteIndex {
	if !b.isDirty() {
		return b.current
	}
	b.apply()
	last := b.current
	if last == nil {
		last = &noteIndex{revisions: &revisions{}}
	}
	next := &noteIndex{Options: b.options, cache: b.cache, notes: len(b.notes), bytes: b.bytes}
	next.revisions = b.nextRevisions(last)
	next.byURL, next.byID, next.storedRedirects = b.byURL.snapshot(), b.byID.snapshot(), b.storedRedirects.snapshot()
	next.inlinks, next.datedPages = b.inlinks.snapshot(), b.datedPages.snapshot()
	next.public = b.public.snapshot()
	next.members = next.public
	if b.members != nil {
		next.members = b.members.snapshot()
	}
	next.all = next.members
	if b.all != nil {
		next.all = b.all.snapshot()
	}
	next.otherURLs, next.byName, next.filesByName = b.otherURLs.snapshot(), b.byName.snapshot(), b.filesByName.snapshot()
	next.fileRefsByPath, next.fileRefsByHash = b.fileRefsByPath.snapshot(), b.fileRefsByHash.snapshot()
	next.grouped, next.groupViews = b.grouped.snapshot(), newGroupViews(&b.groupViewsMu, next)
	next.access, next.unspecified = b.accessState(), b.unspecified.snapshot()
	next.byAlias = b.byAlias.snapshot()
	next.warnings = last.warnings
	if b.warnings.changed {
		next.warnings = &warningList{of: b.warnings.snapshot()}
	}
	next.pages = len(b.entries) + b.public.listedFolders
	next.layout = last.layout
	if layout := next.makeLayout(b); last.layout == nil || *layout != *last.layout {
		next.layout = layout
	}
	b.current = next
	return next
}

func (b *builder) generation() uint64 {
	if b.current == nil {
		return 0
	}
	return b.current.revisions.generation
}

// nextRevisions returns the revisions of the next snapshot. It must be called before the indexes
// take their snapshots.
func (b *builder) nextRevisions(last *noteIndex) *revisions {
	next := *last.revisions
	next.generation++
	for _, v := range b.viewBuilders() {
		if v.folders.changed {
			next.folders = next.generation
		}
	}
	if slices.ContainsFunc(b.lastChanges, change.affectsOtherViews) {
		next.folders = next.generation
	}
	if b.inlinks.changed {
		next.links = next.generation
	}
	if b.datedPages.changed {
		next.datedPages = next.generation
	}
	if b.byName.changed || b.byAlias.changed || b.filesByName.changed || b.fileRefsByPath.changed || next.folders == next.generation {
		next.names = next.generation
	}
	return &next
}
