package sqlite

import (
	"context"
	"database/sql"

	"trip2g/services/trip2g"
)

var _ trip2g.AccessStore = (*DB)(nil)

// accessSetting is the key of the access default in the table settings. There is no row before it
// is set.
const accessSetting = "access"

// accessMigration is the schema that introduced the access default.
const accessMigration = 5

// SetSiteAccess implements trip2g.AccessStore.
func (db *DB) SetSiteAccess(ctx context.Context, access trip2g.SiteAccess, ifAt trip2g.Position) (trip2g.Position, error) {
	return db.writeAt(ctx, "set who may read the site", func(t *tx) error {
		moved, err := t.get(`SELECT 1 FROM changes WHERE seq > ? AND kind = ? LIMIT 1`, []any{int64(ifAt), string(noteChange)}, new(int))
		if err != nil {
			return err
		}
		if moved {
			return trip2g.Errorf(trip2g.ECONFLICT, "notes have been published meanwhile: review again what would become public")
		}
		held := ""
		if _, err := t.get(`SELECT value FROM settings WHERE key = ?`, []any{accessSetting}, &held); err != nil || held == access.String() {
			return err
		}
		if _, err := t.exec(`INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)`, accessSetting, access.String()); err != nil {
			return err
		}
		return t.recordChange(accessChange, 0)
	})
}

// StagedNotes implements trip2g.AccessStore.
func (db *DB) StagedNotes(ctx context.Context, push trip2g.Stage, after int64, limit int) ([]trip2g.StagedChange, error) {
	var list []trip2g.StagedChange
	err := db.read(ctx, "read staged notes", func(t *tx) error {
		stage, err := t.findStage(push)
		if err != nil {
			return err
		}
		for rows, err := range t.each(`
			SELECT s.note_id, n.path, live.content, staged.content
			FROM staged_notes s JOIN notes n ON n.id = s.note_id
			LEFT JOIN version_contents live ON live.version_id = n.published_version_id AND n.hidden = 0
			LEFT JOIN version_contents staged ON staged.version_id = s.version_id
			WHERE s.stage_id = ? AND s.note_id > ? ORDER BY s.note_id LIMIT ?`, stage.id, after, limit) {
			if err != nil {
				return err
			}
			var c trip2g.StagedChange
			var live, staged sql.NullString
			if err := rows.Scan(&c.ID, &c.Path, &live, &staged); err != nil {
				return err
			}
			c.Live, c.After = optionalText(live), optionalText(staged)
			list = append(list, c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// optionalText returns nil for NULL.
func optionalText(text sql.NullString) *string {
	if !text.Valid {
		return nil
	}
	return &text.String
}

// reportKeptAccess reports that a migrated site keeps its public notes public.
func (db *DB) reportKeptAccess(ctx context.Context, from int64, tell func(string)) error {
	if from == 0 || from >= accessMigration || tell == nil {
		return nil
	}
	return db.read(ctx, "read who may read the site", func(t *tx) error {
		held := ""
		_, err := t.get(`SELECT value FROM settings WHERE key = ?`, []any{accessSetting}, &held)
		if held == trip2g.AccessEveryone.String() {
			tell("notes that do not say who may read them stay public; on a new site they would be for members only: " +
				"see the Settings page, or the key access in " + trip2g.SettingsPath)
		}
		return err
	})
}
