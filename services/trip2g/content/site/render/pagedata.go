package render

import (
	"html/template"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/index"
)

// pageData is the data of the page templates. Pages are cached per kind of reader, so nothing in it
// is personal. URL paths are unescaped, to be passed to href, except where marked as escaped.
type pageData struct {
	// Of the site.
	Lang       string // of the page: its note's, else the site's
	SiteName   string
	Stylesheet string // of the theme, escaped
	OwnerStyle string // the owner's stylesheet, loaded after the theme's, escaped; "" without one
	Icon       string // escaped
	Footer     template.HTML
	Manual     *Manual // on pages of the documentation; otherwise nil
	Feeds      []feedLink
	Explorer   []treeNode // folders and notes that the reader may read, from the top

	// Of the reader.
	AllPrivate bool           // shows the owner that nothing is public yet
	Reader     trip2g.Visitor // determines the header's links
	SignIn     string         // sign-in page that leads back to this page, escaped

	// Of the page.
	Address     string // URL path; "" for a notice
	Title       string
	Heading     string // shown above the body; "" if the body contains it
	Description string
	Canonical   string      // absolute and escaped; "" if the site's base URL is unknown
	Alternates  []alternate // translations, including this page; empty if there are none
	OpenGraph   *openGraph  // for link previews; nil for pages that are not public
	Hidden      bool        // noindex
	Access      string      // access of the note in one word; "" for public
	Home        bool
	Crumbs      []index.ListItem // folders above, from the top, without the home page

	// Of a note.
	Body      template.HTML // sanitized
	Contents  []heading     // table of contents; empty if it would be too short
	Tags      []tagLink
	Created   time.Time // zero if the note does not say
	Updated   time.Time // zero if the note does not say
	Backlinks []backlink
	GraphURL  string // JSON, escaped; "" without a graph

	// Of a list, a tag's page or a notice.
	Items        []index.ListItem
	Tag          string     // tag with the URL of this note, without "#"; "" for none
	Below        []tagCount // tags below the shown one
	Message      string
	OffersSignIn bool             // signing in may give access to the page
	Suggestions  []index.ListItem // similar URLs on a 404 page, best first
}

// treeNode is a line of the explorer.
type treeNode struct {
	index.ListItem
	IsPage   bool       // the shown page itself, not a folder above it
	Open     bool       // a folder with Children
	Children []treeNode // of an open folder
	TreeURL  string     // JSON list of a folder's contents (title, url, folder, tree), escaped; "" for a note
	More     bool       // not all contents are listed
}

// heading is a line of a table of contents.
type heading struct {
	Level int    // 1 to 6
	ID    string // of the heading in Body
	Text  string
}

// backlink is a note that links to the shown one.
type backlink struct {
	Title, URL string
	Context    string // plain text around the link, shortened; may be ""
}

// tagLink is a link to a tag's page.
type tagLink struct {
	Name string // without "#", as the note writes it
	URL  string
}

// tagCount is a tag with its number of notes.
type tagCount struct {
	tagLink
	Notes int
}

// alternate is a translation of a page.
type alternate struct {
	Lang string // a language tag (BCP 47)
	URL  string // escaped; absolute if the site's base URL is known
}

// openGraph is the metadata of a link preview (https://ogp.me).
type openGraph struct {
	Title, Description string
	Type               string // "website" or "article"
	URL                string // absolute and escaped; "" if the site's base URL is unknown
	Image              string // likewise; "" without an image
}

// feedLink is a feed of the site.
type feedLink struct {
	Title, Type string // Type is a media type
	URL         string // escaped
}
