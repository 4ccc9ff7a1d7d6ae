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

// Limits of a note's path, in bytes. A segment's limit is that of common file systems for a name,
// so that every vault can be written back to disk.
const (
	MaxPathLength    = 1024
	MaxSegmentLength = 255
)

// Note is the published version of a note.
type Note struct {
	ID          int64
	Path        string // in the vault, "/"-separated, with its extension
	Content     string // UTF-8
	Hash        string // ContentHash of Content
	CreatedAt   time.Time
	PublishedAt time.Time // when this version became visible
	VersionID   int64
	Assets      []NoteAsset

	FirstPublishedAt time.Time // when the first version became visible; equal for all notes of one push
}

// NoteAsset joins a reference in a note's text to its asset.
type NoteAsset struct {
	AssetID      int64
	Ref          string // as written in the note, such as "image.png" or "../img/a b.png"
	AbsolutePath string // the file's path in the vault
	Hash         string // SHA-256 of the file, lower-case hex
	Size         int64  // bytes
}

// NotePath is the server's version of a note, for a vault client.
type NotePath struct {
	ID      int64
	Path    string
	Hash    string // of the latest version that the stage sees
	Content string
	Assets  []NoteAsset
}

// NotePathFilter selects notes. Paths overrides Search, Search overrides Like. Empty selects all.
type NotePathFilter struct {
	Like   string   // SQL LIKE pattern for the path
	Search string   // text contained in the path or the content, in any case
	Paths  []string // exact paths

	OmitContent bool // leaves Content empty, which is much faster for a large vault
}

// NoteUpdate is one note of a push.
type NoteUpdate struct {
	Path    string
	Content string
	URL     string // requested by the text (Document.Address); "" for none, or if not determined

	// Refs are the files that the text refers to (Document.AssetRefs). nil if not determined: then
	// every file that the note ever had counts.
	Refs []string
}

// StagedNote is the stored state of a note after a push.
type StagedNote struct {
	ID     int64
	Path   string
	Assets []NoteAsset // as the pushing stage sees them
	Shown  bool        // the push made this text visible; it was not before
}

// VaultStore is the leader's writable vault. Every method is one transaction.
//
// With publish, the change is visible when the call returns, and the returned position includes it.
// Without publish, it stays in the stage until Commit; EEXPIRED if the stage has ended. Unchanged
// content creates no version and no position. Returned positions are the newest ones.
type VaultStore interface {
	// NotePaths lists the notes that the stage sees and that are not hidden, by path.
	NotePaths(ctx context.Context, stage Stage, filter NotePathFilter) ([]NotePath, error)
	// PushNotes stores a version of each note whose content differs, and shows hidden notes again.
	// Paths must be valid (ValidatePath) and distinct. Results are in the order of updates.
	PushNotes(ctx context.Context, stage Stage, updates []NoteUpdate, publish bool) ([]StagedNote, Position, error)
	// AttachAsset joins a stored asset to a note's reference. ENOTFOUND without such a note or
	// asset.
	AttachAsset(ctx context.Context, stage Stage, noteID int64, asset NoteAsset, publish bool) (Position, error)
	// HideNotes unpublishes notes and keeps their history. Unknown paths are not an error.
	HideNotes(ctx context.Context, stage Stage, paths []string, publish bool) (Position, error)
	// NameVault stores the name of the published folder, unless another folder's name is stored and
	// its notes still exist.
	NameVault(ctx context.Context, name string) error
	// EditNotes calls edit with the notes at paths as the stage sees them, and publishes its
	// result: updates, and paths to hide. Other writes wait meanwhile. An error of edit undoes
	// everything.
	EditNotes(ctx context.Context, stage Stage, paths []string, edit func([]NotePath) ([]NoteUpdate, []string, error)) ([]StagedNote, Position, error)
	// Commit publishes the stage in one step and returns the IDs of the notes whose text became
	// visible. A repeated commit changes nothing. EEXPIRED for a push that was discarded or waited
	// too long; ECONFLICT if it is ambiguous which of two unnamed pushes is meant.
	Commit(ctx context.Context, stage Stage) (shown []int64, position Position, err error)
	// Discard deletes the stage's changes and prevents later staging and commits in it. committed
	// reports that the stage was already committed.
	Discard(ctx context.Context, stage Stage) (committed bool, err error)
}

// AssetStore stores files by their content.
type AssetStore interface {
	AssetReader
	// PutAsset stores the content of r. ECONFLICT if its SHA-256 (lower-case hex) is not hash,
	// ETOOLARGE beyond maxSize bytes, EUNAVAILABLE if r ends early; after an error nothing is
	// stored. If the content is already stored, r is read and nothing changes.
	PutAsset(ctx context.Context, hash string, maxSize int64, r io.Reader) (Asset, error)
}

// AssetReader reads stored files, on every node.
type AssetReader interface {
	// Asset describes a stored file; ENOTFOUND without it.
	Asset(ctx context.Context, hash string) (Asset, error)
	// OpenAsset opens a stored file. A read uses the database for one chunk at a time.
	OpenAsset(ctx context.Context, hash string) (io.ReadSeekCloser, error)
	// IsReferenced reports whether a published or a staged note refers to a stored file.
	IsReferenced(ctx context.Context, hash string) (bool, error)
}

// Asset is a stored file, identified by the hash of its content.
type Asset struct {
	ID        int64
	Hash      string // SHA-256, lower-case hex
	Size      int64  // bytes
	CreatedAt time.Time
}

// ChangeSet contains the visible changes between two positions.
type ChangeSet struct {
	DatabaseID string    // constant for a database; a different one requires a reload
	Schema     int64     // version of the schema that wrote it
	Position   Position  // of the last change in this set
	Head       Position  // newest position when the set was read
	ChangedAt  time.Time // when the change at Position was made

	// PublicURL is the site's URL, without a trailing slash, as configured on the leader; "" if not
	// set. Replicas have URLs of their own and name this one to search engines.
	PublicURL string
	// VaultName is the name of the folder that was published first, "" if unknown.
	VaultName string
	// Owned reports whether the site has an owner.
	Owned bool

	// SiteAccess is the stored default access.
	SiteAccess SiteAccess

	// The first change after each start of a leader begins a lineage, to which the later ones
	// belong. A follower keeps the Lineage of its last set. If the next set's Since differs, the
	// database was reset to an older state and has changed differently since, so the follower must
	// reload everything. "" before the first lineage, for example if only older versions have
	// written.
	Since   string // lineage of the change at the requested position
	Lineage string // lineage of the change at Position

	Lineages []Lineage // the last ones up to Head, newest first; see Timeline

	Notes           []Note  // published state of the notes that changed
	RemovedNotes    []int64 // notes that are no longer visible
	Sessions        []Session
	RemovedSessions []int64

	Redirects        []Redirect
	RemovedRedirects []int64
}

// ChangeSource returns a site's changes. limit bounds the changes of one call and so the length of
// its read transaction. A caller repeats until Position is Head and then has a consistent state,
// because a row that changes meanwhile is returned again with its new position.
type ChangeSource interface {
	Changes(ctx context.Context, after Position, limit int) (ChangeSet, error)
}

// ContentHash returns the sync API's hash of a note: SHA-256 in padded URL-safe base64.
func ContentHash(content string) string {
	sum := sha256.Sum256([]byte(content))
	return base64.URLEncoding.EncodeToString(sum[:])
}

// HexHash converts a ContentHash from base64 to lower-case hex, the form of file hashes.
func HexHash(contentHash string) (string, error) {
	sum, err := base64.URLEncoding.DecodeString(contentHash)
	if err != nil {
		return "", fmt.Errorf("read the hash of a text: %w", err)
	}
	return hex.EncodeToString(sum), nil
}

// ValidatePath returns EINVALID with a reason unless path can be a note's in a vault: relative,
// "/"-separated, clean, valid UTF-8 without control characters, within the length limits, and
// ending in .md or .html.
func ValidatePath(path string) error {
	if fault := pathFault(path); fault != "" {
		return Errorf(EINVALID, "path %s", fault)
	}
	return nil
}

// ValidateAssetPath is ValidatePath for any other file of a vault, whatever its extension.
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

// IsNoteFile reports whether a file is a note, by its extension.
func IsNoteFile(path string) bool {
	path = strings.ToLower(path)
	return strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".html")
}

// textFault describes a character that no name or URL can contain, "" without one.
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
