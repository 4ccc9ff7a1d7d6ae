package trip2g

import (
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Document is a note understood: its frontmatter in types, what its text refers to, and what
// could not be understood. Parsing never fails; what is wrong becomes a Warning.
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

// Address gives the URL path that a note asks for, by NoteURL; ok is false for one that is not to be
// seen. A slug that makes an address of the server's own is left out.
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

// MayHave reports whether the note's slug may make a URL path its address.
func (d *Document) MayHave(url string) bool {
	return !IsReserved(url) && url != TagsURL && (!IsServerFile(url) || d.ContentType != "")
}

// Link is a reference to another note.
type Link struct {
	Target   string // percent-decoded, without "#" and what follows
	Embed    bool   // it is shown in this note, not only led to
	Relative bool   // a note at this path from the folder of this one comes first, as in any Markdown: see Resolve
	Start    int    // the block of Body that it is in: its context
	End      int
}

// Resolve finds the address of the page that a link leads to. Every link must be resolved by it: what
// a page shows, and what is listed as leading to a page, are then the same.
func (l Link) Resolve(links Links) (url string, ok bool) {
	if l.PrefersRelative() {
		if url, ok := links.Note("./" + l.Target); ok {
			return url, true
		}
	}
	return links.Note(l.Target)
}

// PrefersRelative tells whether "./" and the target comes before the target.
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

// Settings are what an owner says of the whole site, in the frontmatter of the note SettingsPath. The
// zero Settings are those of a vault without one.
type Settings struct {
	Title       string // of the site; "": see Site.Name
	Home        string // path or title of the note that is the home page; "": the one that its name makes it
	Description string
	Lang        string // of pages that name none
	Footer      string // a line of Markdown below every page
	Stylesheet  string // reference to the owner's CSS file
	Icon        string // reference to the site's icon
	Image       string // reference to the picture of pages that name none, for previews elsewhere
	HardBreaks  bool   // a line's end in a paragraph is a line's end on the page
	RawHTML     bool   // HTML in notes is kept as it is; else what could do harm is taken out
	HideGraph   bool   // pages show no graph
	NoIndex     bool   // search engines are asked to stay away

	// Access is who may read notes that do not say. It comes before what the database has.
	Access SiteAccess
}

// Format is how a note's text is written.
type Format int

// Plain is for a text that could not be parsed: it is shown as it stands.
const (
	Markdown Format = iota
	HTML
	Plain
)

// Warning tells an owner what in a note could not be taken as it was meant.
type Warning struct {
	Path  string
	Line  int // from 1; 0 if it is about the whole note
	Text  string
	Level WarningLevel
}

// WarningLevel says how much a warning matters. The zero value is the usual one.
type WarningLevel uint8

// Levels of warnings.
const (
	LevelWarning  WarningLevel = iota // a part of the note is not shown as it was meant
	LevelInfo                         // nothing is wrong
	LevelCritical                     // nothing of the note's text, or of its frontmatter, could be read
)

// Links answers where the references of one note lead. References come without their "#" part and
// percent-decoded. One that starts with "./" or "../" is meant from the note's folder, one that
// starts with "/" from the vault's root, and any other as Obsidian finds it.
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

// Embed is a note as another one shows it.
type Embed struct {
	URL   string // of its page, unescaped
	Path  string // in the vault: what tells one note from another
	Doc   *Document
	Links Links // for the references of its text
}

// AssetURL is the URL path at which every node serves a file: it names the content, so what it
// gives never changes.
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
const DocsURL = "/_system/docs/"

// AssetPrefix is where the URLs of files start.
const AssetPrefix = "/_system/assets/"
