package trip2g

import (
	"context"
	"io"
)

// Publisher is the interface of vault clients on the leader. Without publish, a change stays in the
// caller's stage until Commit; with it, the change is visible on this node when the call returns.
// Expected failures are Errors whose Fields name the invalid parts, and write nothing. Returned
// positions are the newest ones.
type Publisher interface {
	// NotePaths lists the notes that the stage sees and that are not hidden, by path.
	NotePaths(ctx context.Context, stage Stage, filter NotePathFilter) ([]NotePath, error)
	// PushNotes stores changed notes and returns the files that they refer to, in the order of
	// updates.
	PushNotes(ctx context.Context, stage Stage, updates []NoteUpdate, publish bool) ([]PushedNote, Position, error)
	// UploadAsset stores a file and joins it to a note's reference. known reports that the content
	// was already stored.
	UploadAsset(ctx context.Context, stage Stage, upload AssetUpload, publish bool) (known bool, position Position, err error)
	// HideNotes unpublishes notes and keeps their history. Unknown paths are not an error.
	HideNotes(ctx context.Context, stage Stage, paths []string, publish bool) (Position, error)
	// NameVault sets the folder's name for the next commit. The first name becomes the site's until
	// its owner sets one.
	NameVault(ctx context.Context, name string) error
	// EditNotes publishes all edits or none, and returns the edited notes, each once. If an edit
	// does not apply to the current note, it returns ECONFLICT with a HashMismatch or a
	// PatchNotFound as the cause.
	EditNotes(ctx context.Context, stage Stage, edits []NoteEdit) ([]EditedNote, Position, error)
	// ListNotes lists every note that the stage sees, by path, in the form that PushNotes returns.
	ListNotes(ctx context.Context, stage Stage) ([]PushedNote, error)
	// Commit publishes the stage in one step and returns the IDs of the notes whose text became
	// visible. See VaultStore.
	Commit(ctx context.Context, stage Stage) (shown []int64, position Position, err error)
	// Discard deletes the stage's changes. See VaultStore.
	Discard(ctx context.Context, stage Stage) (committed bool, err error)
}

// PushedNote lists the files that a pushed note refers to.
type PushedNote struct {
	ID     int64
	Path   string
	Assets []NoteAsset // each reference once, in order; Hash is "" for a missing file
	Shown  bool        // the push made this text visible; it was not before
}

// AssetUpload is an upload of a file for a note's reference.
type AssetUpload struct {
	NoteID       int64
	Ref          string // as written in the note
	AbsolutePath string // the file's path in the vault
	Hash         string // SHA-256 that Body must have, lower-case hex
	Body         io.Reader
}
