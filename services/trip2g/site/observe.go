package site

import "trip2g/services/trip2g"

// observe tells of the snapshot that came in place of the last one. follows is false if it was made of
// a state that was read from the beginning.
func (f *Follower) observe(last, next *snapshot, follows bool) {
	if f.Observe == nil {
		return
	}
	c := trip2g.SiteChange{Site: next, Position: next.position, Anew: !follows}
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
