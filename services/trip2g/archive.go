package trip2g

import (
	"context"
	"time"
)

// NoteArchive is all that the leader keeps of the notes: hidden ones too, and what each was before. A
// note that nobody ever published, because it waits in a stage, is not in it.
type NoteArchive interface {
	// ArchivedNotes lists all notes by path, without their counts of versions.
	ArchivedNotes(ctx context.Context) ([]ArchivedNote, error)
	// ArchivedNote finds a note by its path; ENOTFOUND without one.
	ArchivedNote(ctx context.Context, path string) (ArchivedNote, error)
	// NoteVersions lists published versions of a note, the newest first, without their texts: those
	// before the version with an ID (0: from the newest on), at most limit.
	NoteVersions(ctx context.Context, noteID, before int64, limit int) ([]NoteVersion, error)
	// NoteVersion finds a published version with its text; ENOTFOUND without one.
	NoteVersion(ctx context.Context, id int64) (NoteVersion, error)
	// LatestVersion finds the newest of all published versions, without its text; ENOTFOUND without one.
	LatestVersion(ctx context.Context) (NoteVersion, error)
	// ArchiveStats tells how much there is in the database.
	ArchiveStats(ctx context.Context) (ArchiveStats, error)
}

// ArchivedNote is a note without its text.
type ArchivedNote struct {
	ID          int64
	Path        string
	Hidden      bool   // it was taken from readers
	VersionID   int64  // of the version that readers see, or saw last
	Hash        string // ContentHash of that one
	Size        int64  // bytes of its text
	CreatedAt   time.Time
	PublishedAt time.Time // when that version became visible
	Versions    int       // that were published; 0: not counted
}

// NoteVersion is what a note was at a time.
type NoteVersion struct {
	ID          int64
	NoteID      int64
	Path        string // of the note
	Hash        string // ContentHash of the text
	Size        int64  // bytes of the text
	PublishedAt time.Time
	Author      string // whose it is: an API key's name, or a user's address
	ByKey       bool   // Author is a key
	Current     bool   // readers see it, or saw it last
	Content     string // "" in lists
}

// ArchiveStats is how much there is in the database. Sizes are in bytes.
type ArchiveStats struct {
	Notes    int   // that are not hidden
	Hidden   int   // notes
	NotFound int   // addresses that readers asked for in vain
	Database int64 // the file; the write-ahead log is not counted
	Free     int64 // of the file, to be used again
	Versions int64 // texts of all versions
	Assets   int64 // files
	Files    int   // how many of these there are
}
