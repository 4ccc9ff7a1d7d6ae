package trip2g

import (
	"context"
	"io"
)

// Publisher is what a vault client can do on the leader. Without publish a change waits in the
// caller's stage for Commit; with it the change is visible on this node when the call returns.
// Expected failures are Errors whose Fields name what is at fault, and leave nothing written.
// Positions returned are the newest there is.
type Publisher interface {
	// NotePaths lists notes that are not hidden, as the stage sees them, by path.
	NotePaths(ctx context.Context, stage Stage, filter NotePathFilter) ([]NotePath, error)
	// PushNotes stores what differs of the notes and tells which files they refer to, in the order of updates.
	PushNotes(ctx context.Context, stage Stage, updates []NoteUpdate, publish bool) ([]PushedNote, Position, error)
	// UploadAsset stores a file and joins it to a note's reference. known tells that the content was there already.
	UploadAsset(ctx context.Context, stage Stage, upload AssetUpload, publish bool) (known bool, position Position, err error)
	// HideNotes takes notes from readers and keeps their history. Unknown paths are no error.
	HideNotes(ctx context.Context, stage Stage, paths []string, publish bool) (Position, error)
	// NameVault names the folder that the next commit is of. The first one names the site until
	// its owner does.
	NameVault(ctx context.Context, name string) error
	// EditNotes publishes several changes, all of them or none, and returns the notes that they are about,
	// each once. ECONFLICT, with a HashMismatch or a PatchNotFound as its cause, if one of them cannot be
	// made of what the note is now.
	EditNotes(ctx context.Context, stage Stage, edits []NoteEdit) ([]EditedNote, Position, error)
	// ListNotes lists every note that the stage sees, by path, as PushNotes returns one that is pushed.
	ListNotes(ctx context.Context, stage Stage) ([]PushedNote, error)
	// Commit publishes all that the stage holds, in one step, and returns the IDs of the notes whose text
	// became visible by it. See VaultStore.
	Commit(ctx context.Context, stage Stage) (shown []int64, position Position, err error)
	// Discard forgets all that the stage holds. See VaultStore.
	Discard(ctx context.Context, stage Stage) (committed bool, err error)
}

// PushedNote tells a client which files a note that it pushed refers to.
type PushedNote struct {
	ID     int64
	Path   string
	Assets []NoteAsset // each reference once, in order; Hash is "" while there is no file for it
	Shown  bool        // the push made this text visible, which it was not before
}

// AssetUpload is a file on its way to a note's reference.
type AssetUpload struct {
	NoteID       int64
	Ref          string // as the note's text has it
	AbsolutePath string // the file's path in the vault
	Hash         string // SHA-256 that Body must have, lower-case hex
	Body         io.Reader
}
