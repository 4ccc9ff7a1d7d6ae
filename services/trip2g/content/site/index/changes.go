package index

import (
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// ChangedIDs returns the IDs of notes whose pages differ between the last two snapshots.
func (b *Builder) ChangedIDs() []int64 {
	ids := make([]int64, len(b.lastChanges))
	for i, m := range b.lastChanges {
		if m.new != nil {
			ids[i] = m.new.ID
		} else {
			ids[i] = m.old.ID
		}
	}
	return ids
}

// TextChanges returns the changes of notes' texts between the last two snapshots. A new attachment
// does not change a text.
func (b *Builder) TextChanges() []trip2g.NoteChange {
	var changes []trip2g.NoteChange
	for id, old := range b.replaced {
		switch note := b.notes[id]; {
		case note != nil && (old == nil || old.VersionID != note.VersionID):
			changes = append(changes, trip2g.NoteChange{Note: noteByID{id, note, b.entries[id]}.Published(), Created: old == nil})
		case note == nil && old != nil:
			changes = append(changes, trip2g.NoteChange{Note: noteByID{id: id, note: old}.Published(), Hidden: true})
		}
	}
	slices.SortFunc(changes, func(a, b trip2g.NoteChange) int { return strings.Compare(a.Note.Path, b.Note.Path) })
	return changes
}
