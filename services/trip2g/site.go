package trip2g

import (
	"net/url"
	"path"
	"time"
)

// Site is the visible site at one position. It is immutable and in memory; reading it does not use
// the database.
type Site interface {
	// Page returns the page at an unescaped URL path for a reader, or nil. If it is nil and
	// found.URL is not empty, the page is at that URL.
	Page(urlPath string, reader Visitor) (page Page, found Location)
	// NotFound returns the body of a 404 for a reader, with suggestions. Withheld returns that of a
	// page or file that the reader may not read. Both are never nil.
	NotFound(urlPath string, reader Visitor) Page
	Withheld(reader Visitor) Page
	// ModifiedAt returns the time of the newest visible change, which any page can show.
	ModifiedAt() time.Time
	// Asset finds a file that a published note refers to. public reports whether a public note
	// does.
	Asset(hash string) (asset NoteAsset, public, ok bool)
	// MayReadAsset reports whether a note that the reader may read refers to a file.
	MayReadAsset(hash string, reader Visitor) bool
	// Session finds a session that is valid at now.
	Session(tokenHash string, now time.Time) (Session, bool)
	// Sessions lists a user's sessions that are valid at now, newest first.
	Sessions(user int64, now time.Time) []Session
	// Settings returns the site settings.
	Settings() Settings
	// NoteByID returns a note's page; ok is false without one that the reader may read.
	NoteByID(id int64, reader Visitor) (page NotePage, ok bool)
	// Published returns a note with any access; ok is false without such a note.
	Published(id int64) (note PublishedNote, ok bool)
	// Redirects lists all redirects by From.
	Redirects() []Redirect
	// Name returns the site's name as its pages show it.
	Name() string
	// Lang returns the site's language, a BCP 47 tag.
	Lang() string
	// PublicURL returns the site's URL without a trailing slash, "" if unknown.
	PublicURL() string
	// Owned reports whether the site has an owner.
	Owned() bool
	// IsEmpty reports that no note can be shown, so that there is no page at "/".
	IsEmpty() bool
	Stats() SiteStats
	// RestrictedLinks returns warnings of links from public notes to notes that are not public.
	RestrictedLinks() []Warning
	// Access returns who can read the notes.
	Access() AccessState
	// Groups returns the groups that notes name.
	Groups() Groups
	// Unspecified lists the paths of at most limit notes that set no access themselves, in byte
	// order.
	Unspecified(limit int) []string
}

// Location is the URL of a resource that is not at the requested one.
type Location struct {
	URL       string // an unescaped URL path, or an absolute URL of another site; "" for none
	Permanent bool   // a permanent redirect; otherwise the requested URL may get a page of its own
}

// NotePage is a note with the URL of its page.
type NotePage struct {
	ID     int64
	Title  string
	URL    string    // path, unescaped
	Access Access    // resolved; set by the note itself unless Doc.Access has the level Unspecified
	Doc    *Document // must not be changed
}

// PublishedNote is a parsed note. A template, for example, has no page.
type PublishedNote struct {
	Note
	Doc      *Document // must not be changed
	URL      string    // path of its page, unescaped; "" without one
	Warnings []Warning // about the note's text and its address
}

// SiteStats describes a node's site in memory, for operators.
type SiteStats struct {
	DatabaseID string
	Lineages   []Lineage // as in Timeline
	Position   Position  // what is served
	ChangedAt  time.Time // when the change at Position was made
	Notes      int
	Pages      int
	Bytes      int64 // of the notes' texts
	Warnings   []Warning
}

// Timeline returns the history of the site's database.
func (s SiteStats) Timeline() Timeline { return Timeline{s.DatabaseID, s.Position, s.Lineages} }

func escapeName(vaultPath string) string {
	return url.PathEscape(path.Base(vaultPath))
}
