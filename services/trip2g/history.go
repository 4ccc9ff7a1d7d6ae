package trip2g

import "context"

// HistoryService lists all notes and their versions, and restores versions.
type HistoryService interface {
	// ListNotes returns the notes that match a filter, by path, and their number without Offset and
	// Limit. EINVALID for an invalid filter.
	ListNotes(ctx context.Context, filter NoteFilter) (notes []ListedNote, total int, err error)
	// FindNote returns the note with a path; ENOTFOUND without one.
	FindNote(ctx context.Context, path string) (ListedNote, error)
	// Versions lists at most limit published versions of a note, newest first. A before other than
	// 0 skips that version and newer ones. EINVALID for a limit above MaxListed.
	Versions(ctx context.Context, noteID, before int64, limit int) ([]NoteVersion, error)
	// Version returns a published version with its text; ENOTFOUND without one.
	Version(ctx context.Context, id int64) (NoteVersion, error)
	// LatestVersion returns the newest published version of all notes, without its text; ENOTFOUND
	// without one.
	LatestVersion(ctx context.Context) (NoteVersion, error)
	// Stats returns the size of the database's contents.
	Stats(ctx context.Context) (ArchiveStats, error)
	// Compare returns the difference of two versions of a note by line. ETOOLARGE for very long
	// texts.
	Compare(ctx context.Context, from, to int64) (Difference, error)
	// Restore publishes a version's text again, as the newest version of its note.
	Restore(ctx context.Context, stage Stage, versionID int64) (ListedNote, Position, error)
	// ShowNotes publishes hidden notes again, with their last version. Other paths are ignored.
	ShowNotes(ctx context.Context, stage Stage, paths []string) (Position, error)
}

// Limits of one call of a HistoryService.
const (
	MaxListed       = 200  // notes or versions in a list, notes to show
	MaxFilterLength = 1024 // length of NoteFilter.Text, in bytes
)

// ListedNote is a note with its page.
type ListedNote struct {
	ArchivedNote
	HasPage   bool   // the note has a visible page
	URL       string // path of the page, unescaped
	Title     string
	Access    Access // resolved; its level is NotShown without a page
	ByDefault bool   // the note does not set its access
}

// NoteFilter selects notes for a list.
type NoteFilter struct {
	Text   string // substring of the path or the title, in any case
	Show   NoteShow
	Access NoteAccess // Unspecified: any
	Offset int        // number of notes to skip
	Limit  int        // maximum number of notes, from 1 to MaxListed
}

// NoteShow filters notes by their visibility.
type NoteShow int

// Filters for NoteShow.
const (
	AllNotes NoteShow = iota
	NotesWithPage
	NotesForMembers
	NotesWithoutPage // not hidden, but without a page: a template, the settings, or a note with `publish: false`
	HiddenNotes
)

// Difference is the difference of two versions of a note.
type Difference struct {
	From, To       NoteVersion // without their texts
	Added, Removed int         // lines
	Hunks          []Hunk
	Cut            bool // Hunks is incomplete
}

// Hunk contains changed lines with some context.
type Hunk struct {
	FromLine, ToLine int // of the first line in each text, from 1
	Lines            []DiffLine
}

// DiffLine is one line without its line feed. A carriage return at its end is kept, because it can
// be the difference.
type DiffLine struct {
	Kind LineKind
	Text string
	Cut  bool // Text is only the start of the line
}

// LineKind is the origin of a line in a comparison of two texts.
type LineKind int

// Kinds of lines.
const (
	SameLine LineKind = iota // in both texts
	RemovedLine
	AddedLine
)
