package trip2g

import "time"

// Document is a note understood: its frontmatter in types, what its text refers to, and what
// could not be understood. Parsing never fails; what is wrong becomes a Warning.
type Document struct {
	Title       string // frontmatter, else the first level-1 heading, else the file's name
	Description string
	Slug        string
	Permalink   string
	Aliases     []string
	Tags        []string
	Hidden      bool // publish: false
	MembersOnly bool // free: false
	CreatedAt   time.Time
	UpdatedAt   time.Time
	AssetRefs   []string // every reference to a file that is no note, as written, in order, each once
	Warnings    []Warning
	AST         any // the parser's own tree, for the renderer that comes with it
}

// Warning tells an owner what in a note could not be taken as it was meant.
type Warning struct {
	Path string
	Line int // from 1; 0 if it is about the whole note
	Text string
}

// Links answers where the references of one note lead.
type Links interface {
	// Note resolves the target of a link to a note, without its "#" part, to a URL path.
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
