package trip2g

import "time"

// Document is a note understood: its frontmatter in types, what its text refers to, and what
// could not be understood. Parsing never fails; what is wrong becomes a Warning.
type Document struct {
	Title       string // frontmatter, else the first level-1 heading, else the file's name
	TitleInBody bool   // Body begins with Title as a level-1 heading of its own
	Description string
	Lang        string // a language tag (BCP 47), "" if the note names none
	Slug        string
	Permalink   string
	Aliases     []string
	Tags        []string // the frontmatter's, then those in the text, each once in any letter case
	Hidden      bool     // publish: false
	MembersOnly bool     // free: false
	CreatedAt   time.Time
	UpdatedAt   time.Time
	AssetRefs   []string // every reference to a file that is no note, percent-decoded, in order, each once
	Warnings    []Warning

	Body     string // the text without its frontmatter and %%comments%%
	BodyLine int    // the note's line on which Body begins, from 1
	Format   Format
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
	Path string
	Line int // from 1; 0 if it is about the whole note
	Text string
}

// Links answers where the references of one note lead. References come without their "#" part and
// percent-decoded. One that starts with "./" or "../" is meant from the note's folder, one that
// starts with "/" from the vault's root, and any other as Obsidian finds it.
type Links interface {
	// Note resolves a link to a note to the URL path of its page, unescaped.
	Note(target string) (url string, ok bool)
	// Asset resolves a reference to a file.
	Asset(ref string) (asset NoteAsset, ok bool)
}

// AssetURL is the URL path at which every node serves a file: it names the content, so what it
// gives never changes.
func AssetURL(a NoteAsset) string {
	return AssetPrefix + a.Hash + "/" + escapeName(a.AbsolutePath)
}

// AssetPrefix is where the URLs of files start.
const AssetPrefix = "/_system/assets/"
