package trip2g

import "time"

// RemoteNote is a note on a server, for clients that copy its vault.
type RemoteNote struct {
	Path  string
	Hash  string // ContentHash
	Files []RemoteFile
}

// RemoteFile is a file on a server that a note refers to.
type RemoteFile struct {
	Path string // in the vault
	Hash string // SHA-256, lower-case hex
	URL  string // absolute download URL, valid for a limited time
}

// RemoteVersion is a version of a note on a server.
type RemoteVersion struct {
	ID          int64
	Path        string // of the note
	Size        int64  // bytes
	PublishedAt time.Time
}
