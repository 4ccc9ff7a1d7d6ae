package search

import (
	"slices"

	"trip2g/services/trip2g"
)

// bulkSize is the minimum number of notes of a bulk change. Other changes have precedence over it.
const bulkSize = 200

// queue has the IDs of the notes that the index must read again. A note is read when it is
// dequeued, so a note that changed twice is indexed once, in its newest version.
type queue struct {
	site     trip2g.Site // of the newest change
	position trip2g.Position
	rebuild  bool    // the index is for another database
	urgent   []int64 // of small changes
	bulk     []int64 // of bulk changes
	busy     bool    // a batch is not in the index yet
	// bulkPending reports that a bulk change is not completely in the index yet.
	bulkPending bool
	// indexedTo is a position up to which the index has every small change.
	indexedTo trip2g.Position
}

// enqueue adds a change.
func (q *queue) enqueue(c trip2g.SiteChange) {
	q.site, q.position = c.Site, c.Position
	switch {
	case c.Reloaded:
		q.rebuild, q.urgent, q.bulk, q.bulkPending, q.indexedTo = true, nil, slices.Clip(c.Notes), true, 0
	case len(c.Notes) >= bulkSize:
		q.bulk, q.bulkPending = append(q.bulk, c.Notes...), true
	default:
		q.urgent = append(q.urgent, c.Notes...)
	}
	if !q.busy && !q.rebuild && len(q.urgent) == 0 {
		q.indexedTo = q.position
	}
}

// dequeue removes one note. urgent reports whether it is of a small change.
func (q *queue) dequeue() (id int64, urgent, ok bool) {
	switch {
	case len(q.urgent) > 0:
		id, q.urgent = q.urgent[0], q.urgent[1:]
		return id, true, true
	case len(q.bulk) > 0:
		id, q.bulk = q.bulk[0], q.bulk[1:]
		return id, false, true
	}
	return 0, false, false
}

// applied records that the dequeued notes are in the index. upTo is the queue's position when it
// had no more small changes, 0 if it had.
func (q *queue) applied(upTo trip2g.Position) {
	q.busy = false
	q.bulkPending = q.rebuild || len(q.bulk) > 0
	switch {
	case q.rebuild:
	case len(q.urgent) == 0:
		q.indexedTo = q.position
	default:
		q.indexedTo = max(q.indexedTo, upTo)
	}
}

// requeue queues notes again that are not indexed because of a failure.
func (q *queue) requeue(ids []int64) {
	q.busy, q.bulkPending = false, q.bulkPending || len(ids) > 0
	q.bulk = append(ids, q.bulk...)
}

func (q *queue) isEmpty() bool { return len(q.urgent) == 0 && len(q.bulk) == 0 && !q.rebuild }
