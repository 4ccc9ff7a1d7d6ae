package trip2g

import (
	"context"
	"time"
)

// NoteArchive reads all notes on the leader, including hidden ones and previous versions. It does
// not contain a note that is only staged and was never published.
type NoteArchive interface {
	// ArchivedNotes lists all notes by path, without their numbers of versions.
	ArchivedNotes(ctx context.Context) ([]ArchivedNote, error)
	// ArchivedNote returns the note at a path; ENOTFOUND without one.
	ArchivedNote(ctx context.Context, path string) (ArchivedNote, error)
	// NoteVersions lists at most limit published versions of a note, newest first, without their
	// texts. A before other than 0 skips that version and newer ones.
	NoteVersions(ctx context.Context, noteID, before int64, limit int) ([]NoteVersion, error)
	// NoteVersion returns a published version with its text; ENOTFOUND without one.
	NoteVersion(ctx context.Context, id int64) (NoteVersion, error)
	// LatestVersion returns the newest published version of all notes, without its text; ENOTFOUND
	// without one.
	LatestVersion(ctx context.Context) (NoteVersion, error)
	// ArchiveStats returns counts and sizes of the database's content.
	ArchiveStats(ctx context.Context) (ArchiveStats, error)
}

// ArchivedNote is a note without its text.
type ArchivedNote struct {
	ID          int64
	Path        string
	Hidden      bool   // not published any more
	VersionID   int64  // of the last published version
	Hash        string // ContentHash of that version
	Size        int64  // of the text, in bytes
	CreatedAt   time.Time
	PublishedAt time.Time // of that version
	Versions    int       // number of published versions; 0: not counted
}

// NoteVersion is a published version of a note.
type NoteVersion struct {
	ID          int64
	NoteID      int64
	Path        string // of the note
	Hash        string // ContentHash of the text
	Size        int64  // bytes of the text
	PublishedAt time.Time
	Author      string // an API key's name, or a user's address
	ByKey       bool   // Author names a key
	Current     bool   // the last published version
	Content     string // empty in lists
}

// ArchiveStats are counts and sizes of the database's content. Sizes are in bytes.
type ArchiveStats struct {
	Notes    int   // published
	Hidden   int   // hidden notes
	NotFound int   // URLs with 404s
	Database int64 // of the database file, without the write-ahead log
	Free     int64 // free pages of the database file
	Versions int64 // texts of all versions
	Assets   int64 // files
	Files    int   // number of files
}
