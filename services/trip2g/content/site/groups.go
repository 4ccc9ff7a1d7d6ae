package site

import (
	"sync"

	lru "github.com/hashicorp/golang-lru/v2"

	"trip2g/services/trip2g"
)

// maxGroupShelves bounds the shelves that one content keeps for members who are in groups.
const maxGroupShelves = 16

// groupShelves are the shelves of members who are in groups. One is made of the shelf of members when somebody
// asks for it: for as many notes as the groups have, and most sites have none.
type groupShelves struct {
	making *sync.Mutex // of all contents: copying a frozen index is a write
	made   *lru.Cache[trip2g.Groups, *shelf]
	named  func() trip2g.Groups // the groups that notes name
}

func newGroupShelves(making *sync.Mutex, c *content) groupShelves {
	made, err := lru.New[trip2g.Groups, *shelf](maxGroupShelves)
	if err != nil {
		panic(err) // the size is more than 0
	}
	return groupShelves{making, made, sync.OnceValue(c.namedGroups)}
}

// namedGroups are the groups that notes name.
func (c *content) namedGroups() trip2g.Groups {
	var names []string
	for held := range c.grouped.from(identified{}) {
		names = append(names, held.entry.access.Groups.Names()...)
	}
	return trip2g.NewGroups(names...)
}

// groupedOf returns an entry that is for groups.
func groupedOf(e *entry) []identified {
	if e.access.Level != trip2g.ForGroups {
		return nil
	}
	return []identified{{e.ID, e.note, e}}
}

// scope is the content as a reader finds it. Groups that no note names make no difference.
func (c *content) scope(reader trip2g.Reader) scope {
	if !reader.Groups().IsEmpty() {
		reader = reader.Within(c.groupShelves.named())
	}
	return scope{c, reader}
}

// groupShelf returns the shelf of members who are in groups.
func (s scope) groupShelf() *shelf {
	groups := s.reader.Groups()
	if held, ok := s.groupShelves.made.Get(groups); ok {
		return held
	}
	s.groupShelves.making.Lock()
	defer s.groupShelves.making.Unlock()
	if held, ok := s.groupShelves.made.Get(groups); ok {
		return held
	}
	made := s.makeGroupShelf()
	s.groupShelves.made.Add(groups, made)
	return made
}

func (s scope) makeGroupShelf() *shelf {
	shelving := s.members.thaw(s.reader, s.entries)
	for held := range s.grouped.from(identified{}) {
		if !s.mayRead(held.entry) {
			continue
		}
		for _, t := range shelving.traces {
			t.enter(move{new: held.entry})
		}
		shelving.staleFolders[held.entry.url] = true // its own page may be this one
	}
	for _, t := range shelving.traces {
		t.settle()
		t.tell()
	}
	shelving.settle(s.stamps.generation | ofGroups)
	made := shelving.freeze()
	return &made
}

// ofGroups distinguishes the states of what is on such a shelf from those of the members' one of the same generation:
// a page that was made for the one is not right for the other.
const ofGroups = 1 << 63

// thaw makes a shelf for other readers that can be changed. It shares what does not change.
func (s *shelf) thaw(reader trip2g.Reader, places sorted[located[*entry]]) *shelving {
	made := newShelving(&index[located[*entry]]{sorted: places}, newLeavings())
	made.reader = reader
	thaw(made.members, s.notes)
	thaw(made.folders, s.folders)
	thaw(made.listings, s.listings)
	thaw(made.tags, s.tags)
	thaw(made.tagged, s.tagged)
	thaw(made.segments, s.segments)
	return made
}

// thaw has an index go on from what was frozen of another one.
func thaw[T comparable](x *index[T], from sorted[T]) { x.sorted = sorted[T]{from.tree.IsoCopy()} }
