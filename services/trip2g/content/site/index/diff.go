package index

import (
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// change is a changed entry; old is nil for an added one, new for a removed one.
type change struct{ old, new *Entry }

// adds reports whether the change adds an entry with the given access level.
func (c change) adds(level trip2g.NoteAccess) bool {
	return c.new != nil && c.new.Access.Level == level
}

// affectsOtherViews reports whether the change may affect a view that is not maintained here: the
// entry's access changed, or it is for groups, whose views are built on demand.
func (c change) affectsOtherViews() bool {
	isGrouped := func(e *Entry) bool { return e != nil && e.Access.Level == trip2g.ForGroups }
	return isGrouped(c.old) || isGrouped(c.new) || c.old != nil && c.new != nil && c.old.Access != c.new.Access
}

// path returns the path of the entry in the vault.
func (c change) path() string {
	if c.new != nil {
		return c.new.Path
	}
	return c.old.Path
}

// noteChange is a changed note; old is nil for an added one, new for a removed one.
type noteChange struct {
	id                 int64
	old, new           *Note
	oldClaim, newClaim urlClaim
	hadClaim, hasClaim bool // whether the claims exist
}

// changedNotes returns the changed notes with their URL claims. New claims follow the rule next.
func (b *Builder) changedNotes(next homeRule) []noteChange {
	list := make([]noteChange, 0, len(b.dirtyNotes))
	for id, old := range b.dirtyNotes {
		list = append(list, noteChange{id: id, old: old, new: b.notes[id]})
	}
	parallelChunks(list, func(chunk []noteChange) {
		for i := range chunk {
			n := &chunk[i]
			n.oldClaim, n.hadClaim = b.home.claimOf(n.old)
			n.newClaim, n.hasClaim = next.claimOf(n.new)
		}
	})
	return list
}

// diff applies the changed notes to the URL claims and returns the changed entries, sorted by path.
// An entry also changes if another note's claim or the home page rule moves it to another URL.
func (b *Builder) diff(home homeRule) []change {
	dirtyURLs := make(map[string]bool) // URLs with changed claims
	locations := make(map[int64]location)
	for _, n := range b.changedNotes(home) {
		b.countNote(n.old, n.new)
		if n.hadClaim && n.hasClaim && n.oldClaim == n.newClaim {
			locations[n.id] = b.entries[n.id].location
			continue
		}
		if n.hadClaim {
			b.urlClaims.Delete(n.oldClaim)
			dirtyURLs[n.oldClaim.url] = true
		}
		if n.hasClaim {
			b.urlClaims.Put(n.newClaim)
			dirtyURLs[n.newClaim.url] = true
		}
	}
	for url := range dirtyURLs {
		b.assignURLs(url, locations)
		if other, ok := claimedVia(url); ok && !dirtyURLs[other] {
			b.assignURLs(other, locations)
		}
	}
	if len(dirtyURLs) > 0 && !dirtyURLs["/"] {
		b.assignURLs("/", locations) // a losing home page candidate can be at any URL
	}
	b.home = home
	return b.entryChanges(locations)
}

func (b *Builder) entryChanges(locations map[int64]location) []change {
	changes := make([]change, 0, len(locations))
	for id, l := range locations {
		next := &Entry{Note: b.notes[id], location: l}
		if old := b.entries[id]; old == nil || old.Note != next.Note || old.location != next.location {
			changes = append(changes, change{old, next})
		}
	}
	parallelChunks(changes, func(chunk []change) {
		for _, c := range chunk {
			c.new.setListing(c.old)
		}
	})
	for id := range b.dirtyNotes {
		if _, seen := locations[id]; !seen && b.entries[id] != nil {
			changes = append(changes, change{b.entries[id], nil})
		}
	}
	slices.SortFunc(changes, func(l, b change) int { return strings.Compare(l.path(), b.path()) })
	return changes
}

// countNote updates the totals, which include notes without a page.
func (b *Builder) countNote(old, new *Note) {
	if old != nil {
		b.bytes -= int64(len(old.Content))
		b.accessCounts.Count(old.Doc, old.Path, -1)
		if len(old.Doc.Warnings) > 0 {
			b.warnings.Delete(warning{path: old.Path, id: old.ID})
		}
	}
	if new != nil {
		b.bytes += int64(len(new.Content))
		b.accessCounts.Count(new.Doc, new.Path, 1)
		if len(new.Doc.Warnings) > 0 {
			b.warnings.Put(warning{path: new.Path, id: new.ID, doc: new.Doc})
		}
	}
}

// removeOld removes the old entries from the indexes. It runs before addNew, because a URL can pass
// from one note to another.
func (b *Builder) removeOld(changes []change, indexers [][]indexer) {
	all := slices.Concat(indexers...)
	for _, c := range changes {
		if c.old == nil {
			continue
		}
		for _, t := range all {
			t.removeOld(c)
		}
		b.markFolderDirty(c.old.URL)
		if c.new == nil {
			delete(b.entries, c.old.ID)
			b.byID.Delete(noteByID{id: c.old.ID})
		}
		if c.new == nil || c.new.URL != c.old.URL {
			b.byURL.Delete(urlItem[*Entry]{url: c.old.URL})
		}
	}
}

// addNew adds the new entries to the indexes.
func (b *Builder) addNew(changes []change, indexers [][]indexer) {
	for _, c := range changes {
		if c.new == nil {
			continue
		}
		b.entries[c.new.ID] = c.new
		b.byID.Put(noteByID{c.new.ID, c.new.Note, c.new})
		b.byURL.Put(urlItem[*Entry]{c.new.URL, c.new})
		b.markFolderDirty(c.new.URL)
	}
	parallel(len(changes), len(indexers), func(i int) {
		for _, c := range changes {
			if c.new == nil {
				continue
			}
			for _, t := range indexers[i] {
				t.addNew(c)
			}
		}
		for _, t := range indexers[i] {
			t.flush()
		}
	})
	for _, t := range slices.Concat(indexers...) {
		t.notify()
	}
}

// markFolderDirty marks the folder at url for rebuilding: its page may have changed.
func (b *Builder) markFolderDirty(url string) {
	for _, v := range b.viewBuilders() {
		v.dirtyFolders[url] = true
	}
}
