// Package index holds the published notes and looks things up in them: pages by URL, the targets of
// links and file references, folders, tags, backlinks and redirects, each as far as a reader may
// read them.
//
// A Builder applies changes and takes immutable snapshots, which share what did not change and are
// read without a lock.
package index

import (
	"slices"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/ordered"
)

// Options configures a builder.
type Options struct {
	// SystemPages are the URL paths of the server's own pages that notes can link to.
	SystemPages []string
	// SiteName replaces the name that the notes give the site; optional. Settings take precedence.
	SiteName string
}

// Index is an immutable snapshot of the notes and all indexes over them. Consecutive snapshots
// share unchanged parts.
type Index struct {
	*Options
	Revisions *Revisions
	Layout    *Layout

	byURL           ordered.Set[urlItem[*Entry]]
	public          View // for everyone
	members         View // for members in no group
	all             View // for the owner
	otherURLs       ordered.Set[otherURL]
	byID            ordered.Set[noteByID]
	storedRedirects ordered.Set[storedRedirect]
	inlinks         ordered.Set[Inlink]
	datedPages      ordered.Set[DatedPage] // public pages
	byName          ordered.Set[namedItem]
	byAlias         ordered.Set[namedItem]
	filesByName     ordered.Set[namedItem]
	fileRefsByPath  ordered.Set[fileRef]
	fileRefsByHash  ordered.Set[fileRef]
	warnings        *warningList

	grouped    ordered.Set[noteByID] // entries for groups
	groupViews groupViews

	Access      trip2g.AccessState
	unspecified ordered.Set[notePath]

	Notes, Pages int
	Bytes        int64
}

// Revisions numbers the states of what pages depend on. Equal numbers in two snapshots mean that
// nothing of that kind changed between them.
type Revisions struct {
	Generation uint64 // of the snapshot
	Names      uint64 // targets of links and file references
	Folders    uint64 // folders, their contents and the titles of pages
	Links      uint64 // links between notes
	DatedPages uint64 // public pages and their dates
}

// Build returns a snapshot of the current notes.
func (b *Builder) Build() *Index {
	if !b.IsDirty() {
		return b.current
	}
	b.apply()
	last := b.current
	if last == nil {
		last = &Index{Revisions: &Revisions{}}
	}
	next := &Index{Options: &b.options, Notes: len(b.notes), Bytes: b.bytes}
	next.Revisions = b.nextRevisions(last)
	next.byURL, next.byID, next.storedRedirects = b.byURL.Snapshot(), b.byID.Snapshot(), b.storedRedirects.Snapshot()
	next.inlinks, next.datedPages = b.inlinks.Snapshot(), b.datedPages.Snapshot()
	next.public = b.public.snapshot()
	next.members = next.public
	if b.members != nil {
		next.members = b.members.snapshot()
	}
	next.all = next.members
	if b.all != nil {
		next.all = b.all.snapshot()
	}
	next.otherURLs, next.byName, next.filesByName = b.otherURLs.Snapshot(), b.byName.Snapshot(), b.filesByName.Snapshot()
	next.fileRefsByPath, next.fileRefsByHash = b.fileRefsByPath.Snapshot(), b.fileRefsByHash.Snapshot()
	next.grouped, next.groupViews = b.grouped.Snapshot(), newGroupViews(&b.groupViewsMu, next)
	next.Access, next.unspecified = b.accessState(), b.unspecified.Snapshot()
	next.byAlias = b.byAlias.Snapshot()
	next.warnings = last.warnings
	if b.warnings.Changed() {
		next.warnings = &warningList{of: b.warnings.Snapshot()}
	}
	next.Pages = len(b.entries) + b.public.listedFolders
	next.Layout = last.Layout
	if layout := next.makeLayout(b); last.Layout == nil || *layout != *last.Layout {
		next.Layout = layout
	}
	b.current = next
	return next
}

func (b *Builder) generation() uint64 {
	if b.current == nil {
		return 0
	}
	return b.current.Revisions.Generation
}

// nextRevisions returns the revisions of the next snapshot. It must be called before the indexes
// take their snapshots.
func (b *Builder) nextRevisions(last *Index) *Revisions {
	next := *last.Revisions
	next.Generation++
	for _, v := range b.viewBuilders() {
		if v.folders.Changed() {
			next.Folders = next.Generation
		}
	}
	if slices.ContainsFunc(b.lastChanges, change.affectsOtherViews) {
		next.Folders = next.Generation
	}
	if b.inlinks.Changed() {
		next.Links = next.Generation
	}
	if b.datedPages.Changed() {
		next.DatedPages = next.Generation
	}
	if b.byName.Changed() || b.byAlias.Changed() || b.filesByName.Changed() || b.fileRefsByPath.Changed() || next.Folders == next.Generation {
		next.Names = next.Generation
	}
	return &next
}
