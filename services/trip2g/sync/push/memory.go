package push

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"trip2g/services/trip2g"
)

// Memory keeps what the pushes of one vault to one server learn, so that the next one asks and reads
// only what has changed, and so that what goes from the vault between two of them is hidden. After a push
// that failed the server is asked anew. What others do to the server meanwhile is not noticed, and so is
// not undone. The zero value is ready; one push at a time
// may use it. A nil Memory remembers nothing.
type Memory struct {
	notes []trip2g.NotePath // what the server has, by path
	known bool
	seen  map[string]bool // the paths of the notes that the vault had and readers may still see
	push  string          // the id of a push that failed, with which the next one goes on; "" for none

	mu   sync.Mutex
	refs map[string]textRefs // by a note's path
}

// textRefs is the files that a text refers to.
type textRefs struct {
	hash string // of the text
	refs []string
}

// server gives what the server has, if that is known.
func (m *Memory) server() (notes []trip2g.NotePath, known bool) {
	if m == nil {
		return nil, false
	}
	return m.notes, m.known
}

func (m *Memory) forget() {
	if m != nil {
		m.notes, m.known = nil, false
	}
}

// unfinished returns the id of the push with which the next one goes on; "" for none.
func (m *Memory) unfinished() string {
	if m == nil {
		return ""
	}
	return m.push
}

func (m *Memory) goOnWith(id string) {
	if m != nil {
		m.push = id
	}
}

// Stop discards what a push that failed has left on the server, for when there is no next one.
func (m *Memory) Stop(ctx context.Context, server Server) {
	if id := m.unfinished(); id != "" {
		server.UsePush(id)
		discard(ctx, server)
		m.goOnWith("")
	}
}

// see takes in which notes the vault has.
func (m *Memory) see(notes []trip2g.NotePath) {
	if m == nil {
		return
	}
	if m.seen == nil {
		m.seen = make(map[string]bool, len(notes))
	}
	for _, n := range notes {
		m.seen[n.Path] = true
	}
}

// saw tells whether the vault had a note in one of the pushes.
func (m *Memory) saw(path string) bool { return m != nil && m.seen[path] }

// hid takes in that readers see notes no more: who shows one again is not undone.
func (m *Memory) hid(paths []string) {
	if m != nil {
		for _, path := range paths {
			delete(m.seen, path)
		}
	}
}

func (m *Memory) keep(notes map[string]trip2g.NotePath) {
	if m != nil {
		m.notes = slices.SortedFunc(maps.Values(notes), func(a, b trip2g.NotePath) int { return cmp.Compare(a.Path, b.Path) })
		m.known = true
	}
}

// references gives what is remembered of a note's text with this hash.
func (m *Memory) references(path, hash string) ([]string, bool) {
	if m == nil {
		return nil, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.refs[path]
	return found.refs, ok && found.hash == hash
}

func (m *Memory) keepReferences(path, hash string, refs []string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refs == nil {
		m.refs = map[string]textRefs{}
	}
	m.refs[path] = textRefs{hash, refs}
}
