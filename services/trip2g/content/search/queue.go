package search

import (
	"slices"

	"trip2g/services/trip2g"
)

// bulk is a change of so many notes that others go before it.
const bulk = 200

// queue is what the index has to look at. It holds numbers of notes; what they are is asked when their turn
// comes, so that a note that changed twice is looked at as it is now.
type queue struct {
	site  trip2g.Site // the newest that the queue was told of
	told  trip2g.Position
	anew  bool // what the index has is of another database
	fresh []int64
	later []int64 // of changes of many notes
	busy  bool    // notes were taken out that the index does not have yet
	large bool    // the index does not have all of a change of many notes yet

	// settled is a position up to which the index has every change that was not of many notes.
	settled trip2g.Position
}

// put takes a change in.
func (q *queue) put(c trip2g.SiteChange) {
	q.site, q.told = c.Site, c.Position
	switch {
	case c.Reloaded:
		q.anew, q.fresh, q.later, q.large, q.settled = true, nil, slices.Clip(c.Notes), true, 0
	case len(c.Notes) >= bulk:
		q.later, q.large = append(q.later, c.Notes...), true
	default:
		q.fresh = append(q.fresh, c.Notes...)
	}
	if !q.busy && !q.anew && len(q.fresh) == 0 {
		q.settled = q.told
	}
}

// next takes one note out. urgent tells whether it is of a small change.
func (q *queue) next() (id int64, urgent, ok bool) {
	switch {
	case len(q.fresh) > 0:
		id, q.fresh = q.fresh[0], q.fresh[1:]
		return id, true, true
	case len(q.later) > 0:
		id, q.later = q.later[0], q.later[1:]
		return id, false, true
	}
	return 0, false, false
}

// took ends what next began. upTo is where the queue was when it had no more small changes, 0 if it had.
func (q *queue) took(upTo trip2g.Position) {
	q.busy = false
	q.large = q.anew || len(q.later) > 0
	switch {
	case q.anew:
	case len(q.fresh) == 0:
		q.settled = q.told
	default:
		q.settled = max(q.settled, upTo)
	}
}

// back puts notes in again, of an index that is lost.
func (q *queue) back(ids []int64) {
	q.busy, q.large = false, q.large || len(ids) > 0
	q.later = append(ids, q.later...)
}

func (q *queue) isEmpty() bool { return len(q.fresh) == 0 && len(q.later) == 0 && !q.anew }
