package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"trip2g/services/trip2g"
)

// MaxEdits limits the edits of one call: they block all other writes.
const MaxEdits = 1000

// EditNotes is trip2g.Publisher's.
func (s *Service) EditNotes(ctx context.Context, stage trip2g.Stage, edits []trip2g.NoteEdit) ([]trip2g.EditedNote, trip2g.Position, error) {
	if err := s.checkEdits(edits); err != nil {
		return nil, 0, err
	}
	edits = slices.Clone(edits)
	for i := range edits {
		edits[i].Path = trip2g.NormalizePath(edits[i].Path)
	}
	e, stored, position, err := s.edit(ctx, stage, edits)
	if err != nil {
		return nil, 0, err
	}
	ids := make(map[string]int64, len(stored))
	for _, n := range stored {
		ids[n.Path] = n.ID
	}
	edited := make([]trip2g.EditedNote, len(e.order))
	for i, n := range e.order {
		edited[i] = trip2g.EditedNote{ID: ids[n.path], Path: n.path}
	}
	return edited, position, s.follow(ctx, position, true)
}

// edit applies edits and stores the results, as far as the author may.
func (s *Service) edit(ctx context.Context, stage trip2g.Stage, edits []trip2g.NoteEdit) (e *editing, stored []trip2g.StagedNote, position trip2g.Position, err error) {
	paths := pathsOf(edits)
	check := s.mustCheckSettings(stage, paths...)
	leave, err := s.enter(ctx, check)
	if err != nil {
		return nil, nil, 0, err
	}
	defer leave()
	var live trip2g.NotePath
	if check {
		if live, err = s.liveSettings(ctx); err != nil {
			return nil, nil, 0, err
		}
	}
	stored, position, err = s.Vault.EditNotes(ctx, stage, paths, func(seen []trip2g.NotePath) ([]trip2g.NoteUpdate, []string, error) {
		e = newEditing(edits, seen)
		updates, hidden, err := e.make(edits, s.MaxNoteSize)
		if err != nil {
			return nil, nil, err
		}
		updates = s.read(updates)
		if err := checkFolder(stage.Grant, updates, hidden); err != nil {
			return nil, nil, err
		}
		if check {
			err = s.compareSettings(live, contentOf(updates, trip2g.SettingsPath))
		}
		return updates, hidden, err
	})
	return e, stored, position, err
}

// pathsOf returns the paths of edits, each once.
func pathsOf(edits []trip2g.NoteEdit) (paths []string) {
	seen := make(map[string]bool, len(edits))
	for _, e := range edits {
		if !seen[e.Path] {
			seen[e.Path] = true
			paths = append(paths, e.Path)
		}
	}
	return paths
}

func (s *Service) checkEdits(edits []trip2g.NoteEdit) error {
	if len(edits) > MaxEdits {
		return trip2g.Errorf(trip2g.ETOOLARGE, "nothing was written: %d changes in one call; send at most %d, or a vault with pushNotes", len(edits), MaxEdits)
	}
	var f faults
	for _, e := range edits {
		switch err := trip2g.ValidatePath(e.Path); {
		case err != nil:
			f.add(shorten(e.Path), "%s", trip2g.ErrorMessage(err))
		case !utf8.ValidString(e.Content + e.Replace):
			f.add(e.Path, "is not valid UTF-8; save it as UTF-8")
		case e.Kind == trip2g.PatchNote && e.Find == "":
			f.add(e.Path, "is to be patched without a text to find")
		}
	}
	return f.err()
}

// editing applies edits to notes in memory.
type editing struct {
	notes map[string]*editedNote
	order []*editedNote // in the order of their first edits
}

// editedNote is a note while its edits are applied.
type editedNote struct {
	path    string
	before  string // hash; "" without such a note
	content string
	exists  bool
	wrong   bool // one of its edits failed
}

func newEditing(edits []trip2g.NoteEdit, seen []trip2g.NotePath) *editing {
	e := &editing{notes: make(map[string]*editedNote)}
	for _, path := range pathsOf(edits) {
		n := &editedNote{path: path}
		e.notes[path], e.order = n, append(e.order, n)
	}
	for _, s := range seen {
		n, wanted := e.notes[s.Path]
		if !wanted {
			continue
		}
		n.before, n.content, n.exists = s.Hash, s.Content, true
	}
	return e
}

// make applies the edits and returns what to store, or an error that names every note with a failed
// edit.
func (e *editing) make(edits []trip2g.NoteEdit, maxSize int64) (updates []trip2g.NoteUpdate, hidden []string, err error) {
	var f faults
	var cause error // of the first fault
	for _, edit := range edits {
		n := e.notes[edit.Path]
		if n.wrong {
			continue
		}
		if fault, why := n.apply(edit); fault != "" {
			n.wrong = true
			f.add(n.path, "%s", fault)
			if cause == nil {
				cause = why
			}
		}
	}
	for _, n := range e.order {
		switch {
		case n.wrong:
		case !n.exists:
			hidden = append(hidden, n.path)
		case int64(len(n.content)) > maxSize:
			f.addTooLarge(n.path, "has %d bytes; the largest note that this server takes has %d (TRIP2G_MAX_NOTE_SIZE)", len(n.content), maxSize)
		default:
			updates = append(updates, trip2g.NoteUpdate{Path: n.path, Content: n.content})
		}
	}
	return updates, hidden, conflict(f.err(), cause)
}

// conflict turns faults that have a cause into an ECONFLICT.
func conflict(err error, cause error) error {
	if failure, ok := err.(*trip2g.Error); ok && cause != nil {
		failure.Code, failure.Err = trip2g.ECONFLICT, cause
	}
	return err
}

// apply applies one edit. ExpectedHash is compared with the note before the edits of this call.
func (n *editedNote) apply(edit trip2g.NoteEdit) (fault string, cause error) {
	if edit.ExpectedHash != nil && *edit.ExpectedHash != n.before {
		return n.mismatch(), &trip2g.HashMismatch{Path: n.path, ActualHash: n.before}
	}
	switch edit.Kind {
	case trip2g.UpsertNote:
		n.content, n.exists = edit.Content, true
	case trip2g.HideNote:
		n.content, n.exists = "", false
	case trip2g.PatchNote:
		first := strings.Index(n.content, edit.Find)
		switch {
		case !n.exists:
			fault = "is to be patched, but there is no such note"
		case first < 0:
			fault = "does not have the text to replace: read the note again"
		case first != strings.LastIndex(n.content, edit.Find):
			fault = "has the text to replace more than once: give more of what is around it"
		default:
			n.content = n.content[:first] + edit.Replace + n.content[first+len(edit.Find):]
			return "", nil
		}
		return fault, &trip2g.PatchNotFound{Path: n.path, Find: edit.Find}
	}
	return "", nil
}

func (n *editedNote) mismatch() string {
	if n.before == "" {
		return "has changed meanwhile: there is no such note now"
	}
	return fmt.Sprintf("has changed meanwhile: its hash is %s now", n.before)
}
