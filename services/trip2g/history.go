package trip2g

import "context"

// HistoryService lists all notes and their versions, and restores versions.
type HistoryService interface {
	// ListNotes returns the notes that match a filter, by path, and their number without Offset and Limit.
	// EINVALID for an invalid filter.
	ListNotes(ctx context.Context, filter NoteFilter) (notes []ListedNote, total int, err error)
	// FindNote returns the note with a path; ENOTFOUND without one.
	FindNote(ctx context.Context, path string) (ListedNote, error)
	// Versions lists a note's published versions, the newest first: those before the version with an ID
	// (0: from the newest on), at most limit. EINVALID for a limit past MaxListed.
	Versions(ctx context.Context, noteID, before int64, limit int) ([]NoteVersion, error)
	// Version returns a published version with its text; ENOTFOUND without one.
	Version(ctx context.Context, id int64) (NoteVersion, error)
	// LatestVersion finds the newest of all published versions, without its text; ENOTFOUND without one.
	LatestVersion(ctx context.Context) (NoteVersion, error)
	// Stats returns the size of the database's contents.
	Stats(ctx context.Context) (ArchiveStats, error)
	// Compare returns the difference of two versions of a note by line. ETOOLARGE for very long texts.
	Compare(ctx context.Context, from, to int64) (Difference, error)
	// Restore publishes a version's text again, as the newest version of its note.
	Restore(ctx context.Context, stage Stage, versionID int64) (ListedNote, Position, error)
	// ShowNotes publishes hidden notes again, with their last version. Other paths are ignored.
	ShowNotes(ctx context.Context, stage Stage, paths []string) (Position, error)
}

// Limits of one call of a HistoryService.
const (
	MaxListed       = 200  // notes or versions of a list, notes to show
	MaxFilterLength = 1024 // bytes of the text to look for
)

// ListedNote is a note, and the page that it has.
type ListedNote struct {
	ArchivedNote
	HasPage   bool   // readers see it
	URL       string // path of the page, unescaped
	Title     string
	Access    Access // resolved; its level is NotShown without a page
	ByDefault bool   // the note does not say it itself
}

// NoteFilter selects notes for a list.
type NoteFilter struct {
	Text   string // that the path or the title contains, in any case
	Show   NoteShow
	Access NoteAccess // who may read them; Unspecified: whoever
	Offset int        // how many of those found are left out at the list's beginning
	Limit  int        // how many there are in the list, from 1 to MaxListed
}

// NoteShow filters notes by their visibility.
type NoteShow int

// Filters for NoteShow.
const (
	AllNotes NoteShow = iota
	NotesWithPage
	NotesForMembers
	NotesWithoutPage // not hidden, and yet no page: a template, the settings, or one with `publish: false`
	HiddenNotes
)

// Difference is how two versions of a note differ.
type Difference struct {
	From, To       NoteVersion // without their texts
	Added, Removed int         // lines
	Hunks          []Hunk
	Cut            bool // there is more than Hunks has
}

// Hunk is lines that changed, with some before and after them.
type Hunk struct {
	FromLine, ToLine int // of its first line in each text, from 1
	Lines            []DiffLine
}

// DiffLine is one line, without the line feed at its end; a carriage return before that stays, as it may
// be what differs.
type DiffLine struct {
	Kind LineKind
	Text string
	Cut  bool // the line is longer
}

// LineKind says which of two texts have a line.
type LineKind int

// Kinds of lines.
const (
	SameLine LineKind = iota // in both texts
	RemovedLine
	AddedLine
)
