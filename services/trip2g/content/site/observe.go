package site

import (
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// notifyObserver reports the snapshot that replaced last. follows is false if the state was loaded
// from scratch.
func (f *Follower) notifyObserver(last, next *snapshot, follows bool) {
	if f.Observe == nil {
		return
	}
	c := trip2g.SiteChange{Site: next, Position: next.position, Reloaded: !follows}
	if last == nil || last.index != next.index {
		c.Notes = f.state.builder.changedIDs()
		c.Changes = f.state.builder.textChanges()
	}
	f.Observe(c)
}

// changedIDs returns the IDs of notes whose pages differ between the last two snapshots.
func (b *builder) changedIDs() []int64 {
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

// textChanges returns the changes of notes' texts between the last two snapshots. A new attachment
// does not change a text.
func (b *builder) textChanges() []trip2g.NoteChange {
	var changes []trip2g.NoteChange
	for id, old := range b.replaced {
		switch note := b.notes[id]; {
		case note != nil && (old == nil || old.VersionID != note.VersionID):
			changes = append(changes, trip2g.NoteChange{Note: noteByID{id, note, b.entries[id]}.published(), Created: old == nil})
		case note == nil && old != nil:
			changes = append(changes, trip2g.NoteChange{Note: noteByID{id: id, note: old}.published(), Hidden: true})
		}
	}
	slices.SortFunc(changes, func(a, b trip2g.NoteChange) int { return strings.Compare(a.Note.Path, b.Note.Path) })
	return changes
}
