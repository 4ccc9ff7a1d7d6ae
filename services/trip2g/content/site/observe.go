package site

import (
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
		c.Notes = f.state.builder.ChangedIDs()
		c.Changes = f.state.builder.TextChanges()
	}
	f.Observe(c)
}
