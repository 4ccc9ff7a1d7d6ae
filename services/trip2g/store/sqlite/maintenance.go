package sqlite

import (
	"context"
	"time"
	"unicode/utf8"

	"trip2g/services/trip2g"
)

// maxMissingPages bounds the table of paths that were asked for in vain.
const maxMissingPages = 10_000

// AddMissing implements trip2g.MissingPageStore. It keeps 10,000 paths.
func (db *DB) AddMissing(ctx context.Context, batch trip2g.MissingBatch) error {
	if len(batch.Counts) == 0 {
		return nil
	}
	return db.write(ctx, "count missing pages", func(t *tx) error {
		if fresh, err := t.takeBatch(batch); err != nil || !fresh {
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
				LIMIT max(0, (SELECT count(*) FROM missing_pages) - ?))`, maxMissingPages)
		return err
	})
}

// takeBatch notes that a batch is added now; false if it was before.
func (t *tx) takeBatch(batch trip2g.MissingBatch) (fresh bool, err error) {
	n, err := t.exec(`
		INSERT INTO missing_senders (sender, number, at) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET number = excluded.number, at = excluded.at WHERE number < excluded.number`,
		batch.Sender, batch.Number, millis(time.Now()))
	return n > 0, err
}

// Missing implements trip2g.MissingPageStore.
func (db *DB) Missing(ctx context.Context, limit int) ([]trip2g.MissingPage, error) {
	var pages []trip2g.MissingPage
	err := db.read(ctx, "list missing pages", func(t *tx) error {
		for rows, err := range t.each(`
			SELECT path, count, last_seen_at FROM missing_pages ORDER BY count DESC, last_seen_at DESC, path LIMIT ?`, max(0, limit)) {
			if err != nil {
				return err
			}
			var page trip2g.MissingPage
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

// ForgetMissing implements trip2g.MissingPageStore.
func (db *DB) ForgetMissing(ctx context.Context, path string) error {
	return db.write(ctx, "forget a missing page", func(t *tx) error {
		_, err := t.exec(`DELETE FROM missing_pages WHERE path = ?`, path)
		return err
	})
}

// PutJobRun implements trip2g.JobStore.
func (db *DB) PutJobRun(ctx context.Context, run trip2g.JobRun) error {
	return db.write(ctx, "note the run of a job", func(t *tx) error {
		_, err := t.exec(`INSERT OR REPLACE INTO job_runs (name, started_at, finished_at, error) VALUES (?, ?, ?, ?)`,
			run.Name, millis(run.StartedAt), millis(run.FinishedAt), run.Error)
		return err
	})
}

// JobRuns implements trip2g.JobStore.
func (db *DB) JobRuns(ctx context.Context) ([]trip2g.JobRun, error) {
	var runs []trip2g.JobRun
	err := db.read(ctx, "list the runs of jobs", func(t *tx) error {
		for rows, err := range t.each(`SELECT name, started_at, finished_at, error FROM job_runs ORDER BY name`) {
			if err != nil {
				return err
			}
			var run trip2g.JobRun
			var started, finished int64
			if err := rows.Scan(&run.Name, &started, &finished, &run.Error); err != nil {
				return err
			}
			run.StartedAt, run.FinishedAt = fromMillis(started), fromMillis(finished)
			runs = append(runs, run)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return runs, nil
}

// Purge implements trip2g.Purger. It also removes queued jobs that were tried and not
// done before stale. Files go in parts, so that other writes get between them.
func (db *DB) Purge(ctx context.Context, now, stale time.Time) (trip2g.PurgeResult, error) {
	var result trip2g.PurgeResult
	err := db.write(ctx, "purge", func(t *tx) error {
		var err error
		if result.Sessions, err = t.purgeSessions(millis(now)); err != nil {
			return err
		}
		if result.Codes, err = t.exec(`DELETE FROM sign_in_codes WHERE expires_at <= ?`, millis(now)); err != nil {
			return err
		}
		if result.Staged, err = t.purgeStages(now); err != nil {
			return err
		}
		if err := t.purgeUnpublished(millis(stale)); err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM missing_senders WHERE at < ?`, millis(stale)); err != nil {
			return err
		}
		_, err = t.exec(`DELETE FROM goqite WHERE received > 0 AND created < strftime('%Y-%m-%dT%H:%M:%fZ', ? / 1000.0, 'unixepoch') AND timeout < strftime('%Y-%m-%dT%H:%M:%fZ')`,
			millis(stale))
		return err
	})
	if err != nil {
		return trip2g.PurgeResult{}, err
	}
	result.Assets, err = db.purgeAssets(ctx, now, stale)
	return result, err
}

// purgeSessions removes sessions that have run out, and their changes: a follower that still has
// one lets nobody in by it. The newest change stays, so that the newest position does.
func (t *tx) purgeSessions(now int64) (int64, error) {
	_, err := t.exec(`
		DELETE FROM changes WHERE kind = 'session' AND seq < (SELECT max(seq) FROM changes)
		AND (ref IN (SELECT id FROM sessions WHERE expires_at <= ?) OR ref NOT IN (SELECT id FROM sessions))`, now)
	if err != nil {
		return 0, err
	}
	return t.exec(`DELETE FROM sessions WHERE expires_at <= ?`, now)
}

// purgeUnpublished removes versions and notes that no stage holds and nobody ever published.
func (t *tx) purgeUnpublished(stale int64) error {
	_, err := t.exec(`DELETE FROM note_versions WHERE published_at IS NULL AND id NOT IN (SELECT version_id FROM staged_notes WHERE version_id IS NOT NULL)`)
	if err != nil {
		return err
	}
	const unknownNotes = `(SELECT id FROM notes WHERE published_version_id IS NULL AND created_at < ? AND id NOT IN (SELECT note_id FROM staged_notes))`
	for _, table := range []string{"staged_assets", "note_assets"} {
		if _, err := t.exec(`DELETE FROM `+table+` WHERE note_id IN `+unknownNotes, stale); err != nil {
			return err
		}
	}
	_, err = t.exec(`DELETE FROM notes WHERE id IN `+unknownNotes, stale)
	return err
}
