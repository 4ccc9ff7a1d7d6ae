package sqlite

import (
	"context"

	"trip2g/services/trip2g"
)

// HideNotes implements trip2g.VaultStore.
func (db *DB) HideNotes(ctx context.Context, push trip2g.Stage, paths []string, publish bool) (trip2g.Position, error) {
	paths = validPaths(paths)
	write := db.write
	if len(paths) == 1 {
		write = db.writeGroupedDelayed
	}
	return positionAfter(ctx, write, "hide notes", func(t *tx) error {
		stage, err := t.stageFor(push, publish)
		if err != nil {
			return err
		}
		states, err := t.noteStates(stage, paths)
		if err != nil {
			return err
		}
		for _, path := range paths {
			n, known := states[path]
			if !known {
				continue
			}
			if err := t.hideNote(stage, n, publish); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *tx) hideNote(stage *stageRow, n *noteState, publish bool) error {
	if publish {
		if err := t.hide(n); err != nil {
			return err
		}
		return t.unstage(stage, n)
	}
	switch {
	case !n.visible():
		return t.unstage(stage, n)
	case n.staged && n.stagedVersion == 0:
		return nil
	}
	return t.stage(stage, n, 0)
}

// commitStage publishes what a stage holds, and returns the notes whose text became visible. Versions are in the
// database since they were staged, so that a commit only points at them: the write lock is held for
// microseconds a note.
func (t *tx) commitStage(stage *stageRow) (shown []int64, err error) {
	staged, err := t.stagedNotes(stage)
	if err != nil {
		return nil, err
	}
	renamed, err := t.renameVariants(staged)
	if err != nil {
		return nil, err
	}
	if renamed {
		if staged, err = t.stagedNotes(stage); err != nil {
			return nil, err
		}
	}
	if err := t.publishAssets(stage, 0); err != nil {
		return nil, err
	}
	for _, n := range staged {
		if err := t.commitNote(stage, n); err != nil {
			return nil, err
		}
		if n.shown {
			shown = append(shown, n.id)
		}
	}
	for _, pair := range renames(staged) {
		if err := t.redirectRenamed(pair[0], pair[1]); err != nil {
			return nil, err
		}
	}
	return shown, nil
}

// stagedNotes lists what a stage holds.
func (t *tx) stagedNotes(stage *stageRow) ([]*noteState, error) {
	var staged []*noteState
	for rows, err := range t.each(noteStateColumns+`WHERE s.note_id IS NOT NULL ORDER BY n.id`, stage.id) {
		if err != nil {
			return nil, err
		}
		state, err := scanNoteState(rows.Scan)
		if err != nil {
			return nil, err
		}
		staged = append(staged, state)
	}
	return staged, nil
}

func (t *tx) commitNote(stage *stageRow, n *noteState) error {
	var err error
	switch {
	case n.stagedVersion == 0:
		err = t.hide(n)
	case n.stagedHash == n.publishedHash:
		// Another stage published the same text meanwhile: its version is this one's too.
		err = t.show(n, n.published, n.publishedURL)
	default:
		err = t.showStaged(n)
	}
	if err != nil {
		return err
	}
	return t.unstage(stage, n)
}

// AttachAsset implements trip2g.VaultStore. The asset is found by AssetID, or by Hash without one.
func (db *DB) AttachAsset(ctx context.Context, push trip2g.Stage, noteID int64, asset trip2g.NoteAsset, publish bool) (trip2g.Position, error) {
	if asset.Ref == "" || push.Author == "" {
		return 0, trip2g.Errorf(trip2g.EINVALID, "a file's reference in the note and its author are needed")
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
	if err := t.beginStage(stage); err != nil {
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

// attach joins a file to a note's reference for readers; the note moves if they see it and it differs.
// Whether the text has the reference is not asked: the text may come after its files.
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

// publishAssets publishes the files that a stage holds for one note, or for every note (0).
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
