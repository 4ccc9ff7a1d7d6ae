package site

import "trip2g/services/trip2g"

// Change is what a site has that the one before it had not.
type Change struct {
	Site trip2g.Site
	// Notes are the IDs of those whose pages came, changed, moved or went.
	Notes []int64
	// Anew tells that the site does not follow from the one before it: Notes are all that it has, and
	// what is known of others is of another database.
	Anew bool
}

// observe tells of the snapshot that came in place of the last one. follows is false if it was made of
// a state that was read from the beginning.
func (f *Follower) observe(last, next *snapshot, follows bool) {
	if f.Observe == nil {
		return
	}
	c := Change{Site: next, Anew: !follows}
	if last == nil || last.content != next.content {
		c.Notes = f.state.catalog.movedNotes()
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
