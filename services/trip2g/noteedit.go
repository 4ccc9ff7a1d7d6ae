package trip2g

// NoteEdit is one change of a call that makes several.
type NoteEdit struct {
	Kind    EditKind
	Path    string
	Content string // of UpsertNote
	Find    string // of PatchNote: a text that occurs exactly once
	Replace string // of PatchNote

	// ExpectedHash is the ContentHash of the note that the client read. "" means that the note did
	// not exist, nil skips the check.
	ExpectedHash *string
}

// EditKind is the effect of a NoteEdit.
type EditKind uint8

// Kinds of edits.
const (
	UpsertNote EditKind = iota // replaces the text, or creates the note
	PatchNote                  // replaces Find by Replace
	HideNote                   // unpublishes the note
)

// EditedNote is the result of the edits of a note.
type EditedNote struct {
	ID   int64 // 0 if the note is hidden now
	Path string
}

// HashMismatch is the cause of an ECONFLICT: a note differs from the version that the client
// expected.
type HashMismatch struct {
	Path       string
	ActualHash string // "" without such a note
}

func (e *HashMismatch) Error() string { return e.Path + " has the hash " + e.ActualHash }

// PatchNotFound is the cause of an ECONFLICT: the text to replace does not occur exactly once.
type PatchNotFound struct{ Path, Find string }

func (e *PatchNotFound) Error() string { return e.Path + " cannot be patched" }
