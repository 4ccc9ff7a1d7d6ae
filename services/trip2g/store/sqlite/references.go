package sqlite

import (
	"context"
	"database/sql"
)

// refList encodes the file references of a version's text, NULL if they are unknown.
func refList(refs []string) sql.NullString {
	return sql.NullString{String: jsonList(refs), Valid: refs != nil}
}

// markReferenced updates which files of a note are referenced, by the version that becomes visible;
// 0 means that the note is hidden. A file that loses its note is unused from then on.
func (t *tx) markReferenced(note, version int64) error {
	var unused []int64
	for rows, err := range t.each(`
		UPDATE note_assets SET referenced = NOT referenced
		WHERE note_id = ?1 AND referenced <> coalesce((SELECT `+refersTo+` FROM note_versions v WHERE v.id = ?2), 0)
		RETURNING asset_id, referenced`, note, version) {
		if err != nil {
			return err
		}
		var asset int64
		var referenced bool
		if err := rows.Scan(&asset, &referenced); err != nil {
			return err
		}
		if !referenced {
			unused = append(unused, asset)
		}
	}
	if len(unused) == 0 {
		return nil
	}
	_, err := t.exec(`UPDATE assets SET used_at = ? WHERE id IN (SELECT value FROM json_each(?))`, t.now, jsonList(unused))
	return err
}

// FillReferences stores the file references of current versions that an older release published.
// references returns those of a text, as written.
func (db *DB) FillReferences(ctx context.Context, references func(path, content string) []string) error {
	for {
		filled := 0
		err := db.write(ctx, "store the file references of notes", func(t *tx) error {
			notes, err := t.notesWithoutReferences()
			if err != nil {
				return err
			}
			filled = len(notes)
			for _, id := range notes {
				if err := t.fillReferences(id, references); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || filled == 0 {
			return err
		}
	}
}

// notesWithoutReferences returns some notes with files whose references are unknown.
func (t *tx) notesWithoutReferences() (ids []int64, err error) {
	for rows, err := range t.each(`
		SELECT n.id FROM notes n JOIN note_versions v ON v.id = n.published_version_id
		WHERE v.refs IS NULL AND n.id IN (SELECT note_id FROM note_assets) LIMIT 100`) {
		if err != nil {
			return nil, err
		}
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (t *tx) fillReferences(note int64, references func(path, content string) []string) error {
	var version int64
	var path, content string
	var hidden bool
	_, err := t.get(`
		SELECT c.version_id, n.path, c.content, n.hidden
		FROM notes n JOIN version_contents c ON c.version_id = n.published_version_id WHERE n.id = ?`,
		[]any{note}, &version, &path, &content, &hidden)
	if err != nil {
		return err
	}
	refs := jsonList(references(path, content))
	if _, err := t.exec(`UPDATE note_versions SET refs = ? WHERE id = ?`, refs, version); err != nil || hidden {
		return err
	}
	return t.markReferenced(note, version)
}
