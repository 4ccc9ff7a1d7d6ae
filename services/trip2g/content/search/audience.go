package search

import "trip2g/services/trip2g"

// A row of the index names in its lowest bits who may read its note, its audience, so that a query leaves out
// what its reader may not read before anything is counted or ranked.
const (
	audienceBits   = 6
	maxAudiences   = 1 << audienceBits
	otherAudiences = maxAudiences - 1 // all that have no number of their own
)

func rowOf(id int64, audience int) int64 { return id<<audienceBits | int64(audience) }

func noteOf(row int64) int64 { return row >> audienceBits }

func audienceOf(row int64) int { return int(row & (maxAudiences - 1)) }

// audiences numbers those of the notes in the index and counts their notes.
type audiences struct {
	numbers map[trip2g.Access]int
	notes   [maxAudiences]int
}

// number returns the audience of notes with an access, a new one if need be.
func (a *audiences) number(access trip2g.Access) int {
	if n, known := a.numbers[access]; known {
		return n
	}
	n := len(a.numbers)
	if n >= otherAudiences {
		return otherAudiences
	}
	if a.numbers == nil {
		a.numbers = make(map[trip2g.Access]int)
	}
	a.numbers[access] = n
	return n
}

// count adds delta for the audience of each row.
func (a *audiences) count(rows []int64, delta int) {
	for _, row := range rows {
		a.notes[audienceOf(row)] += delta
	}
}

// total returns the number of notes in the index.
func (a *audiences) total() (n int) {
	for _, count := range a.notes {
		n += count
	}
	return n
}

// visible is what a reader may read of the index.
type visible struct {
	mask  uint64 // a bit for each audience
	notes int    // how many notes those have for certain
}

// to returns what a reader may read. Notes of otherAudiences have to be looked at one by one, except for the
// owner.
func (a *audiences) to(reader trip2g.Visitor) (v visible) {
	for access, n := range a.numbers {
		if reader.MayRead(access) {
			v.mask |= 1 << n
			v.notes += a.notes[n]
		}
	}
	if reader.IsOwner() || !reader.Groups().IsEmpty() {
		v.mask |= 1 << otherAudiences
	}
	if reader.IsOwner() {
		v.notes += a.notes[otherAudiences]
	}
	return v
}
