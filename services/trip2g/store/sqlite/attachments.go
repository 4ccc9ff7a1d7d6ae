package sqlite

import (
	"context"

	"trip2g/services/trip2g"
)

// AttachAsset implements trip2g.VaultStore. It finds the file by AssetID, or by Hash if AssetID is
// 0.
func (db *DB) AttachAsset(ctx context.Context, push trip2g.Stage, noteID int64, asset trip2g.NoteAsset, publish bool) (trip2g.Position, error) {
	if asset.Ref == "" || push.Author == "" {
		return 0, trip2g.Errorf(trip2g.EINVALID, "a file's reference in the note and its author are required")
	}
	return positionAfter(ctx, db.writeGrouped, "attach a file", func(t *tx) error {
		stage, err := t.stageFor(push, publish)
		if err != nil {
			return err
		}
		found, err := t.get(`
			SELECT id FROM assets WHERE ((?1 <> 0 AND id = ?1) OR (?1 = 0 AND hash = ?2)) AND NOT `+uploading,
			[]any{asset.AssetID, asset.Hash}, &asset.AssetID)
		if err != nil {
			return err
		}
		if !found {
			return trip2g.Errorf(trip2g.ENOTFOUND, "there is no such file: upload it first")
		}
		if err := t.checkAttachable(stage, noteID, push.Grant); err != nil {
			return err
		}
		if publish {
			return t.attachNow(stage, noteID, asset)
		}
		return t.attachStaged(stage, noteID, asset)
	})
}

func (t *tx) checkAttachable(stage *stageRow, noteID int64, grant trip2g.Grant) error {
	var n *noteState
	found, err := t.find(noteStateColumns+`WHERE n.id = ?2`, []any{stage.id, noteID}, func(scan scanner) (err error) {
		n, err = scanNoteState(scan)
		return err
	})
	if err != nil {
		return err
	}
	if !found || !n.visibleInStage() {
		return trip2g.Errorf(trip2g.ENOTFOUND, "there is no note with id %d: push it first", noteID)
	}
	if !grant.Includes(n.path) {
		return trip2g.Errorf(trip2g.EFORBIDDEN, "nothing was written: %s is outside of %s/, the folder of the API key", n.path, grant.Folder)
	}
	return nil
}

func (t *tx) attachNow(stage *stageRow, noteID int64, asset trip2g.NoteAsset) error {
	if err := t.dropStagedAsset(stage, noteID, asset.Ref); err != nil {
		return err
	}
	return t.attach(noteID, asset.Ref, asset.AssetID, asset.AbsolutePath)
}

func (t *tx) attachStaged(stage *stageRow, noteID int64, asset trip2g.NoteAsset) error {
	wanted := []any{noteID, asset.Ref, asset.AssetID, asset.AbsolutePath}
	published, err := t.get(`SELECT 1 FROM note_assets WHERE note_id = ? AND ref = ? AND asset_id = ? AND absolute_path = ? AND referenced`, wanted, new(int))
	if err != nil {
		return err
	}
	if published {
		return t.dropStagedAsset(stage, noteID, asset.Ref)
	}
	staged, err := t.get(`SELECT 1 FROM staged_assets WHERE note_id = ? AND ref = ? AND asset_id = ? AND absolute_path = ? AND stage_id = ?`,
		append(wanted, stage.id), new(int))
	if err != nil {
		return err
	}
	if staged {
		return nil
	}
	if err := t.dropStagedAsset(stage, noteID, asset.Ref); err != nil {
		return err
	}
	if err := t.createStage(stage); err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO staged_assets (stage_id, note_id, ref, asset_id, absolute_path) VALUES (?, ?, ?, ?, ?)`,
		stage.id, noteID, asset.Ref, asset.AssetID, asset.AbsolutePath)
	return err
}

func (t *tx) dropStagedAsset(stage *stageRow, noteID int64, ref string) error {
	const which = `FROM staged_assets WHERE stage_id = ? AND note_id = ? AND ref = ?`
	_, err := t.exec(`UPDATE assets SET used_at = ? WHERE id = (SELECT asset_id `+which+`)`, t.now, stage.id, noteID, ref)
	if err != nil {
		return err
	}
	_, err = t.exec(`DELETE `+which, stage.id, noteID, ref)
	return err
}

// attach publishes a file for a reference in a note. It records a change if the note is published
// and its file differs. It does not check that the text has the reference, because the text can
// arrive after its files.
func (t *tx) attach(noteID int64, ref string, assetID int64, absolutePath string) error {
	var oldID int64
	var oldPath string
	var referenced bool
	had, err := t.get(`SELECT asset_id, absolute_path, referenced FROM note_assets WHERE note_id = ? AND ref = ?`,
		[]any{noteID, ref}, &oldID, &oldPath, &referenced)
	if err != nil || (had && referenced && oldID == assetID && oldPath == absolutePath) {
		return err
	}
	if had {
		if _, err := t.exec(`UPDATE assets SET used_at = ? WHERE id = ?`, t.now, oldID); err != nil {
			return err
		}
	}
	_, err = t.exec(`
		INSERT OR REPLACE INTO note_assets (note_id, ref, asset_id, absolute_path, referenced)
		SELECT id, ?, ?, ?, hidden = 0 AND published_version_id IS NOT NULL FROM notes WHERE id = ?`, ref, assetID, absolutePath, noteID)
	if err != nil {
		return err
	}
	_, err = t.exec(`
		INSERT OR REPLACE INTO changes (kind, ref, at)
		SELECT ?, id, ? FROM notes WHERE id = ? AND hidden = 0 AND published_version_id IS NOT NULL`, string(noteChange), t.now, noteID)
	return err
}

// publishAssets publishes the staged files of one note, or of all notes if noteID is 0.
func (t *tx) publishAssets(stage *stageRow, noteID int64) error {
	type attachment struct {
		note, asset       int64
		ref, absolutePath string
	}
	var staged []attachment
	for rows, err := range t.each(`
		SELECT note_id, asset_id, ref, absolute_path FROM staged_assets
		WHERE stage_id = ?1 AND (?2 = 0 OR note_id = ?2) ORDER BY note_id, ref`, stage.id, noteID) {
		if err != nil {
			return err
		}
		var a attachment
		if err := rows.Scan(&a.note, &a.asset, &a.ref, &a.absolutePath); err != nil {
			return err
		}
		staged = append(staged, a)
	}
	if len(staged) == 0 {
		return nil
	}
	for _, a := range staged {
		if err := t.attach(a.note, a.ref, a.asset, a.absolutePath); err != nil {
			return err
		}
	}
	_, err := t.exec(`DELETE FROM staged_assets WHERE stage_id = ?1 AND (?2 = 0 OR note_id = ?2)`, stage.id, noteID)
	return err
}
