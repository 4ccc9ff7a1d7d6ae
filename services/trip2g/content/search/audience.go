package search

import "trip2g/services/trip2g"

// The lowest bits of a row's ID are the number of its note's audience: who may read the note. So a
// query excludes what its visitor may not read before anything is counted or ranked.
const (
	audienceBits   = 6
	maxAudiences   = 1 << audienceBits
	otherAudiences = maxAudiences - 1 // all that have no number of their own
)

func rowOf(id int64, audience int) int64 { return id<<audienceBits | int64(audience) }

func noteOf(row int64) int64 { return row >> audienceBits }

func audienceOf(row int64) int { return int(row & (maxAudiences - 1)) }

// audiences numbers the audiences of the indexed notes and counts the notes of each, by language.
type audiences struct {
	numbers map[trip2g.Access]int
	notes   [maxAudiences][len(stemmers)]int
}

// indexed is a note's place in the index.
type indexed struct {
	row  int64
	lang language
}

// number returns the number of the audience with an access and assigns one to a new audience.
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

// count adds delta to the counts of a note's audience.
func (a *audiences) count(n indexed, delta int) { a.notes[audienceOf(n.row)][n.lang] += delta }

// reset sets all counts to 0. The numbers stay: rows of the next database use them.
func (a *audiences) reset() { a.notes = [maxAudiences][len(stemmers)]int{} }

// total returns the number of notes in the index.
func (a *audiences) total() (n int) {
	var v visible
	for audience := range a.notes {
		v.add(&a.notes[audience])
	}
	return v.notes
}

// visible is the part of the index that a visitor may read.
type visible struct {
	mask      uint64    // a bit for each audience
	notes     int       // in these audiences; those of otherAudiences count for the owner alone
	languages languages // of these notes
}

// add adds the notes of an audience.
func (v *visible) add(counts *[len(stemmers)]int) {
	for lang, n := range counts {
		if n > 0 {
			v.notes += n
			v.languages.add(language(lang))
		}
	}
}

// visibleTo returns what a visitor may read. Notes of otherAudiences have to be checked one by one,
// except for the owner.
func (a *audiences) visibleTo(visitor trip2g.Visitor) (v visible) {
	for access, n := range a.numbers {
		if visitor.MayRead(access) {
			v.mask |= 1 << n
			v.add(&a.notes[n])
		}
	}
	if visitor.IsOwner() || !visitor.Groups().IsEmpty() {
		v.mask |= 1 << otherAudiences
	}
	if visitor.IsOwner() {
		v.add(&a.notes[otherAudiences])
	}
	return v
}
