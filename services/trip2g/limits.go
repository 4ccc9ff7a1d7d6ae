package trip2g

// Limits of stored content, in bytes.
const (
	// MaxNoteSize limits TRIP2G_MAX_NOTE_SIZE: SQLite needs several times the size of a text, in a
	// bounded memory of 256 MB per connection.
	MaxNoteSize         = 48 << 20
	DefaultMaxNoteSize  = 16 << 20
	DefaultMaxAssetSize = 256 << 20
)
