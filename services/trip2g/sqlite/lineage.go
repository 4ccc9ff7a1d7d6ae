package sqlite

import (
	"context"

	"trip2g/services/trip2g"
)

// maxLineages bounds the lineages that are kept. A follower that is more starts of a leader behind
// loads all anew.
const maxLineages = 1000

// beginLineage gives the changes from now on a new name. A lineage without a change of its own goes,
// so that starting again and again takes no space; its name is never used again, because a copy of
// the database that has it may have gone on.
func (db *DB) beginLineage(ctx context.Context) error {
	return db.write(ctx, "begin a lineage", func(t *tx) error {
		head, err := t.position()
		if err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM lineages WHERE begins > ?`, int64(head)); err != nil {
			return err
		}
		id, err := t.insert(`INSERT INTO lineages (token, begins) VALUES (lower(hex(randomblob(16))), ?)`, int64(head)+1)
		if err != nil {
			return err
		}
		_, err = t.exec(`DELETE FROM lineages WHERE id <= ?`, id-maxLineages)
		return err
	})
}

// lineage gives the name of the lineage that the change at a position is of, "" if none is known.
func (t *tx) lineage(at trip2g.Position) (token string, err error) {
	_, err = t.get(`SELECT token FROM lineages WHERE begins <= ? ORDER BY id DESC LIMIT 1`, []any{int64(at)}, &token)
	return token, err
}
