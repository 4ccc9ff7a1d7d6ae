package site_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"trip2g/services/trip2g"
)

// memorySource is a trip2g.ChangeSource that tells of changes as the database does: each thing once,
// at the position of its last change.
type memorySource struct {
	mu      sync.Mutex
	id      string
	head    trip2g.Position
	changes []change
	err     error
}

type change struct {
	position trip2g.Position
	note     trip2g.Note
}

var someDay = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// newMemory has notes given as path, content, path, content ...
func newMemory(pairs ...string) *memorySource {
	m := &memorySource{id: "one"}
	for i := 0; i < len(pairs); i += 2 {
		m.put(pairs[i], pairs[i+1])
	}
	return m
}

func (m *memorySource) put(path, content string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := int64(len(m.changes) + 1)
	if i := m.index(path); i >= 0 {
		id = m.changes[i].note.ID
		m.changes = slices.Delete(m.changes, i, i+1)
	}
	m.head++
	m.changes = append(m.changes, change{position: m.head, note: trip2g.Note{ID: id, Path: path, Content: content, Hash: trip2g.ContentHash(content)}})
}

func (m *memorySource) attach(path string, assets ...trip2g.NoteAsset) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.index(path)
	c := m.changes[i]
	m.head++
	c.position, c.note.Assets = m.head, assets
	m.changes = append(slices.Delete(m.changes, i, i+1), c)
}

func (m *memorySource) index(path string) int {
	return slices.IndexFunc(m.changes, func(c change) bool { return c.note.Path == path })
}

func (m *memorySource) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// Changes is trip2g.ChangeSource's.
func (m *memorySource) Changes(ctx context.Context, after trip2g.Position, limit int) (trip2g.ChangeSet, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return trip2g.ChangeSet{}, m.err
	}
	set := trip2g.ChangeSet{DatabaseID: m.id, Head: m.head, Position: m.head, ChangedAt: someDay.Add(time.Duration(m.head) * time.Second)}
	taken := 0
	for _, c := range m.changes {
		if c.position <= after {
			continue
		}
		if taken++; taken > limit {
			break
		}
		set.Position, set.ChangedAt = c.position, someDay.Add(time.Duration(c.position)*time.Second)
		set.Notes = append(set.Notes, c.note)
	}
	return set, ctx.Err()
}

// memory gives the site of these notes.
func memory(pairs ...string) trip2g.Site {
	f := newFollower(newMemory(pairs...), 0)
	if _, err := f.Refresh(context.Background()); err != nil {
		panic(err)
	}
	return f.Current()
}
