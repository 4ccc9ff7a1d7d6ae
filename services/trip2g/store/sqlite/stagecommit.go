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

// commitStage publishes the content of a stage and returns the notes whose text became visible. The
// staged versions are already in the database and a commit only points at them, so it holds the
// write lock for microseconds a note.
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

// stagedNotes lists the notes in a stage.
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
		// Another stage has published the same text. Its version is used.
		err = t.show(n, n.published, n.publishedURL)
	default:
		err = t.showStaged(n)
	}
	if err != nil {
		return err
	}
	return t.unstage(stage, n)
}
