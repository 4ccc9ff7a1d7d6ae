package push

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"trip2g/services/trip2g"
)

// Memory keeps what the pushes of one vault to one server learn, so that the next one asks and reads
// only what has changed. After a push that failed the server is asked anew. What others do to the
// server meanwhile is not noticed, and so is not undone. The zero value is ready; one push at a time
// may use it. A nil Memory remembers nothing.
type Memory struct {
	notes []trip2g.NotePath // what the server has, by path
	known bool

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
