package trip2g

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of a note's path, in bytes. A segment's is what common file systems
// allow for one name, so that every vault can be written back to disk.
const (
	MaxPathLength    = 1024
	MaxSegmentLength = 255
)

// Note is a note as readers see it: its published version.
type Note struct {
	ID          int64
	Path        string // in the vault, "/"-separated, with its extension
	Content     string // UTF-8
	Hash        string // ContentHash of Content
	CreatedAt   time.Time
	PublishedAt time.Time // when this version became visible
	VersionID   int64
	Assets      []NoteAsset

	FirstPublishedAt time.Time // when the first version became visible: for all notes of one push the same
}

// NoteAsset joins a reference in a note's text to the asset it stands for.
type NoteAsset struct {
	AssetID      int64
	Ref          string // as the note's text has it, e.g. "image.png" or "../img/a b.png"
	AbsolutePath string // the file's path in the vault
	Hash         string // SHA-256 of the file, lower-case hex
	Size         int64  // bytes
}

// NotePath is what a vault client asks to find out what the server has.
type NotePath struct {
	ID      int64
	Path    string
	Hash    string // of the latest version that the asking stage sees
	Content string
	Assets  []NoteAsset
}

// NotePathFilter picks notes: Paths wins over Search, Search over Like. Empty picks all.
type NotePathFilter struct {
	Like   string   // an SQL LIKE pattern on the path
	Search string   // text that the path or the content contains, any case
	Paths  []string // exact paths

	OmitContent bool // leave Content empty, which is far quicker for a large vault
}

// NoteUpdate is one note of a push.
type NoteUpdate struct {
	Path    string
	Content string
	URL     string // the address that the text asks for (Document.Address), "" for none or if nobody asked it

	// Refs are the files that the text refers to (Document.AssetRefs). nil if nobody looked: then
	// every file that the note ever had counts.
	Refs []string
}

// StagedNote is what the store has of a note after a push of it.
type StagedNote struct {
	ID     int64
	Path   string
	Assets []NoteAsset // that the pushing stage sees for it
	Shown  bool        // the push made this text visible, which it was not before
}

// VaultStore is the leader's writable vault. Every method is one transaction: all of it or
// nothing. With publish, what was given is visible when the call returns and the returned
// position covers it; without, it waits in the stage for Commit, and a stage that is over is EEXPIRED. Content that is already
// there makes no version and no position. Positions returned are the newest there is.
type VaultStore interface {
	// NotePaths lists notes that are not hidden, as the stage sees them, by path.
	NotePaths(ctx context.Context, stage Stage, filter NotePathFilter) ([]NotePath, error)
	// PushNotes stores a version of each note whose content differs; a hidden note is shown again.
	// Paths are valid (ValidatePath) and differ from each other. Results are in the order of updates.
	PushNotes(ctx context.Context, stage Stage, updates []NoteUpdate, publish bool) ([]StagedNote, Position, error)
	// AttachAsset joins a stored asset to a note's reference. ENOTFOUND without such a note or asset.
	AttachAsset(ctx context.Context, stage Stage, noteID int64, asset NoteAsset, publish bool) (Position, error)
	// HideNotes takes notes from readers and keeps their history. Unknown paths are no error.
	HideNotes(ctx context.Context, stage Stage, paths []string, publish bool) (Position, error)
	// NameVault keeps the name of the folder that is published, unless there is one of a folder before it
	// whose notes are still there.
	NameVault(ctx context.Context, name string) error
	// EditNotes publishes what edit makes of the notes at paths, which it is given as the stage sees them:
	// updates, and paths to hide. Nobody else can write meanwhile. An error of edit undoes all.
	EditNotes(ctx context.Context, stage Stage, paths []string, edit func([]NotePath) ([]NoteUpdate, []string, error)) ([]StagedNote, Position, error)
	// Commit publishes all that the stage holds, in one step, and returns the IDs of the notes whose text
	// became visible by it. Again it changes nothing. EEXPIRED for a push
	// that was discarded or has waited too long; ECONFLICT if which of two unnamed pushes is meant is not known.
	Commit(ctx context.Context, stage Stage) (shown []int64, position Position, err error)
	// Discard forgets all that the stage holds, and lets nothing be staged or committed there afterwards.
	// committed reports that it was too late.
	Discard(ctx context.Context, stage Stage) (committed bool, err error)
}

// AssetStore keeps files by their content.
type AssetStore interface {
	AssetReader
	// PutAsset stores what r gives. ECONFLICT if its SHA-256 (lower-case hex) is not hash, ETOOLARGE
	// past maxSize bytes, EUNAVAILABLE if r breaks off; then nothing is kept. Storing what is there already
	// reads r and changes nothing.
	PutAsset(ctx context.Context, hash string, maxSize int64, r io.Reader) (Asset, error)
}

// AssetReader reads stored files; replicas have only this.
type AssetReader interface {
	// Asset tells of a stored file; ENOTFOUND if there is none.
	Asset(ctx context.Context, hash string) (Asset, error)
	// OpenAsset opens a stored file. A read touches the database for one chunk at a time.
	OpenAsset(ctx context.Context, hash string) (io.ReadSeekCloser, error)
	// IsReferenced reports whether a published or a staged note refers to a stored file.
	IsReferenced(ctx context.Context, hash string) (bool, error)
}

// Asset is a stored file, named by its content.
type Asset struct {
	ID        int64
	Hash      string // SHA-256, lower-case hex
	Size      int64  // bytes
	CreatedAt time.Time
}

// ChangeSet is what changed for readers between two positions.
type ChangeSet struct {
	DatabaseID string    // made once with the database; another one means another database: reload all
	Schema     int64     // version of the schema that wrote it
	Position   Position  // of the last change in this set
	Head       Position  // of the newest change there was when the set was read
	ChangedAt  time.Time // when the change at Position was made

	// PublicURL is where readers find the site, without a slash at its end, as the leader was told; ""
	// if it was not. Replicas have addresses of their own, and name this one to search engines.
	PublicURL string
	// VaultName is the name of the folder that was published first, "" if no client told it.
	VaultName string
	// Owned reports whether the site has an owner.
	Owned bool

	// SiteAccess is who may read notes that do not say, as the database has it.
	SiteAccess SiteAccess

	// The first change after each start of a leader begins a lineage, to which those after it
	// belong. A follower keeps the Lineage of the set it stands at; when the next set's Since
	// differs, the database was put back to an older state and has grown another way since, so it
	// must load all anew. "" before the first lineage, as where only older versions have written.
	Since   string // lineage of the change at the position that was asked for
	Lineage string // lineage of the change at Position

	Lineages []Lineage // the last ones up to Head, the newest first; see Timeline

	Notes           []Note  // published state of the notes that changed
	RemovedNotes    []int64 // notes that readers see no more
	Sessions        []Session
	RemovedSessions []int64

	Redirects        []Redirect
	RemovedRedirects []int64
}

// ChangeSource returns a site what changed. limit bounds the changes of one call and so the length
// of its one read transaction; a caller repeats until Position is Head and has then a consistent
// whole, because a row that changed meanwhile comes again with its new position.
type ChangeSource interface {
	Changes(ctx context.Context, after Position, limit int) (ChangeSet, error)
}

// ContentHash is the sync API's hash of a note: SHA-256 of its bytes in padded URL-safe base64.
func ContentHash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return base64.URLEncoding.EncodeToString(sum[:])
}

// HexHash returns in lower-case hex, as files are hashed, what ContentHash gives in base64. An error for what is
// no base64.
func HexHash(contentHash string) (string, error) {
	sum, err := base64.URLEncoding.DecodeString(contentHash)
	if err != nil {
		return "", fmt.Errorf("read the hash of a text: %w", err)
	}
	return hex.EncodeToString(sum), nil
}

// ValidatePath returns EINVALID with a reason unless path can name a note of a vault:
// relative, "/"-separated, clean, valid UTF-8 without control characters, within the
// length limits, and ending in .md or .html.
func ValidatePath(path string) error {
	if fault := pathFault(path); fault != "" {
		return Errorf(EINVALID, "path %s", fault)
	}
	return nil
}

// ValidateAssetPath is ValidatePath for a file of a vault that is no note: any ending will do.
func ValidateAssetPath(path string) error {
	if fault := filePathFault(path); fault != "" {
		return Errorf(EINVALID, "path %s", fault)
	}
	return nil
}

func pathFault(path string) string {
	if fault := filePathFault(path); fault != "" {
		return fault
	}
	if !IsNoteFile(path) {
		return "must end in .md or .html"
	}
	return ""
}

// IsNoteFile reports whether a file of this name is a note, by its ending alone.
func IsNoteFile(path string) bool {
	path = strings.ToLower(path)
	return strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".html")
}

// textFault tells what no name or address may have in it.
func textFault(text string) string {
	switch {
	case !utf8.ValidString(text):
		return "is not valid UTF-8"
	case strings.ContainsFunc(text, unicode.IsControl):
		return "has a control character"
	}
	return ""
}

func filePathFault(path string) string {
	switch {
	case path == "":
		return "is empty"
	case !utf8.ValidString(path):
		return "is not valid UTF-8"
	case len(path) > MaxPathLength:
		return "is longer than 1,024 bytes"
	case strings.HasPrefix(path, "/"):
		return "starts with /: give it relative to the vault"
	case strings.ContainsRune(path, '\\'):
		return "has a backslash: separate folders with /"
	case strings.ContainsFunc(path, unicode.IsControl):
		return "has a control character"
	}
	for segment := range strings.SplitSeq(path, "/") {
		switch {
		case segment == "" || segment == "." || segment == "..":
			return `has an empty, "." or ".." segment`
		case len(segment) > MaxSegmentLength:
			return "has a segment longer than 255 bytes"
		}
	}
	return ""
}
