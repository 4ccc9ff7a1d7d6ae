package index

import (
	"cmp"
	"strings"

	"trip2g/services/trip2g"
)

// resolveAccess recomputes the access of notes that do not specify it, if the default changed.
// Their documents are kept.
func (b *Builder) resolveAccess() {
	next := b.accessState().Default
	if next == trip2g.AccessNotChosen {
		next = trip2g.AccessMembers // the effective default
	}
	if next == b.defaultAccess {
		return
	}
	b.defaultAccess = next
	for _, n := range b.notes {
		if access := n.Doc.Access.Resolve(next); access != n.Access {
			b.Put(&Note{n.Note, n.Doc, access})
		}
	}
}

// accessState returns the access defaults and counts. The owner's settings take precedence over the
// database.
func (b *Builder) accessState() trip2g.AccessState {
	override := trip2g.AccessNotChosen
	if owner := b.nextSettingsNote(); owner != nil {
		override = owner.Doc.Settings.Access
	}
	return b.accessCounts.State(b.siteAccess, override)
}

// notePath identifies a note, ordered by path.
type notePath struct {
	path string
	id   int64
}

func compareNotePaths(a, b notePath) int {
	return cmp.Or(strings.Compare(a.path, b.path), cmp.Compare(a.id, b.id))
}

// unspecifiedOf returns the row of an entry that does not specify its access.
func unspecifiedOf(e *Entry) []notePath {
	if !e.usesDefaultAccess() {
		return nil
	}
	return []notePath{{e.Path, e.ID}}
}

// Unspecified returns the paths of up to limit notes that do not specify their access.
func (x *Index) Unspecified(limit int) []string {
	var paths []string
	for n := range x.unspecified.From(notePath{}) {
		if len(paths) == limit {
			break
		}
		paths = append(paths, n.path)
	}
	return paths
}
