package trip2g

// NoteEdit is one of several changes that a client makes at once.
type NoteEdit struct {
	Kind    EditKind
	Path    string
	Content string // of UpsertNote
	Find    string // of PatchNote: what the text has exactly once
	Replace string // of PatchNote

	// ExpectedHash is the ContentHash that the note had when the client read it; "" means that there was no
	// such note, nil that the client does not care.
	ExpectedHash *string
}

// EditKind says what a NoteEdit does.
type EditKind uint8

// Kinds of edits.
const (
	UpsertNote EditKind = iota // replaces the text, or creates the note
	PatchNote                  // replaces Find by Replace
	HideNote                   // takes the note from readers
)

// EditedNote is a note that edits were about.
type EditedNote struct {
	ID   int64 // 0 for one that is hidden now
	Path string
}

// HashMismatch is the cause of an ECONFLICT: a note is not what the client expected.
type HashMismatch struct {
	Path       string
	ActualHash string // "" if there is no such note
}

// Error implements error.
func (e *HashMismatch) Error() string { return e.Path + " has the hash " + e.ActualHash }

// PatchNotFound is the cause of an ECONFLICT: the text to replace is not in the note exactly once.
type PatchNotFound struct{ Path, Find string }

// Error implements error.
func (e *PatchNotFound) Error() string { return e.Path + " cannot be patched" }
