package trip2g

import (
	"net/url"
	"path"
	"time"
)

// Site is what readers see, at one position. It is immutable, lives in memory, and reading it
// touches no database.
type Site interface {
	// Page gives the page at an unescaped URL path, nil if there is none. A non-empty redirect is where
	// it is found instead.
	Page(urlPath string) (page Page, redirect string)
	// NotFound is the body of a 404; MembersOnly that of a page kept from this reader; both never nil.
	NotFound() Page
	MembersOnly() Page
	// ModifiedAt is when the newest change that readers can see was made: any page may show it.
	ModifiedAt() time.Time
	// Asset finds a file that a published note refers to. public is false if only members' notes do.
	Asset(hash string) (asset NoteAsset, public, ok bool)
	// Session finds a session in date at now.
	Session(tokenHash string, now time.Time) (Session, bool)
	// Sessions lists a user's sessions in date at now, the newest first.
	Sessions(user int64, now time.Time) []Session
	Stats() SiteStats
}

// SiteStats tells an operator what a node has in memory.
type SiteStats struct {
	DatabaseID string
	Position   Position  // what is served
	ChangedAt  time.Time // when the change at Position was made
	Notes      int
	Pages      int
	Bytes      int64 // text of the notes held
	Warnings   []Warning
}

func escapeName(vaultPath string) string {
	return url.PathEscape(path.Base(vaultPath))
}
