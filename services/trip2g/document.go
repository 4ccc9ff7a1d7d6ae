package trip2g

import (
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Document is a parsed note: its frontmatter, its references, and its warnings. Parsing never
// fails: an error in the note becomes a Warning.
type Document struct {
	Title       string // frontmatter, else the first level-1 heading, else the file's name
	TitleInBody bool   // Body begins with Title as a level-1 heading of its own
	Description string
	Lang        string // a language tag (BCP 47), "" if not set
	Slug        string
	Permalink   string
	ContentType string // media type of a text that is served verbatim; "": the note is a page
	Aliases     []string
	Tags        []string // from the frontmatter, then from the text, each once in any letter case
	Access      Access   // as the note sets it
	CreatedAt   time.Time
	UpdatedAt   time.Time
	AssetRefs   []string // every reference to an asset, percent-decoded, in order, each once
	Links       []Link   // to other notes, in order of first mention, each once
	Headings    []Heading
	Image       string            // the frontmatter's preview image: a reference or a URL; "" without one
	Languages   map[string]string // references to translations of the note, by lower-case language tag; nil without any
	Classes     []string          // from the frontmatter for the owner's CSS file, each a CSS identifier
	Settings    *Settings         // nil except for the note SettingsPath
	Warnings    []Warning

	Body     string // the text without its frontmatter and %%comments%%
	BodyLine int    // line of the note on which Body begins, from 1
	Format   Format
}

// Address returns the URL path of a note by NoteURL; ok is false for a note without a page. A slug
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

// MayHave reports whether a slug can set the note's URL path to url.
func (d *Document) MayHave(url string) bool {
	return !IsReserved(url) && url != TagsURL && (!IsServerFile(url) || d.ContentType != "")
}

// Link is a reference to another note.
type Link struct {
	Target   string // percent-decoded, without "#" and the text after it
	Embed    bool   // the note is embedded
	Relative bool   // resolved from the note's folder first, as in standard Markdown: see Resolve
	Start    int    // offset of the block of Body that contains the link
	End      int
}

// Resolve returns the URL path of a link's page. Pages and backlinks both use it, so they agree.
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

// Heading is a heading of a note's text, for the table of contents.
type Heading struct {
	Level int    // 1 to 6
	ID    string // the fragment of a link to the heading
	Text  string // without markup
}

// SettingsPath is the path of the note with the site's settings.
const SettingsPath = "_settings.md"

// Settings are the site settings: the frontmatter of the note SettingsPath. The zero value is for a
// vault without the note.
type Settings struct {
	Title       string // of the site; "": see Site.Name
	Home        string // path or title of the home page; "": chosen by name
	Description string
	Lang        string // of pages that set none
	Footer      string // a line of Markdown below every page
	Stylesheet  string // reference to the owner's CSS file
	Icon        string // reference to the site's icon
	Image       string // reference to the preview image of pages that set none
	HardBreaks  bool   // line breaks in a paragraph are kept
	RawHTML     bool   // HTML in notes is kept; otherwise it is sanitized
	HideGraph   bool   // pages show no graph
	NoIndex     bool   // search engines are asked not to index the site

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
	Line  int // from 1; 0: the whole note
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

// Links resolves the references of one note. References have no "#" part and are percent-decoded.
// "./" and "../" are relative to the note's folder, "/" to the vault's root. Any other reference is
// resolved as in Obsidian.
type Links interface {
	// Note resolves a link to a note to the unescaped URL path of its page, or to WithheldPage if
	// the readers may not read that page.
	Note(target string) (url string, ok bool)
	// Asset resolves a reference to a file.
	Asset(ref string) (asset NoteAsset, ok bool)
	// Embed resolves a reference to an embedded note.
	Embed(target string) (e Embed, ok bool)
	// Settings are the site's.
	Settings() Settings
}

// WithheldPage replaces the URL path of a page that the readers of a link may not read. They see
// only the link's text, because the path can reveal more than a link by an alias or a file's name.
const WithheldPage = "\x00withheld"

// Embed is a note that is embedded in another one.
type Embed struct {
	URL   string // of its page, unescaped
	Path  string // in the vault; identifies the note
	Doc   *Document
	Links Links // resolves the references of its text
}

// AssetURL returns the URL path at which every node serves a file. It contains the hash, so its
// content never changes.
func AssetURL(a NoteAsset) string {
	return AssetPrefix + a.Hash + "/" + escapeName(a.AbsolutePath)
}

// TagsURL is the URL path of the list of all tags, and the prefix of tag pages.
const TagsURL = "/tags"

// TagURL returns the unescaped URL path of a tag's page. tag has no "#"; letter case is ignored.
func TagURL(tag string) string {
	out := TagsURL
	for segment := range strings.SplitSeq(norm.NFC.String(tag), "/") {
		if segment != "" {
			out += "/" + strings.ToLower(segment)
		}
	}
	return out
}

// DocsURL is the URL path at which every node serves the documentation of its version.
const DocsURL = SystemPrefix + "docs/"

// AssetPrefix is the prefix of the URL paths of assets.
const AssetPrefix = SystemPrefix + "assets/"
