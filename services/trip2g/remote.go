package trip2g

import "time"

// RemoteNote is a note that a server has, for who copies its vault.
type RemoteNote struct {
	Path  string
	Hash  string // ContentHash
	Files []RemoteFile
}

// RemoteFile is a file that a server holds for a note.
type RemoteFile struct {
	Path string // in the vault
	Hash string // SHA-256, lower-case hex
	URL  string // where it can be downloaded for a while, absolute
}

// RemoteVersion is a text that a note on a server has had.
type RemoteVersion struct {
	ID          int64
	Path        string // of the note
	Size        int64  // bytes
	PublishedAt time.Time
}
