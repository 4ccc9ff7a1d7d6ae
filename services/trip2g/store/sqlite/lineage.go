package sqlite

import "trip2g/services/trip2g"

// maxLineages bounds the stored lineages. A follower that is further behind loads the whole vault.
const maxLineages = 1000

// beginLineage runs fn and begins a lineage at the first change that fn made for readers. Without
// such a change it writes nothing, so that a leader starts on a full disk.
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

// lineage returns the token of the lineage that the change at a position belongs to, "" if unknown.
func (t *tx) lineage(at trip2g.Position) (token string, err error) {
	_, err = t.get(`SELECT token FROM lineages WHERE begins <= ? ORDER BY id DESC LIMIT 1`, []any{int64(at)}, &token)
	return token, err
}

// lastLineages returns the newest lineages, newest first.
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
