package sqlite

import (
	"context"
	"slices"

	"trip2g/services/trip2g"
)

// Two paths are variants of each other if they differ only in letter case or in Unicode form: some file
// systems cannot keep them apart, so a note that goes as one and comes as the other is one note.

// variants are the notes that go, and those that come, under variants of one path.
type variants struct{ goes, comes []*noteState }

// renameVariants finds the notes of a commit that go under one name and come under a variant of it, and makes
// each pair one note, with the new path and the history of both.
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
			v.goes = append(v.goes, n)
		case n.stagedVersion != 0 && !n.visible():
			v.comes = append(v.comes, n)
			fresh = fresh || n.published == 0
		}
	}
	if fresh {
		if err := t.addHiddenVariants(byFold); err != nil {
			return false, err
		}
	}
	for _, v := range byFold {
		if len(v.goes) != 1 || len(v.comes) != 1 { // it is not clear which became which
			continue
		}
		if err := t.mergeNotes(v.comes[0].id, v.goes[0].id, v.comes[0].path); err != nil {
			return false, err
		}
		renamed = true
	}
	return renamed, nil
}

// addHiddenVariants adds the notes that went before this commit, where one comes that is new.
func (t *tx) addHiddenVariants(byFold map[string]*variants) error {
	hidden, err := t.hiddenNotes(&stageRow{})
	if err != nil {
		return err
	}
	for _, n := range hidden {
		v := byFold[trip2g.FoldPath(n.path)]
		if v != nil && len(v.goes) == 0 && len(v.comes) == 1 && v.comes[0].published == 0 {
			v.goes = append(v.goes, n)
		}
	}
	return nil
}

// reviveVariants adds to states, for paths that no note has, the one hidden note whose path is a variant, now
// with the new path: a client may publish that a note goes before it publishes where it comes.
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

// hiddenNotes lists the notes that readers see no more, as a stage finds them. There are few of them.
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

// mergeNotes gives one note all that another has, and a path: its versions, what stages hold for it, its files
// and the redirects that lead to it. What readers see of the first stays.
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

// normalizedSetting is set once all paths are as trip2g.NormalizePath gives them.
const normalizedSetting = "normalized_paths"

// NormalizePaths brings the paths that an older release stored to the form of trip2g.NormalizePath, once. Of two
// notes whose paths are then the same, the one that was published last is what readers see, and the other one's
// versions become part of its history. It returns the paths of these.
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

// normalizeNotes renames and merges notes whose paths are in another form.
func (t *tx) normalizeNotes() (merged []string, err error) {
	type note struct {
		id   int64
		path string
	}
	byPath := make(map[string][]note) // by normalized path, what readers see and what is newest last
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

// normalizeFiles renames the files of a table whose paths are in another form.
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
