package trip2g

import (
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Document is a parsed note: its frontmatter, its references, and its warnings. Parsing never fails: an error
// in the note becomes a Warning.
type Document struct {
	Title       string // frontmatter, else the first level-1 heading, else the file's name
	TitleInBody bool   // Body begins with Title as a level-1 heading of its own
	Description string
	Lang        string // a language tag (BCP 47), "" if the note names none
	Slug        string
	Permalink   string
	ContentType string // the text is served as it is written, with this media type; "": as a page
	Aliases     []string
	Tags        []string // the frontmatter's, then those in the text, each once in any letter case
	Access      Access   // who may read the note, as it says itself
	CreatedAt   time.Time
	UpdatedAt   time.Time
	AssetRefs   []string // every reference to a file that is no note, percent-decoded, in order, each once
	Links       []Link   // to other notes, in order of their first mention, each once
	Headings    []Heading
	Image       string            // the frontmatter's picture for the whole note: a reference, or a URL of its own; "" without one
	Languages   map[string]string // references to this note in other languages, by language tag in lower case; nil without any
	Classes     []string          // the frontmatter's names for the owner's CSS file, each a CSS identifier
	Settings    *Settings         // nil except for the note SettingsPath
	Warnings    []Warning

	Body     string // the text without its frontmatter and %%comments%%
	BodyLine int    // the note's line on which Body begins, from 1
	Format   Format
}

// Address returns the URL path that a note requests, by NoteURL; ok is false for an unpublished note. A slug
// that results in a reserved URL is ignored.
func (d *Document) Address(notePath string) (url string, ok bool) {
	if d.Access.Level == NotShown {
		return "", false
	}
	url, ok = NoteURL(notePath, d.Slug)
	if ok && d.Slug != "" && !d.MayHave(url) {
		url, ok = NoteURL(notePath, "")
	}
	return url, ok
}

// MayHave reports whether the note may have a URL path by its slug.
func (d *Document) MayHave(url string) bool {
	return !IsReserved(url) && url != TagsURL && (!IsServerFile(url) || d.ContentType != "")
}

// Link is a reference to another note.
type Link struct {
	Target   string // percent-decoded, without "#" and what follows
	Embed    bool   // the note is shown in this one
	Relative bool   // resolved from the note's folder first, as in plain Markdown: see Resolve
	Start    int    // the block of Body that it is in: its context
	End      int
}

// Resolve returns the URL path of a link's page. All links are resolved by it, so that pages and backlinks agree.
func (l Link) Resolve(links Links) (url string, ok bool) {
	if l.PrefersRelative() {
		if url, ok := links.Note("./" + l.Target); ok {
			return url, true
		}
	}
	return links.Note(l.Target)
}

// PrefersRelative reports whether "./" + Target is tried before Target.
func (l Link) PrefersRelative() bool {
	return l.Relative && !strings.HasPrefix(l.Target, "/") && !strings.HasPrefix(l.Target, "./") && !strings.HasPrefix(l.Target, "../")
}

// Heading is a heading of a note's text, for its table of contents.
type Heading struct {
	Level int    // 1 to 6
	ID    string // what a link's "#" part says
	Text  string // without markup
}

// SettingsPath is where an owner's note with the site's settings is.
const SettingsPath = "_settings.md"

// Settings are the site settings: the frontmatter of the note SettingsPath. The zero value is that of a vault
// without the note.
type Settings struct {
	Title       string // of the site; "": see Site.Name
	Home        string // path or title of the note that is the home page; "": the one that its name makes it
	Description string
	Lang        string // of pages that name none
	Footer      string // a line of Markdown below every page
	Stylesheet  string // reference to the owner's CSS file
	Icon        string // reference to the site's icon
	Image       string // reference to the picture of pages that name none, for previews elsewhere
	HardBreaks  bool   // a line break in a paragraph is one on the page
	RawHTML     bool   // HTML in notes is kept; otherwise it is sanitized
	HideGraph   bool   // pages show no graph
	NoIndex     bool   // search engines are asked to stay away

	// Access is the default for notes that do not set it. It overrides the stored one.
	Access SiteAccess
}

// Format is the markup of a note.
type Format int

const (
	Markdown Format = iota
	HTML
	Plain // unparsable; shown verbatim
)

// Warning describes a problem in a note, for its owner.
type Warning struct {
	Path  string
	Line  int // from 1; 0 if it is about the whole note
	Text  string
	Level WarningLevel
}

// WarningLevel is the severity of a warning.
type WarningLevel uint8

// Levels of warnings.
const (
	LevelWarning  WarningLevel = iota // a part of the note is not shown as intended
	LevelInfo                         // nothing is wrong
	LevelCritical                     // the whole text or the whole frontmatter could not be read
)

// Links resolves the references of one note. References have no "#" part and are percent-decoded. One with
// "./" or "../" is relative to the note's folder, one with "/" to the vault's root, and any other is resolved
// as in Obsidian.
type Links interface {
	// Note resolves a link to a note to the URL path of its page, unescaped; to WithheldPage if the readers may not
	// have that page.
	Note(target string) (url string, ok bool)
	// Asset resolves a reference to a file.
	Asset(ref string) (asset NoteAsset, ok bool)
	// Embed resolves a reference to a note that is to be shown in this one.
	Embed(target string) (e Embed, ok bool)
	// Settings are the site's.
	Settings() Settings
}

// WithheldPage stands for the URL path of a page that the readers of a link may not have. They see the link's text
// alone: the path can say what nobody told them, since a link can go by an alias or a file's name.
const WithheldPage = "\x00withheld"

// Embed is a note that is embedded in another one.
type Embed struct {
	URL   string // of its page, unescaped
	Path  string // in the vault; identifies the note
	Doc   *Document
	Links Links // for the references of its text
}

// AssetURL returns the URL path at which every node serves a file. It contains the hash, so its content never
// changes.
func AssetURL(a NoteAsset) string {
	return AssetPrefix + a.Hash + "/" + escapeName(a.AbsolutePath)
}

// TagsURL is the page that lists all tags; those of the tags are below it.
const TagsURL = "/tags"

// TagURL is the URL path of a tag's page, unescaped. tag is without "#", and letter case does not matter.
func TagURL(tag string) string {
	out := TagsURL
	for segment := range strings.SplitSeq(norm.NFC.String(tag), "/") {
		if segment != "" {
			out += "/" + strings.ToLower(segment)
		}
	}
	return out
}

// DocsURL is where every node serves the documentation of its version.
const DocsURL = SystemPrefix + "docs/"

// AssetPrefix is where the URLs of files start.
const AssetPrefix = SystemPrefix + "assets/"
