package push

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"trip2g/services/trip2g"
)

// Memory caches state between the pushes of one vault to one server. The next push then reads only
// what has changed, and hides notes that were removed from the vault in between. After a failed
// push, the state is requested from the server again. Changes by others are not noticed, and so not
// reverted. The zero value is ready for use by one push at a time. A nil Memory caches nothing.
type Memory struct {
	notes   []trip2g.NotePath // what the server has, by path
	known   bool
	inVault map[string]bool // paths of notes that were in the vault and may still be visible
	push    string          // the ID of a failed push that the next one resumes; "" for none

	mu   sync.Mutex
	refs map[string]textRefs // by a note's path
}

// textRefs are the references of a text.
type textRefs struct {
	hash string // of the text
	refs []string
}

// server returns the notes on the server, if they are known.
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

// unfinished returns the ID of the push to resume; "" for none.
func (m *Memory) unfinished() string {
	if m == nil {
		return ""
	}
	return m.push
}

func (m *Memory) resumeWith(id string) {
	if m != nil {
		m.push = id
	}
}

// Stop discards the staged data of a failed push that will not be resumed.
func (m *Memory) Stop(ctx context.Context, server Server) {
	if id := m.unfinished(); id != "" {
		server.UsePush(id)
		discard(ctx, server)
		m.resumeWith("")
	}
}

// observe records the notes of the vault.
func (m *Memory) observe(notes []trip2g.NotePath) {
	if m == nil {
		return
	}
	if m.inVault == nil {
		m.inVault = make(map[string]bool, len(notes))
	}
	for _, n := range notes {
		m.inVault[n.Path] = true
	}
}

// wasInVault reports whether the vault had a note in one of the pushes.
func (m *Memory) wasInVault(path string) bool { return m != nil && m.inVault[path] }

// markHidden records that paths were hidden. If others publish them again, that is not reverted.
func (m *Memory) markHidden(paths []string) {
	if m != nil {
		for _, path := range paths {
			delete(m.inVault, path)
		}
	}
}

func (m *Memory) remember(notes map[string]trip2g.NotePath) {
	if m != nil {
		m.notes = slices.SortedFunc(maps.Values(notes), func(a, b trip2g.NotePath) int { return cmp.Compare(a.Path, b.Path) })
		m.known = true
	}
}

// references returns the cached references of a note's text with this hash.
func (m *Memory) references(path, hash string) ([]string, bool) {
	if m == nil {
		return nil, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found, ok := m.refs[path]
	return found.refs, ok && found.hash == hash
}

func (m *Memory) rememberReferences(path, hash string, refs []string) {
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
