package litefs

import "strings"

// Suffixes of the files next to a database, which SQLite and LiteFS name after
// it.
const (
	JournalSuffix  = "-journal"
	WALSuffix      = "-wal"
	SHMSuffix      = "-shm"
	PositionSuffix = "-pos"
	lockSuffix     = "-lock"
)

// ReservedSuffix returns the suffix for which name cannot be a database's, ""
// if there is none.
func ReservedSuffix(name string) string {
	for _, suffix := range []string{JournalSuffix, WALSuffix, SHMSuffix, PositionSuffix, lockSuffix} {
		if strings.HasSuffix(name, suffix) {
			return suffix
		}
	}
	return ""
}
