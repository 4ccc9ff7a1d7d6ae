package site

import (
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// observe tells of the snapshot that came in place of the last one. follows is false if it was made of
// a state that was read from the beginning.
func (f *Follower) observe(last, next *snapshot, follows bool) {
	if f.Observe == nil {
		return
	}
	c := trip2g.SiteChange{Site: next, Position: next.position, Anew: !follows}
	if last == nil || last.content != next.content {
		c.Notes = f.state.catalog.movedNotes()
		c.Changes = f.state.catalog.noteChanges()
	}
	f.Observe(c)
}

// movedNotes gives the notes that the last content shows otherwise than the one before it.
func (c *catalog) movedNotes() []int64 {
	ids := make([]int64, len(c.moved))
	for i, m := range c.moved {
		if m.new != nil {
			ids[i] = m.new.ID
		} else {
			ids[i] = m.old.ID
		}
	}
	return ids
}

// noteChanges returns what the last content has of the notes' texts that the one before it had not. A note
// that got another file has the same text.
func (c *catalog) noteChanges() []trip2g.NoteChange {
	var changes []trip2g.NoteChange
	for id, was := range c.settled {
		switch now := c.notes[id]; {
		case now != nil && (was == nil || was.VersionID != now.VersionID):
			changes = append(changes, trip2g.NoteChange{Note: identified{id, now, c.entries[id]}.published(), Created: was == nil})
		case now == nil && was != nil:
			changes = append(changes, trip2g.NoteChange{Note: identified{id: id, note: was}.published(), Hidden: true})
		}
	}
	slices.SortFunc(changes, func(a, b trip2g.NoteChange) int { return strings.Compare(a.Note.Path, b.Note.Path) })
	return changes
}
