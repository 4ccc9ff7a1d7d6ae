package sqlite

import (
	"context"
	"slices"

	"trip2g/services/trip2g"
)

// EditNotes implements trip2g.VaultStore.
func (db *DB) EditNotes(ctx context.Context, push trip2g.Stage, paths []string, edit func([]trip2g.NotePath) ([]trip2g.NoteUpdate, []string, error)) ([]trip2g.StagedNote, trip2g.Position, error) {
	var notes []trip2g.StagedNote
	position, err := db.writeAt(ctx, "edit notes", func(t *tx) error {
		stage, err := t.stageFor(push, true)
		if err != nil {
			return err
		}
		seen, err := t.notesByPath(stage, trip2g.NotePathFilter{Paths: paths})
		if err != nil {
			return err
		}
		updates, hidden, err := edit(seen)
		if err != nil {
			return err
		}
		pushed, err := checkUpdates(push, updates)
		if err != nil {
			return err
		}
		states, err := t.noteStates(stage, slices.Concat(pushed, hidden))
		if err != nil {
			return err
		}
		for _, path := range hidden {
			if n, known := states[path]; known {
				if err := t.hideNote(stage, n, true); err != nil {
					return err
				}
			}
		}
		if err := t.reviveVariants(stage, pushed, states); err != nil {
			return err
		}
		notes, err = t.pushNotes(stage, states, updates, true)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return notes, position, nil
}
