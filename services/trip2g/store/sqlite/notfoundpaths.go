package sqlite

import (
	"context"
	"time"
	"unicode/utf8"

	"trip2g/services/trip2g"
)

// maxNotFoundPaths bounds the stored paths.
const maxNotFoundPaths = 10_000

// AddNotFound implements trip2g.NotFoundStore. It keeps the 10,000 most requested paths.
func (db *DB) AddNotFound(ctx context.Context, batch trip2g.NotFoundBatch) error {
	if len(batch.Counts) == 0 {
		return nil
	}
	return db.write(ctx, "count 404s", func(t *tx) error {
		if fresh, err := t.recordBatch(batch); err != nil || !fresh {
			return err
		}
		for path, count := range batch.Counts {
			if count <= 0 || len(path) > trip2g.MaxPathLength || !utf8.ValidString(path) {
				continue
			}
			_, err := t.exec(`
				INSERT INTO missing_pages (path, count, last_seen_at) VALUES (?, ?, ?)
				ON CONFLICT DO UPDATE SET count = count + excluded.count, last_seen_at = max(last_seen_at, excluded.last_seen_at)`,
				path, count, millis(batch.At))
			if err != nil {
				return err
			}
		}
		_, err := t.exec(`
			DELETE FROM missing_pages WHERE path IN (
				SELECT path FROM missing_pages ORDER BY count, last_seen_at
				LIMIT max(0, (SELECT count(*) FROM missing_pages) - ?))`, maxNotFoundPaths)
		return err
	})
}

// recordBatch records that a batch is added and reports whether it is new.
func (t *tx) recordBatch(batch trip2g.NotFoundBatch) (fresh bool, err error) {
	n, err := t.exec(`
		INSERT INTO missing_senders (sender, number, at) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET number = excluded.number, at = excluded.at WHERE number < excluded.number`,
		batch.Sender, batch.Number, millis(time.Now()))
	return n > 0, err
}

// NotFoundPaths implements trip2g.NotFoundStore.
func (db *DB) NotFoundPaths(ctx context.Context, limit int) ([]trip2g.NotFoundPath, error) {
	var pages []trip2g.NotFoundPath
	err := db.read(ctx, "list 404s", func(t *tx) error {
		for rows, err := range t.each(`
			SELECT path, count, last_seen_at FROM missing_pages ORDER BY count DESC, last_seen_at DESC, path LIMIT ?`, max(0, limit)) {
			if err != nil {
				return err
			}
			var page trip2g.NotFoundPath
			var seen int64
			if err := rows.Scan(&page.Path, &page.Count, &seen); err != nil {
				return err
			}
			page.LastSeen = fromMillis(seen)
			pages = append(pages, page)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return pages, nil
}

// DeleteNotFound implements trip2g.NotFoundStore.
func (db *DB) DeleteNotFound(ctx context.Context, path string) error {
	return db.write(ctx, "dismiss a 404", func(t *tx) error {
		_, err := t.exec(`DELETE FROM missing_pages WHERE path = ?`, path)
		return err
	})
}
