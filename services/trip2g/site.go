package trip2g

import (
	"net/url"
	"path"
	"time"
)

// Site is what readers see, at one position. It is immutable, lives in memory, and reading it
// touches no database.
type Site interface {
	// Page returns what an unescaped URL path has for a reader: a note, a list, a feed or whatever else
	// is made of the notes; nil if there is nothing. Then a found.URL that is not empty is where it is instead.
	Page(urlPath string, reader Visitor) (page Page, found Location)
	// NotFound is the body of a 404: it suggests what the reader may have meant. Withheld is that of a page
	// or file that the reader may not have. Both are never nil.
	NotFound(urlPath string, reader Visitor) Page
	Withheld(reader Visitor) Page
	// ModifiedAt is when the newest change that readers can see was made: any page may show it.
	ModifiedAt() time.Time
	// Asset finds a file that a published note refers to. public reports whether a public note does.
	Asset(hash string) (asset NoteAsset, public, ok bool)
	// MayReadAsset reports whether a note refers to a file that the reader may read.
	MayReadAsset(hash string, reader Visitor) bool
	// Session finds a session in date at now.
	Session(tokenHash string, now time.Time) (Session, bool)
	// Sessions lists a user's sessions in date at now, the newest first.
	Sessions(user int64, now time.Time) []Session
	// Settings are what the owner says of the site, the zero ones if nothing.
	Settings() Settings
	// NoteByID tells of a note's page; ok is false if there is none that the reader may have.
	NoteByID(id int64, reader Visitor) (page NotePage, ok bool)
	// Published returns a note that is visible to anybody; ok is false if there is none.
	Published(id int64) (note PublishedNote, ok bool)
	// Redirects lists the addresses that lead elsewhere, in the order of From.
	Redirects() []Redirect
	// Name is the site's, as its pages show it.
	Name() string
	// PublicURL is where readers find the site, without a slash at its end; "" if that is not known.
	PublicURL() string
	// Owned reports whether the site has an owner.
	Owned() bool
	// IsEmpty reports that there is no note to show. Then there is no page at "/".
	IsEmpty() bool
	Stats() SiteStats
	// RestrictedLinks warns of links from public notes to notes that not everyone may read.
	RestrictedLinks() []Warning
	// Access reports who may read the notes.
	Access() AccessState
	// Groups are those that notes name.
	Groups() Groups
	// Unspecified lists the paths of at most limit notes that do not say who may read them, in byte order.
	Unspecified(limit int) []string
}

// Location is another address at which something is.
type Location struct {
	URL       string // a URL path, unescaped, or the whole URL of another site; "" for none
	Permanent bool   // it has moved there; else the address that was asked for may get a page of its own
}

// NotePage tells where a note is, and what it says.
type NotePage struct {
	ID     int64
	Title  string
	URL    string    // path, unescaped
	Access Access    // resolved; the note says it itself unless Doc.Access has the level Unspecified
	Doc    *Document // must not be changed
}

// PublishedNote is a note with what the site made of it. It need not have a page: a template has none.
type PublishedNote struct {
	Note
	Doc      *Document // must not be changed
	URL      string    // path of its page, unescaped; "" without one
	Warnings []Warning // about the note's text and its address
}

// SiteStats tells an operator what a node has in memory.
type SiteStats struct {
	DatabaseID string
	Lineages   []Lineage // as in Timeline
	Position   Position  // what is served
	ChangedAt  time.Time // when the change at Position was made
	Notes      int
	Pages      int
	Bytes      int64 // text of the notes held
	Warnings   []Warning
}

// Timeline returns the history of the database that the site was made of.
func (s SiteStats) Timeline() Timeline { return Timeline{s.DatabaseID, s.Position, s.Lineages} }

func escapeName(vaultPath string) string {
	return url.PathEscape(path.Base(vaultPath))
}
