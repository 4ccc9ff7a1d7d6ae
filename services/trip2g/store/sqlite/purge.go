package sqlite

import (
	"context"
	"time"

	"trip2g/services/trip2g"
)

const (
	// abandonedAfter is the age at which an unfinished upload counts as left by a killed process.
	abandonedAfter = time.Hour

	// closedPushRetention is how long the result of a push is kept: far longer than a request of it
	// can be late.
	closedPushRetention = 30 * 24 * time.Hour
)

// cutoffs are the points in time that purge rules compare with, in Unix milliseconds.
type cutoffs struct {
	now             int64 // what has expired is deleted
	unusedSince     int64 // what is no longer used since then is deleted
	pushStaged      int64 // open pushes that were last used before expire
	unnamedStaged   int64 // likewise for pushes without an id
	pushClosed      int64 // closed pushes from before are deleted
	uploadAbandoned int64 // unfinished uploads from before are deleted
}

func newCutoffs(now, unusedSince time.Time) cutoffs {
	ago := func(d time.Duration) int64 { return millis(now.Add(-d)) }
	return cutoffs{
		now: millis(now), unusedSince: millis(unusedSince),
		pushStaged: ago(trip2g.PushLifetime), unnamedStaged: ago(trip2g.UnnamedPushLifetime),
		pushClosed: ago(closedPushRetention), uploadAbandoned: ago(abandonedAfter),
	}
}

// purgeRules lists what a purge deletes, except files. The order matters: a rule can release rows
// that a later one deletes.
var purgeRules = []struct {
	purge func(*tx, cutoffs) (removed int64, err error)
	count func(*trip2g.PurgeResult) *int64 // nil: not reported
}{
	{(*tx).purgeSessions, func(r *trip2g.PurgeResult) *int64 { return &r.Sessions }},
	{(*tx).purgeSignInCodes, func(r *trip2g.PurgeResult) *int64 { return &r.Codes }},
	{(*tx).purgeStages, func(r *trip2g.PurgeResult) *int64 { return &r.Staged }},
	{(*tx).purgeVersions, nil},
	{(*tx).purgeNotes, nil},
	{(*tx).purgeNotFoundSenders, nil},
	{(*tx).purgeFailedJobs, nil},
}

// Purge implements trip2g.Purger. Files are deleted in parts, so that other writes run in between.
func (db *DB) Purge(ctx context.Context, now time.Time) (trip2g.PurgeResult, error) {
	return db.purge(ctx, newCutoffs(now, now.Add(-trip2g.UnusedRetention)))
}

func (db *DB) purge(ctx context.Context, c cutoffs) (trip2g.PurgeResult, error) {
	var result trip2g.PurgeResult
	err := db.write(ctx, "purge", func(t *tx) error {
		for _, rule := range purgeRules {
			removed, err := rule.purge(t, c)
			if err != nil {
				return err
			}
			if rule.count != nil {
				*rule.count(&result) = removed
			}
		}
		return nil
	})
	if err != nil {
		return trip2g.PurgeResult{}, err
	}
	result.Assets, err = db.purgeAssets(ctx, c)
	return result, err
}

// purgeSessions deletes expired sessions and their changes: a follower that still has such a
// session rejects it by its expiry. The newest change stays, so that the position does not
// decrease.
func (t *tx) purgeSessions(c cutoffs) (int64, error) {
	_, err := t.exec(`
		DELETE FROM changes WHERE kind = 'session' AND seq < (SELECT max(seq) FROM changes)
		AND (ref IN (SELECT id FROM sessions WHERE expires_at <= ?) OR ref NOT IN (SELECT id FROM sessions))`, c.now)
	if err != nil {
		return 0, err
	}
	return t.exec(`DELETE FROM sessions WHERE expires_at <= ?`, c.now)
}

func (t *tx) purgeSignInCodes(c cutoffs) (int64, error) {
	return t.exec(`DELETE FROM sign_in_codes WHERE expires_at <= ?`, c.now)
}

// purgeStages expires open pushes, deletes what they staged, and deletes closed pushes. It counts
// the staged notes and files.
func (t *tx) purgeStages(c cutoffs) (removed int64, err error) {
	const expired = `(SELECT id FROM stages WHERE state = 'expired')`
	_, err = t.exec(`UPDATE stages SET state = 'expired' WHERE state = 'open' AND used_at < iif(push <> '', ?, ?)`, c.pushStaged, c.unnamedStaged)
	if err != nil {
		return 0, err
	}
	for _, table := range []string{"staged_assets", "staged_notes"} {
		n, err := t.exec(`DELETE FROM ` + table + ` WHERE stage_id IN ` + expired)
		if err != nil {
			return 0, err
		}
		removed += n
	}
	_, err = t.exec(`DELETE FROM stages WHERE state <> 'open' AND used_at < ?`, c.pushClosed)
	return removed, err
}

// purgeVersions deletes versions that were never published and are in no stage.
func (t *tx) purgeVersions(cutoffs) (int64, error) {
	return t.exec(`DELETE FROM note_versions WHERE published_at IS NULL AND id NOT IN (SELECT version_id FROM staged_notes WHERE version_id IS NOT NULL)`)
}

// purgeNotes deletes notes that were never published and are in no stage.
func (t *tx) purgeNotes(c cutoffs) (int64, error) {
	const unknownNotes = `(SELECT id FROM notes WHERE published_version_id IS NULL AND created_at < ? AND id NOT IN (SELECT note_id FROM staged_notes))`
	for _, table := range []string{"staged_assets", "note_assets"} {
		if _, err := t.exec(`DELETE FROM `+table+` WHERE note_id IN `+unknownNotes, c.unusedSince); err != nil {
			return 0, err
		}
	}
	return t.exec(`DELETE FROM notes WHERE id IN `+unknownNotes, c.unusedSince)
}

// purgeNotFoundSenders deletes the batch numbers of nodes that no longer send 404 counts.
func (t *tx) purgeNotFoundSenders(c cutoffs) (int64, error) {
	return t.exec(`DELETE FROM missing_senders WHERE at < ?`, c.unusedSince)
}

// purgeFailedJobs deletes queued jobs that were tried and have not succeeded.
func (t *tx) purgeFailedJobs(c cutoffs) (int64, error) {
	return t.exec(`DELETE FROM goqite WHERE received > 0 AND created < strftime('%Y-%m-%dT%H:%M:%fZ', ? / 1000.0, 'unixepoch') AND timeout < strftime('%Y-%m-%dT%H:%M:%fZ')`,
		c.unusedSince)
}

// purgeAssets deletes unused files and abandoned uploads. It hides a file before it deletes the
// file's parts, so that nobody finds half of it.
func (db *DB) purgeAssets(ctx context.Context, c cutoffs) (int64, error) {
	for removed := int64(0); ; removed++ {
		var id int64
		var found bool
		err := db.write(ctx, "purge files", func(t *tx) (err error) {
			found, err = t.get(`
				UPDATE assets SET hash = `+placeholder+` WHERE id = (
					SELECT id FROM assets WHERE (used_at < ? OR `+uploading+` AND used_at < ?) AND `+unreferenced+` LIMIT 1)
				RETURNING id`, []any{c.unusedSince, c.uploadAbandoned}, &id)
			if err == nil && found {
				_, err = t.exec(`DELETE FROM note_assets WHERE asset_id = ?`, id)
			}
			return err
		})
		if err != nil || !found {
			return removed, err
		}
		if err := db.dropUpload(ctx, id); err != nil {
			return removed, err
		}
	}
}
