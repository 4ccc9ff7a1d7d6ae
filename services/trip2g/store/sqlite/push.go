package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"unicode/utf8"

	"trip2g/services/trip2g"
)

// noteState is the state of a note from the view of one stage.
type noteState struct {
	path          string
	id            int64
	hidden        bool
	published     int64 // version; 0: never published
	publishedHash string
	publishedURL  string // URL of the version; "" if it is not a page or is from before URLs were stored
	staged        bool
	stagedVersion int64 // 0 with staged: the stage would hide the note
	stagedHash    string
	stagedURL     string
	shown         bool // this transaction made a version of it visible
}

func (n *noteState) visible() bool { return n.published != 0 && !n.hidden }

// visibleInStage reports whether the note exists in the stage it was looked up in.
func (n *noteState) visibleInStage() bool {
	if n.staged {
		return n.stagedVersion != 0
	}
	return n.visible()
}

const noteStateColumns = `
	SELECT n.path, n.id, n.hidden, coalesce(p.id, 0), coalesce(p.hash, ''), coalesce(p.url, ''),
	       s.note_id IS NOT NULL, coalesce(s.version_id, 0), coalesce(v.hash, ''), coalesce(v.url, '')
	FROM notes n
	LEFT JOIN note_versions p ON p.id = n.published_version_id
	LEFT JOIN staged_notes s ON s.stage_id = ?1 AND s.note_id = n.id
	LEFT JOIN note_versions v ON v.id = s.version_id `

func scanNoteState(scan scanner) (*noteState, error) {
	n := &noteState{}
	err := scan(&n.path, &n.id, &n.hidden, &n.published, &n.publishedHash, &n.publishedURL, &n.staged, &n.stagedVersion, &n.stagedHash, &n.stagedURL)
	return n, err
}

// noteStates returns the states of notes by path. Unknown paths are missing from the result.
func (t *tx) noteStates(stage *stageRow, paths []string) (map[string]*noteState, error) {
	states := make(map[string]*noteState, len(paths))
	for part := range slices.Chunk(paths, pathsPerQuery) {
		for rows, err := range t.each(noteStateColumns+`WHERE n.path IN (SELECT value FROM json_each(?2))`, stage.id, jsonList(part)) {
			if err != nil {
				return nil, err
			}
			state, err := scanNoteState(rows.Scan)
			if err != nil {
				return nil, err
			}
			states[state.path] = state
		}
	}
	return states, nil
}

// PushNotes implements trip2g.VaultStore. It validates paths and text again, because only valid
// UTF-8 may reach the database. A note that is published at once is published with the files that
// the stage holds for it; the stage's version of the note is dropped.
func (db *DB) PushNotes(ctx context.Context, push trip2g.Stage, updates []trip2g.NoteUpdate, publish bool) ([]trip2g.StagedNote, trip2g.Position, error) {
	paths, err := checkUpdates(push, updates)
	if err != nil {
		return nil, 0, err
	}
	write := db.write
	if isSmall(updates) {
		write = db.writeGroupedDelayed
	}
	var notes []trip2g.StagedNote
	position, err := positionAfter(ctx, write, "push notes", func(t *tx) error {
		stage, err := t.stageFor(push, publish)
		if err != nil {
			return err
		}
		states, err := t.noteStates(stage, paths)
		if err != nil {
			return err
		}
		if publish {
			if err := t.reviveVariants(stage, paths, states); err != nil {
				return err
			}
		}
		notes, err = t.pushNotes(stage, states, updates, publish)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return notes, position, nil
}

// pushNotes stores updates. states has the notes that exist, by path.
func (t *tx) pushNotes(stage *stageRow, states map[string]*noteState, updates []trip2g.NoteUpdate, publish bool) ([]trip2g.StagedNote, error) {
	notes, ids := make([]trip2g.StagedNote, len(updates)), make([]int64, len(updates))
	for i, update := range updates {
		n, err := t.pushNote(stage, states[update.Path], update, publish)
		if err != nil {
			return nil, err
		}
		ids[i] = n.id
		notes[i] = trip2g.StagedNote{ID: n.id, Path: update.Path, Shown: n.shown}
	}
	assets, err := t.noteAssets(stage, jsonList(ids))
	if err != nil {
		return nil, err
	}
	for i, id := range ids {
		notes[i].Assets = assets[id]
	}
	return notes, nil
}

// isSmall reports whether a push can share a transaction with others: what an editor sends when it
// saves a note.
func isSmall(updates []trip2g.NoteUpdate) bool {
	return len(updates) == 1 && len(updates[0].Content) <= chunkSize
}

func checkUpdates(push trip2g.Stage, updates []trip2g.NoteUpdate) ([]string, error) {
	if push.Author == "" {
		return nil, trip2g.Errorf(trip2g.EINVALID, "the push has no author")
	}
	invalid := trip2g.Errorf(trip2g.EINVALID, "the push has notes that cannot be stored")
	tooLarge := false
	paths := make([]string, 0, len(updates))
	seen := make(map[string]bool, len(updates))
	for _, update := range updates {
		problem := ""
		switch err := trip2g.ValidatePath(update.Path); {
		case err != nil:
			problem = trip2g.ErrorMessage(err)
		case seen[update.Path]:
			problem = "is given twice in one push"
		case len(update.Content) > trip2g.MaxNoteSize:
			problem, tooLarge = fmt.Sprintf("has %d bytes, more than the limit of %d", len(update.Content), trip2g.MaxNoteSize), true
		case !utf8.ValidString(update.Content):
			problem = "is not valid UTF-8"
		}
		if problem != "" {
			invalid.Fields = append(invalid.Fields, trip2g.FieldError{Name: update.Path, Value: problem})
		}
		seen[update.Path] = true
		paths = append(paths, update.Path)
	}
	if tooLarge {
		invalid.Code = trip2g.ETOOLARGE
	}
	if invalid.Fields != nil {
		return nil, invalid
	}
	return paths, nil
}

// pushNote stores an update and returns the note. It creates the note if n is nil.
func (t *tx) pushNote(stage *stageRow, n *noteState, update trip2g.NoteUpdate, publish bool) (*noteState, error) {
	if n == nil {
		id, err := t.insert(`INSERT INTO notes (path, created_at) VALUES (?, ?)`, update.Path, t.now)
		if err != nil {
			return nil, err
		}
		n = &noteState{id: id}
	}
	if publish {
		return n, t.publishContent(stage, n, update)
	}
	return n, t.stageContent(stage, n, update)
}

// stageContent stages a text, if that is a change.
func (t *tx) stageContent(stage *stageRow, n *noteState, update trip2g.NoteUpdate) error {
	hash := trip2g.ContentHash(update.Content)
	switch {
	case n.visible() && n.publishedHash == hash:
		return t.unstage(stage, n)
	case n.staged && n.stagedVersion != 0 && n.stagedHash == hash:
		return nil
	case n.published != 0 && n.publishedHash == hash:
		return t.stage(stage, n, n.published)
	}
	version, err := t.addVersion(stage, n.id, hash, update, sql.NullInt64{})
	if err != nil {
		return err
	}
	return t.stage(stage, n, version)
}

// publishContent publishes a text, if that is a change.
func (t *tx) publishContent(stage *stageRow, n *noteState, update trip2g.NoteUpdate) error {
	if err := t.publishAssets(stage, n.id); err != nil {
		return err
	}
	hash := trip2g.ContentHash(update.Content)
	var err error
	switch {
	case n.publishedHash == hash && n.published != 0:
		err = t.show(n, n.published, n.publishedURL)
	case n.stagedHash == hash && n.stagedVersion != 0:
		err = t.showStaged(n)
	default:
		var version int64
		if version, err = t.addVersion(stage, n.id, hash, update, sql.NullInt64{Int64: t.now, Valid: true}); err == nil {
			err = t.show(n, version, update.URL)
		}
	}
	if err != nil {
		return err
	}
	return t.unstage(stage, n)
}

// addVersion stores a version. A version that is published at once is inserted with publishedAt: a
// later update would change the index of unpublished versions, and so send replicas one page more.
func (t *tx) addVersion(stage *stageRow, note int64, hash string, update trip2g.NoteUpdate, publishedAt sql.NullInt64) (int64, error) {
	version, err := t.insert(`INSERT INTO note_versions (note_id, hash, size, created_at, created_by, published_at, url, refs) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		note, hash, len(update.Content), t.now, stage.push.Author, publishedAt, sql.NullString{String: update.URL, Valid: update.URL != ""}, refList(update.Refs))
	if err != nil {
		return 0, err
	}
	_, err = t.exec(`INSERT INTO version_contents (version_id, content) VALUES (?, ?)`, version, update.Content)
	return version, err
}

// show publishes a version of the history with its URL. It records a change only if readers see a
// difference. The note's previous URL redirects to it.
func (t *tx) show(n *noteState, version int64, url string) error {
	if n.visible() && n.published == version {
		return nil
	}
	if _, err := t.exec(`UPDATE notes SET published_version_id = ?, published_at = ?, hidden = 0 WHERE id = ?`, version, t.now, n.id); err != nil {
		return err
	}
	if err := t.markReferenced(n.id, version); err != nil {
		return err
	}
	if n.visible() && n.publishedURL != "" && url != "" && n.publishedURL != url {
		if err := t.addRedirect(n.publishedURL, n.id); err != nil {
			return err
		}
	}
	n.shown = true
	return t.recordChange(noteChange, n.id)
}

// showStaged publishes the staged version and adds it to the history.
func (t *tx) showStaged(n *noteState) error {
	if _, err := t.exec(`UPDATE note_versions SET published_at = ? WHERE id = ? AND published_at IS NULL`, t.now, n.stagedVersion); err != nil {
		return err
	}
	return t.show(n, n.stagedVersion, n.stagedURL)
}

// hide unpublishes a note and keeps its history.
func (t *tx) hide(n *noteState) error {
	if !n.visible() {
		return nil
	}
	if _, err := t.exec(`UPDATE notes SET hidden = 1 WHERE id = ?`, n.id); err != nil {
		return err
	}
	if err := t.markReferenced(n.id, 0); err != nil {
		return err
	}
	return t.recordChange(noteChange, n.id)
}

// stage stores what a commit does to a note: publish a version, or hide the note if version is 0.
func (t *tx) stage(stage *stageRow, n *noteState, version int64) error {
	if err := t.createStage(stage); err != nil {
		return err
	}
	_, err := t.exec(`INSERT OR REPLACE INTO staged_notes (stage_id, note_id, version_id) VALUES (?, ?, ?)`,
		stage.id, n.id, sql.NullInt64{Int64: version, Valid: version != 0})
	if err != nil {
		return err
	}
	return t.dropUnpublished(n)
}

// unstage removes a note from the stage.
func (t *tx) unstage(stage *stageRow, n *noteState) error {
	if !n.staged {
		return nil
	}
	if _, err := t.exec(`DELETE FROM staged_notes WHERE stage_id = ? AND note_id = ?`, stage.id, n.id); err != nil {
		return err
	}
	return t.dropUnpublished(n)
}

// dropUnpublished deletes the version that was staged before, unless it has become part of the
// history.
func (t *tx) dropUnpublished(n *noteState) error {
	if n.stagedVersion == 0 {
		return nil
	}
	_, err := t.exec(`DELETE FROM note_versions WHERE id = ? AND published_at IS NULL`, n.stagedVersion)
	return err
}
