package trip2g

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
