package sqlite

import "trip2g/services/trip2g"

// maxLineages bounds the lineages that are kept. A follower that is more starts of a leader behind
// loads all anew.
const maxLineages = 1000

// beginLineage runs fn, and names a new lineage from the first change that fn made for readers. It
// is not begun if there was none: a start that changes nothing writes nothing, be it on a full disk.
func (t *tx) beginLineage(fn func(*tx) error) (begun bool, err error) {
	before, err := t.position()
	if err != nil {
		return false, err
	}
	if err := fn(t); err != nil {
		return false, err
	}
	after, err := t.position()
	if err != nil || after == before {
		return false, err
	}
	id, err := t.insert(`INSERT INTO lineages (token, begins) VALUES (lower(hex(randomblob(16))), ?)`, int64(before)+1)
	if err != nil {
		return false, err
	}
	_, err = t.exec(`DELETE FROM lineages WHERE id <= ?`, id-maxLineages)
	return true, err
}

// lineage gives the name of the lineage that the change at a position is of, "" if none is known.
func (t *tx) lineage(at trip2g.Position) (token string, err error) {
	_, err = t.get(`SELECT token FROM lineages WHERE begins <= ? ORDER BY id DESC LIMIT 1`, []any{int64(at)}, &token)
	return token, err
}

// lastLineages returns the newest lineages, the newest first.
func (t *tx) lastLineages() (list []trip2g.Lineage, err error) {
	for rows, err := range t.each(`SELECT token, begins FROM lineages ORDER BY id DESC LIMIT ?`, trip2g.MaxLineages) {
		if err != nil {
			return nil, err
		}
		var token string
		var begins int64
		if err := rows.Scan(&token, &begins); err != nil {
			return nil, err
		}
		list = append(list, trip2g.Lineage{Token: token, Begins: trip2g.Position(begins)})
	}
	return list, nil
}
