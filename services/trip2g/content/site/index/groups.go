package index

import (
	"sync"

	"trip2g/services/trip2g/content/site/ordered"

	lru "github.com/hashicorp/golang-lru/v2"

	"trip2g/services/trip2g"
)

// maxGroupViews bounds the views for groups that one snapshot caches.
const maxGroupViews = 16

// groupViews caches the views of members in groups. A view is built on demand from the members'
// view, at a cost proportional to the number of notes for groups.
type groupViews struct {
	mu    *sync.Mutex // shared by all snapshots: copying a tree writes to the original
	views *lru.Cache[trip2g.Groups, *View]
	named func() trip2g.Groups // groups named by notes
}

func newGroupViews(mu *sync.Mutex, x *Index) groupViews {
	views, err := lru.New[trip2g.Groups, *View](maxGroupViews)
	if err != nil {
		panic(err) // the size is positive
	}
	return groupViews{mu, views, sync.OnceValue(x.namedGroups)}
}

// namedGroups returns the groups named by notes.
func (x *Index) namedGroups() trip2g.Groups {
	var names []string
	for item := range x.grouped.From(noteByID{}) {
		names = append(names, item.Entry.Access.Groups.Names()...)
	}
	return trip2g.NewGroups(names...)
}

// Groups returns the groups named by notes.
func (x *Index) Groups() trip2g.Groups { return x.groupViews.named() }

// groupedOf returns the row of an entry for groups.
func groupedOf(e *Entry) []noteByID {
	if e.Access.Level != trip2g.ForGroups {
		return nil
	}
	return []noteByID{{e.ID, e.Note, e}}
}

// groupView returns the view of the reader's groups.
func (s Scope) groupView() *View {
	groups := s.Reader.Groups()
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

func (s Scope) buildGroupView() *View {
	b := s.members.builderFor(s.Reader, s.byURL)
	for item := range s.grouped.From(noteByID{}) {
		if !s.MayRead(item.Entry) {
			continue
		}
		for _, t := range b.indexers {
			t.addNew(change{new: item.Entry})
		}
		b.dirtyFolders[item.Entry.URL] = true // e may be the folder's page
	}
	for _, t := range b.indexers {
		t.flush()
		t.notify()
	}
	b.apply(s.Revisions.Generation | groupRevision)
	view := b.snapshot()
	return &view
}

// groupRevision marks revisions of a group view, so that its pages are not taken for members' pages
// of the same generation.
const groupRevision = 1 << 63

// builderFor returns a builder of a view for reader that starts from v and shares unchanged nodes.
func (v *View) builderFor(reader trip2g.Visitor, byURL ordered.Set[urlItem[*Entry]]) *viewBuilder {
	b := newViewBuilder(&ordered.Index[urlItem[*Entry]]{Set: byURL}, newContributions())
	b.reader = reader
	b.folderNotes.Reset(v.folderNotes)
	b.folders.Reset(v.folders)
	b.listings.Reset(v.listings)
	b.tags.Reset(v.tags)
	b.tagged.Reset(v.tagged)
	b.segments.Reset(v.segments)
	return b
}
