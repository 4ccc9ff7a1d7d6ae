package site

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"trip2g/services/trip2g"
)

// maxGroupViews bounds the views for groups that one snapshot caches.
const maxGroupViews = 16

// groupViews caches the views of members in groups. A view is built on demand from the members'
// view, at a cost proportional to the number of notes for groups.
type groupViews struct {
	mu    *sync.Mutex // shared by all snapshots: copying a tree writes to the original
	views *lru.Cache[trip2g.Groups, *audienceView]
	named func() trip2g.Groups // groups named by notes
}

func newGroupViews(mu *sync.Mutex, x *noteIndex) groupViews {
	views, err := lru.New[trip2g.Groups, *audienceView](maxGroupViews)
	if err != nil {
		panic(err) // the size is positive
	}
	return groupViews{mu, views, sync.OnceValue(x.namedGroups)}
}

// namedGroups returns the groups named by notes.
func (x *noteIndex) namedGroups() trip2g.Groups {
	var names []string
	for item := range x.grouped.from(noteByID{}) {
		names = append(names, item.entry.access.Groups.Names()...)
	}
	return trip2g.NewGroups(names...)
}

// groupedOf returns the row of an entry for groups.
func groupedOf(e *entry) []noteByID {
	if e.access.Level != trip2g.ForGroups {
		return nil
	}
	return []noteByID{{e.ID, e.note, e}}
}

// groupView returns the view of the reader's groups.
func (s scope) groupView() *audienceView {
	groups := s.reader.Groups()
	if view, ok := s.groupViews.views.Get(groups); ok {
		return view
	}
	s.groupViews.mu.Lock()
	defer s.groupViews.mu.Unlock()
	if view, ok := s.groupViews.views.Get(groups); ok {
		return view
	}
	view := s.buildGroupView()
	s.groupViews.views.Add(groups, view)
	return view
}

func (s scope) buildGroupView() *audienceView {
	b := s.members.builderFor(s.reader, s.byURL)
	for item := range s.grouped.from(noteByID{}) {
		if !s.mayRead(item.entry) {
			continue
		}
		for _, t := range b.indexers {
			t.addNew(change{new: item.entry})
		}
		b.dirtyFolders[item.entry.url] = true // e may be the folder's page
	}
	for _, t := range b.indexers {
		t.flush()
		t.notify()
	}
	b.apply(s.revisions.generation | groupRevision)
	view := b.snapshot()
	return &view
}

// groupRevision marks revisions of a group view, so that its pages are not taken for members' pages
// of the same generation.
const groupRevision = 1 << 63

// builderFor returns a builder of a view for reader that starts from v and shares unchanged nodes.
func (v *audienceView) builderFor(reader trip2g.Visitor, byURL orderedSet[urlItem[*entry]]) *viewBuilder {
	b := newViewBuilder(&orderedIndex[urlItem[*entry]]{orderedSet: byURL}, newContributions())
	b.reader = reader
	setItems(b.folderNotes, v.folderNotes)
	setItems(b.folders, v.folders)
	setItems(b.listings, v.listings)
	setItems(b.tags, v.tags)
	setItems(b.tagged, v.tagged)
	setItems(b.segments, v.segments)
	return b
}

// setItems replaces the items of x by a copy of from.
func setItems[T comparable](x *orderedIndex[T], from orderedSet[T]) {
	x.orderedSet = orderedSet[T]{from.tree.IsoCopy()}
}
