package site_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"trip2g/services/trip2g"
)

// memorySource is a trip2g.ChangeSource that reports each note once, at the position of its last
// change, as the database does.
type memorySource struct {
	mu        sync.Mutex
	id        string
	access    trip2g.SiteAccess
	head      trip2g.Position
	changes   []change
	vaultName string
	err       error
}

type change struct {
	position trip2g.Position
	note     trip2g.Note
	redirect *trip2g.Redirect // instead of note
	removed  bool
}

var someDay = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// newMemory returns a source with notes given as path, content, path, content, …
func newMemory(pairs ...string) *memorySource {
	m := &memorySource{id: "one", access: trip2g.AccessEveryone}
	for i := 0; i < len(pairs); i += 2 {
		m.put(pairs[i], pairs[i+1])
	}
	return m
}

// put publishes a note with a content and, if any are given, assets.
func (m *memorySource) put(path, content string, assets ...trip2g.NoteAsset) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := trip2g.Note{ID: int64(len(m.changes) + 1), Path: path}
	if i := m.index(path); i >= 0 {
		n = m.changes[i].note
		m.changes = slices.Delete(m.changes, i, i+1)
	}
	n.Content, n.Hash = content, trip2g.ContentHash(content)
	if len(assets) > 0 {
		n.Assets = assets
	}
	m.add(n, false)
}

// setAccess sets the access of notes that do not specify it.
func (m *memorySource) setAccess(access trip2g.SiteAccess) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.access = access
	m.head++
}

func (m *memorySource) attach(path string, assets ...trip2g.NoteAsset) {
	m.alter(path, func(n *trip2g.Note) { n.Assets = assets })
}

func (m *memorySource) rename(path, other string) {
	m.alter(path, func(n *trip2g.Note) { n.Path = other })
}

func (m *memorySource) remove(path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.index(path)
	n := m.changes[i].note
	m.changes = slices.Delete(m.changes, i, i+1)
	m.add(n, true)
}

func (m *memorySource) alter(path string, change func(*trip2g.Note)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := m.index(path)
	n := m.changes[i].note
	m.changes = slices.Delete(m.changes, i, i+1)
	change(&n)
	m.add(n, false)
}

func (m *memorySource) add(n trip2g.Note, removed bool) {
	m.head++
	m.changes = append(m.changes, change{position: m.head, note: n, removed: removed})
}

// lead redirects a URL to a note, or to another URL if there is no such note.
func (m *memorySource) lead(from string, note int, to string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &trip2g.Redirect{ID: int64(len(m.changes) + 1), From: from, To: to}
	if i := slices.IndexFunc(m.changes, func(c change) bool { return c.redirect != nil && c.redirect.From == from }); i >= 0 {
		r.ID = m.changes[i].redirect.ID
		m.changes = slices.Delete(m.changes, i, i+1)
	}
	if i := slices.IndexFunc(m.changes, func(c change) bool { return c.redirect == nil && c.note.ID == int64(note) }); i >= 0 {
		r.NoteID, r.To = int64(note), ""
	}
	m.head++
	m.changes = append(m.changes, change{position: m.head, redirect: r})
}

func (m *memorySource) index(path string) int {
	return slices.IndexFunc(m.changes, func(c change) bool { return c.redirect == nil && c.note.Path == path && !c.removed })
}

// paths returns the paths of all notes in the order of their changes.
func (m *memorySource) paths() []string {
	var paths []string
	for _, c := range m.changes {
		if !c.removed && c.redirect == nil {
			paths = append(paths, c.note.Path)
		}
	}
	return paths
}

func (m *memorySource) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

// Changes implements trip2g.ChangeSource.
func (m *memorySource) Changes(ctx context.Context, after trip2g.Position, limit int) (trip2g.ChangeSet, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return trip2g.ChangeSet{}, m.err
	}
	set := trip2g.ChangeSet{SiteAccess: m.access, DatabaseID: m.id, VaultName: m.vaultName, Head: m.head, Position: m.head, ChangedAt: someDay.Add(time.Duration(m.head) * time.Second)}
	taken := 0
	for _, c := range m.changes {
		if c.position <= after {
			continue
		}
		if taken++; taken > limit {
			break
		}
		set.Position, set.ChangedAt = c.position, someDay.Add(time.Duration(c.position)*time.Second)
		switch {
		case c.redirect != nil:
			set.Redirects = append(set.Redirects, *c.redirect)
		case c.removed:
			set.RemovedNotes = append(set.RemovedNotes, c.note.ID)
		default:
			set.Notes = append(set.Notes, c.note)
		}
	}
	return set, ctx.Err()
}

// memory returns the site of these notes.
func memory(pairs ...string) trip2g.Site {
	f := newFollower(newMemory(pairs...), 0)
	if _, err := f.Refresh(context.Background()); err != nil {
		panic(err)
	}
	return f.Current()
}

// garden has a note of each kind that lists, feeds and graphs include or omit.
func garden() *memorySource {
	return newMemory(
		"index.md", "---\ntitle: Garden\ntranslations: {de: Start}\nlang: en\n---\nSee [[Apple]] and [[Guides/Pear|a pear]].",
		"Start.md", "---\nlang: de\ndescription: auf deutsch\n---\n# Anfang\n",
		"Apple.md", "---\ntags: [fruit/red, Food]\ncreated: 2026-03-02\nupdated: 2026-03-04\nimage: apple.png\n---\nRound & <b>sweet</b>. It grows beside the [[pear]].",
		"Guides/Pear.md", "---\ntags: fruit\ncreated: 2026-03-01\n---\n# The pear\n\nLong and green. #food",
		"Guides/Secret.md", "---\nfree: false\ntags: [fruit/hidden]\ncreated: 2026-03-05\n---\nHidden: [[apple]]",
	)
}

// texts returns the texts of the links in a fragment.
func texts(fragment string) []string {
	var list []string
	for part := range strings.SplitSeq(fragment, "<a ") {
		_, text, ok := strings.Cut(part, ">")
		if text, _, found := strings.Cut(text, "</a>"); ok && found {
			text = strings.NewReplacer(`<span class="count">`, "", "</span>", "").Replace(text)
			list = append(list, text)
		}
	}
	return list
}

// shown returns what a reader sees at a URL path, including a 404 page.
func shown(s trip2g.Site, url string, reader trip2g.Visitor) string {
	page, found := s.Page(url, reader)
	if page == nil && found.URL == "" {
		page = s.NotFound(url, reader)
	}
	if page == nil {
		return found.URL
	}
	return text(page)
}
