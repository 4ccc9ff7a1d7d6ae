package sqlite

import (
	"context"
	"slices"

	"trip2g/services/trip2g"
)

// Two paths are variants of each other if they differ only in letter case or Unicode form. Some
// file systems treat them as equal, so a note that is removed under one and added under the other
// is one note.

// variants are the removed and the added notes whose paths are variants of each other.
type variants struct{ removed, added []*noteState }

// renameVariants merges the notes of a commit that are removed under one path and added under a
// variant of it. The merged note has the new path and both histories.
func (t *tx) renameVariants(staged []*noteState) (renamed bool, err error) {
	byFold := make(map[string]*variants)
	var fresh bool
	for _, n := range staged {
		key := trip2g.FoldPath(n.path)
		if byFold[key] == nil {
			byFold[key] = &variants{}
		}
		switch v := byFold[key]; {
		case n.stagedVersion == 0 && n.visible():
			v.removed = append(v.removed, n)
		case n.stagedVersion != 0 && !n.visible():
			v.added = append(v.added, n)
			fresh = fresh || n.published == 0
		}
	}
	if fresh {
		if err := t.addHiddenVariants(byFold); err != nil {
			return false, err
		}
	}
	for _, v := range byFold {
		if len(v.removed) != 1 || len(v.added) != 1 { // ambiguous
			continue
		}
		if err := t.mergeNotes(v.added[0].id, v.removed[0].id, v.added[0].path); err != nil {
			return false, err
		}
		renamed = true
	}
	return renamed, nil
}

// addHiddenVariants adds notes that were hidden before this commit as the removed notes of new
// ones.
func (t *tx) addHiddenVariants(byFold map[string]*variants) error {
	hidden, err := t.hiddenNotes(&stageRow{})
	if err != nil {
		return err
	}
	for _, n := range hidden {
		v := byFold[trip2g.FoldPath(n.path)]
		if v != nil && len(v.removed) == 0 && len(v.added) == 1 && v.added[0].published == 0 {
			v.removed = append(v.removed, n)
		}
	}
	return nil
}

// reviveVariants renames hidden notes to new paths that are variants of theirs, and adds them to
// states. A client can publish the removal of a note before the note under its new path.
func (t *tx) reviveVariants(stage *stageRow, paths []string, states map[string]*noteState) error {
	fresh := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return states[path] != nil })
	if len(fresh) == 0 {
		return nil
	}
	hidden, err := t.hiddenNotes(stage)
	if err != nil {
		return err
	}
	byFold := make(map[string][]*noteState)
	for _, n := range hidden {
		key := trip2g.FoldPath(n.path)
		byFold[key] = append(byFold[key], n)
	}
	for _, path := range fresh {
		key := trip2g.FoldPath(path)
		if len(byFold[key]) != 1 {
			continue
		}
		n := byFold[key][0]
		delete(byFold, key)
		n.path, states[path] = path, n
		if _, err := t.exec(`UPDATE notes SET path = ? WHERE id = ?`, path, n.id); err != nil {
			return err
		}
	}
	return nil
}

// hiddenNotes lists the hidden notes in the view of a stage. There are few of them.
func (t *tx) hiddenNotes(stage *stageRow) (hidden []*noteState, err error) {
	for rows, err := range t.each(noteStateColumns+`WHERE n.hidden = 1 AND n.published_version_id IS NOT NULL ORDER BY n.id`, stage.id) {
		if err != nil {
			return nil, err
		}
		n, err := scanNoteState(rows.Scan)
		if err != nil {
			return nil, err
		}
		hidden = append(hidden, n)
	}
	return hidden, nil
}

// mergeNotes moves the versions, staged changes, files and redirects of one note into another,
// deletes the first and sets the path of the second, whose published version stays.
func (t *tx) mergeNotes(from, into int64, path string) error {
	for _, change := range []struct {
		query string
		args  []any
	}{
		{`UPDATE note_versions SET note_id = ? WHERE note_id = ?`, []any{into, from}},
		{`UPDATE OR REPLACE staged_notes SET note_id = ? WHERE note_id = ?`, []any{into, from}},
		{`UPDATE OR REPLACE staged_assets SET note_id = ? WHERE note_id = ?`, []any{into, from}},
		{`INSERT OR IGNORE INTO note_assets (note_id, ref, asset_id, absolute_path, referenced)
			SELECT ?, ref, asset_id, absolute_path, 0 FROM note_assets WHERE note_id = ?`, []any{into, from}},
		{`UPDATE assets SET used_at = ? WHERE id IN (SELECT asset_id FROM note_assets WHERE note_id = ? AND referenced)`, []any{t.now, from}},
		{`DELETE FROM note_assets WHERE note_id = ?`, []any{from}},
		{`INSERT OR REPLACE INTO changes (kind, ref, at) SELECT 'redirect', id, ? FROM redirects WHERE note_id = ?`, []any{t.now, from}},
		{`UPDATE redirects SET note_id = ? WHERE note_id = ?`, []any{into, from}},
		{`INSERT OR REPLACE INTO changes (kind, ref, at)
			SELECT 'note', id, ? FROM notes WHERE id = ? AND hidden = 0 AND published_version_id IS NOT NULL`, []any{t.now, from}},
		{`DELETE FROM notes WHERE id = ?`, []any{from}},
	} {
		if _, err := t.exec(change.query, change.args...); err != nil {
			return err
		}
	}
	if _, err := t.exec(`UPDATE notes SET path = ? WHERE id = ?`, path, into); err != nil {
		return err
	}
	return t.recordChange(noteChange, into)
}

// normalizedSetting is the key in the table settings that is set once all paths are normalized.
const normalizedSetting = "normalized_paths"

// NormalizePaths applies trip2g.NormalizePath once to the paths that an older release stored. It
// merges notes whose paths become equal: readers see the one that was published last, with both
// histories. It returns the paths of the merged notes.
func (db *DB) NormalizePaths(ctx context.Context) (merged []string, err error) {
	err = db.write(ctx, "normalize paths", func(t *tx) error {
		merged = nil
		done, err := t.get(`SELECT 1 FROM settings WHERE key = ?`, []any{normalizedSetting}, new(int))
		if err != nil || done {
			return err
		}
		if merged, err = t.normalizeNotes(); err != nil {
			return err
		}
		for _, table := range []string{"note_assets", "staged_assets"} {
			if err := t.normalizeFiles(table); err != nil {
				return err
			}
		}
		_, err = t.exec(`INSERT INTO settings (key, value) VALUES (?, 'NFC')`, normalizedSetting)
		return err
	})
	return merged, err
}

// normalizeNotes renames and merges notes whose paths are not normalized.
func (t *tx) normalizeNotes() (merged []string, err error) {
	type note struct {
		id   int64
		path string
	}
	byPath := make(map[string][]note) // by normalized path; visible notes and the newest come last
	for rows, err := range t.each(`SELECT id, path FROM notes ORDER BY published_version_id IS NOT NULL, hidden = 0, published_at, id`) {
		if err != nil {
			return nil, err
		}
		var n note
		if err := rows.Scan(&n.id, &n.path); err != nil {
			return nil, err
		}
		path := trip2g.NormalizePath(n.path)
		byPath[path] = append(byPath[path], n)
	}
	for path, notes := range byPath {
		last := notes[len(notes)-1]
		for _, n := range notes[:len(notes)-1] {
			if err := t.mergeNotes(n.id, last.id, path); err != nil {
				return nil, err
			}
			merged = append(merged, path)
		}
		if len(notes) > 1 || last.path == path {
			continue
		}
		if _, err := t.exec(`UPDATE notes SET path = ? WHERE id = ?`, path, last.id); err != nil {
			return nil, err
		}
		if err := t.recordChange(noteChange, last.id); err != nil {
			return nil, err
		}
	}
	slices.Sort(merged)
	return merged, nil
}

// normalizeFiles normalizes the paths of files in a table.
func (t *tx) normalizeFiles(table string) error {
	paths := make(map[string]string)
	for rows, err := range t.each(`SELECT DISTINCT absolute_path FROM ` + table) {
		if err != nil {
			return err
		}
		var path string
		if err := rows.Scan(&path); err != nil {
			return err
		}
		if normal := trip2g.NormalizePath(path); normal != path {
			paths[path] = normal
		}
	}
	for path, normal := range paths {
		if _, err := t.exec(`UPDATE `+table+` SET absolute_path = ? WHERE absolute_path = ?`, normal, path); err != nil {
			return err
		}
	}
	return nil
}
