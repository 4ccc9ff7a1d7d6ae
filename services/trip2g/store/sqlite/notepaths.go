package sqlite

import (
	"context"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

const (
	// maxPatternLength is longer than any path and shorter than SQLite's own limit for LIKE, in
	// bytes.
	maxPatternLength = 8 * trip2g.MaxPathLength
	// pathsPerQuery bounds the list parameter of a query.
	pathsPerQuery = 1000
)

// stageView selects the notes visible in a stage (?1): its staged versions, and published notes
// otherwise.
const stageView = `
	WITH visible AS (
		SELECT n.id, n.path, CASE WHEN s.note_id IS NULL THEN n.published_version_id ELSE s.version_id END AS version_id
		FROM notes n LEFT JOIN staged_notes s ON s.stage_id = ?1 AND s.note_id = n.id
		WHERE s.note_id IS NOT NULL OR n.hidden = 0)
	SELECT visible.id, visible.path, v.hash, coalesce(c.content, '')
	FROM visible JOIN note_versions v ON v.id = visible.version_id
	LEFT JOIN version_contents c ON ?2 AND c.version_id = v.id `

// NotePaths implements trip2g.VaultStore. Like is SQLite's LIKE without an escape character: ASCII
// letters match in any case. Search ignores letter case and Unicode form. Invalid paths match
// nothing.
func (db *DB) NotePaths(ctx context.Context, push trip2g.Stage, filter trip2g.NotePathFilter) ([]trip2g.NotePath, error) {
	if len(filter.Like) > maxPatternLength || len(filter.Search) > maxPatternLength {
		return nil, trip2g.Errorf(trip2g.ETOOLARGE, "the filter is longer than %d bytes", maxPatternLength)
	}
	var notes []trip2g.NotePath
	err := db.read(ctx, "list notes", func(t *tx) error {
		stage, err := t.findStage(push)
		if err != nil {
			return err
		}
		switch {
		case len(filter.Paths) > 0:
			notes, err = t.notesByPath(stage, filter)
		case filter.Search != "":
			notes, err = t.notesBySearch(stage, filter)
		case strings.ContainsRune(filter.Like, 0):
			return nil // no path has NUL, at which SQLite's LIKE would stop reading
		case filter.Like != "":
			notes, err = t.queryNotes(nil, stageView+`WHERE visible.path LIKE ?3 ORDER BY visible.path`, stage.id, !filter.OmitContent, filter.Like)
		default:
			notes, err = t.queryNotes(nil, stageView+`ORDER BY visible.path`, stage.id, !filter.OmitContent)
		}
		if err != nil {
			return err
		}
		return t.addAssets(stage, notes)
	})
	if err != nil {
		return nil, err
	}
	return notes, nil
}

// queryNotes returns the notes of a query for which keep returns true; a nil keep returns all.
func (t *tx) queryNotes(keep func(*trip2g.NotePath) bool, query string, args ...any) ([]trip2g.NotePath, error) {
	var notes []trip2g.NotePath
	for rows, err := range t.each(query, args...) {
		if err != nil {
			return nil, err
		}
		var n trip2g.NotePath
		if err := rows.Scan(&n.ID, &n.Path, &n.Hash, &n.Content); err != nil {
			return nil, err
		}
		if keep == nil || keep(&n) {
			notes = append(notes, n)
		}
	}
	return notes, nil
}

func (t *tx) notesByPath(stage *stageRow, filter trip2g.NotePathFilter) ([]trip2g.NotePath, error) {
	var notes []trip2g.NotePath
	for paths := range slices.Chunk(validPaths(filter.Paths), pathsPerQuery) {
		found, err := t.queryNotes(nil, stageView+`WHERE visible.path IN (SELECT value FROM json_each(?3)) ORDER BY visible.path`,
			stage.id, !filter.OmitContent, jsonList(paths))
		if err != nil {
			return nil, err
		}
		notes = append(notes, found...)
	}
	return notes, nil
}

func (t *tx) notesBySearch(stage *stageRow, filter trip2g.NotePathFilter) ([]trip2g.NotePath, error) {
	wanted := trip2g.FoldText(filter.Search)
	return t.queryNotes(func(n *trip2g.NotePath) bool {
		if !strings.Contains(trip2g.FoldText(n.Path), wanted) && !strings.Contains(trip2g.FoldText(n.Content), wanted) {
			return false
		}
		if filter.OmitContent {
			n.Content = ""
		}
		return true
	}, stageView+`ORDER BY visible.path`, stage.id, true)
}

func (t *tx) addAssets(stage *stageRow, notes []trip2g.NotePath) error {
	for part := range slices.Chunk(notes, pathsPerQuery) {
		ids := make([]int64, len(part))
		for i, n := range part {
			ids[i] = n.ID
		}
		assets, err := t.noteAssets(stage, jsonList(ids))
		if err != nil {
			return err
		}
		for i := range part {
			part[i].Assets = assets[part[i].ID]
		}
	}
	return nil
}

// noteAssets returns the files of notes, a JSON list of ids, in the view of a stage. A stage that
// does not exist has the published files. The result includes a file of an older version if the
// staged version refers to it.
func (t *tx) noteAssets(stage *stageRow, ids string) (map[int64][]trip2g.NoteAsset, error) {
	assets := map[int64][]trip2g.NoteAsset{}
	for rows, err := range t.each(`
		WITH mapped AS (
			SELECT note_id, ref, asset_id, absolute_path FROM staged_assets
			WHERE stage_id = ?1 AND note_id IN (SELECT value FROM json_each(?2))
			UNION ALL
			SELECT note_id, ref, asset_id, absolute_path FROM note_assets
			WHERE note_id IN (SELECT value FROM json_each(?2)) AND NOT EXISTS (
				SELECT 1 FROM staged_assets s WHERE s.stage_id = ?1 AND s.note_id = note_assets.note_id AND s.ref = note_assets.ref)
			AND (referenced OR EXISTS (
				SELECT 1 FROM staged_notes s JOIN note_versions v ON v.id = s.version_id
				WHERE s.stage_id = ?1 AND s.note_id = note_assets.note_id AND `+refersTo+`)))
		SELECT m.note_id, a.id, m.ref, m.absolute_path, a.hash, a.size
		FROM mapped m JOIN assets a ON a.id = m.asset_id
		ORDER BY m.note_id, m.ref`, stage.id, ids) {
		if err != nil {
			return nil, err
		}
		var note int64
		var a trip2g.NoteAsset
		if err := rows.Scan(&note, &a.AssetID, &a.Ref, &a.AbsolutePath, &a.Hash, &a.Size); err != nil {
			return nil, err
		}
		assets[note] = append(assets[note], a)
	}
	return assets, nil
}

// validPaths returns the valid note paths, sorted and without duplicates.
func validPaths(paths []string) []string {
	valid := make([]string, 0, len(paths))
	for _, path := range paths {
		if trip2g.ValidatePath(path) == nil {
			valid = append(valid, path)
		}
	}
	slices.Sort(valid)
	return slices.Compact(valid)
}
