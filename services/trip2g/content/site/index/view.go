package index

import (
	"maps"
	"slices"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/ordered"
)

// View holds the folder, tag and segment indexes for one audience. It is immutable.
type View struct {
	folderNotes ordered.Set[folderNote]
	folders     ordered.Set[urlItem[*Folder]]
	listings    ordered.Set[*listing]
	tags        ordered.Set[urlItem[*Tag]]
	tagged      ordered.Set[taggedNote]
	segments    ordered.Set[segment]
}

// viewBuilder maintains the folder, tag and segment indexes for one audience.
type viewBuilder struct {
	reader trip2g.Visitor
	byURL  *ordered.Index[urlItem[*Entry]]

	folderNotes *ordered.Index[folderNote]
	folders     *ordered.Index[urlItem[*Folder]]
	listings    *ordered.Index[*listing]
	tags        *ordered.Index[urlItem[*Tag]]
	tagged      *ordered.Index[taggedNote]
	segments    *ordered.Index[segment]

	dirtyView
	listedFolders int // folders whose page is generated

	indexers []indexer
}

// dirtyView tracks what viewBuilder.apply must recompute.
type dirtyView struct {
	dirtyFolders  map[string]bool // URLs of folders whose notes or page changed
	dirtyListings map[string]bool // URLs of folders whose list changed
	dirtyTags     map[string]int  // URLs of tags with changed notes, and the change in their number
}

func newDirtyView() dirtyView {
	return dirtyView{make(map[string]bool), make(map[string]bool), make(map[string]int)}
}

func (s dirtyView) clone() dirtyView {
	return dirtyView{maps.Clone(s.dirtyFolders), maps.Clone(s.dirtyListings), maps.Clone(s.dirtyTags)}
}

// newViewBuilder returns a builder of the public view.
func newViewBuilder(byURL *ordered.Index[urlItem[*Entry]], contributions contributions) *viewBuilder {
	v := &viewBuilder{
		byURL: byURL, dirtyView: newDirtyView(),
		folderNotes: ordered.NewKeyed(folderOfNote, compareFolderNotes), folders: ordered.New(lessURL[*Folder]), listings: ordered.NewKeyed(folderOfListing, compareListings),
		tags: ordered.New(lessURL[*Tag]), tagged: ordered.NewKeyed(tagOfNote, compareTaggedNotes), segments: ordered.New(ordered.LessBy(compareSegments)),
	}
	v.dirtyFolders["/"] = true
	v.setIndexers(contributions)
	return v
}

// forkFor returns a builder of the view for reader, who may read more. Both views must be equal so
// far; the fork shares unchanged nodes.
func (v *viewBuilder) forkFor(reader trip2g.Visitor, contributions contributions) *viewBuilder {
	fork := &viewBuilder{
		reader: reader, byURL: v.byURL, dirtyView: v.dirtyView.clone(), listedFolders: v.listedFolders,
		folderNotes: v.folderNotes.Clone(), folders: v.folders.Clone(), listings: v.listings.Clone(),
		tags: v.tags.Clone(), tagged: v.tagged.Clone(), segments: v.segments.Clone(),
	}
	fork.setIndexers(contributions)
	return fork
}

// includes reports whether e is in the view.
func (v *viewBuilder) includes(e *Entry) bool { return v.reader.MayRead(e.Access) }

// contributions computes an entry's rows in each index of a view.
type contributions struct {
	folderNotes func(*Entry) []folderNote
	listings    func(*Entry) []*listing
	tagged      func(*Entry) []taggedNote
	segments    func(*Entry) []segment
}

// newContributions returns the contributions for all views, which share the computed rows.
func newContributions() contributions {
	return contributions{memoized(folderNotesOf), memoized(listingsOf), memoized(taggedNotesOf), memoized(segmentsOf)}
}

// memoized caches the results of fn for the last two entries: it is called for the old and the new
// version of an entry, once per view.
func memoized[T any](fn func(*Entry) []T) func(*Entry) []T {
	var last [2]struct {
		entry *Entry
		items []T
	}
	return func(e *Entry) []T {
		if last[0].entry != e {
			last[0], last[1] = last[1], last[0]
		}
		if last[0].entry != e {
			last[0].entry, last[0].items = e, fn(e)
		}
		return last[0].items
	}
}

// setIndexers connects the indexes of the view to the contributions.
func (v *viewBuilder) setIndexers(contributions contributions) {
	v.indexers = []indexer{
		newIndexer(v.folderNotes, ifIncluded(v, contributions.folderNotes), func(m folderNote, _ int) { v.dirtyFolders[m.folder] = true }),
		newIndexer(v.listings, ifIncluded(v, contributions.listings), func(l *listing, _ int) { v.dirtyListings[l.Folder] = true }),
		newIndexer(v.tagged, ifIncluded(v, contributions.tagged), func(t taggedNote, delta int) { v.dirtyTags[t.tag] += delta }),
		newIndexer(v.segments, ifIncluded(v, contributions.segments), nil),
	}
}

func ifIncluded[T any](v *viewBuilder, items func(*Entry) []T) func(*Entry) []T {
	return func(e *Entry) []T {
		if !v.includes(e) {
			return nil
		}
		return items(e)
	}
}

func (v *viewBuilder) snapshot() View {
	return View{v.folderNotes.Snapshot(), v.folders.Snapshot(), v.listings.Snapshot(), v.tags.Snapshot(), v.tagged.Snapshot(), v.segments.Snapshot()}
}

// splitViews creates the members' view with the first entry for members, and the owner's view with
// the first entry for groups.
func (b *Builder) splitViews(changes []change) {
	if b.members == nil && slices.ContainsFunc(changes, func(c change) bool { return c.adds(trip2g.ForMembers) }) {
		b.members = b.splitView(b.public, trip2g.Member, changes)
	}
	if b.all == nil && slices.ContainsFunc(changes, func(c change) bool { return c.adds(trip2g.ForGroups) }) {
		from := b.members
		if from == nil {
			from = b.public
		}
		b.all = b.splitView(from, trip2g.Owner, changes)
	}
}

// splitView creates a view for reader from another one and adds the entries that only the new view
// includes.
func (b *Builder) splitView(from *viewBuilder, reader trip2g.Visitor, changes []change) *viewBuilder {
	split := from.forkFor(reader, b.contributions)
	for _, c := range changes {
		if c.new == nil || from.includes(c.new) || !split.includes(c.new) {
			continue
		}
		for _, t := range split.indexers {
			t.addNew(change{new: c.new}) // the old version was removed from the view
		}
	}
	for _, t := range split.indexers {
		t.flush()
		t.notify()
	}
	return split
}
