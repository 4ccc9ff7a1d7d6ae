package site

import (
	"html/template"
	"time"

	"trip2g/services/trip2g"
)

// view is what the templates are filled with. A page is shared by all readers of one kind, so that
// nothing in it is about one person. URL paths are unescaped, for the templates' href, except where it
// says that an address is ready to be written as it is.
type view struct {
	// Of the site.
	Lang       string // of the page: its note's, else the site's
	SiteName   string
	Stylesheet string // the look's own, ready
	OwnerStyle string // the owner's stylesheet, to come after the look's, ready; "" without one
	Icon       string // ready
	Footer     template.HTML
	Manual     *Manual // of the documentation's pages; nil on those of an owner's site
	Feeds      []feedLink
	Explorer   []branch // the vault's folders and notes that this reader may read, from the top

	// Of the reader.
	AllPrivate bool          // nothing is public yet, which the owner is told
	Reader     trip2g.Reader // for whom the page is: what its header offers
	SignIn     string        // where one who is not signed in can do so and comes back to this page, ready

	// Of the page.
	Address     string // its URL path; "" for a notice, which stands at any
	Title       string
	Heading     string // to be shown above the body, "" if the body has it
	Description string
	Canonical   string      // absolute, ready; "" where the site's own address is not known
	Alternates  []alternate // this page in other languages, itself among them; empty if there are none
	OpenGraph   *openGraph  // what a preview elsewhere shows; nil for what is not public
	Hidden      bool        // not for search engines
	Access      string      // who may read the note, in a word; "" if everyone may
	Home        bool
	Crumbs      []item // the folders above, from the top, without the start page

	// Of a note.
	Body      template.HTML // sanitised
	Contents  []heading     // the table of contents; empty where it would be of no use
	Tags      []tagLink
	Created   time.Time // zero if the note does not say
	Updated   time.Time // zero if the note does not say
	Backlinks []backlink
	GraphURL  string // of the note's local graph (JSON), ready; "" if there is none to show

	// Of a list, a tag's page or a notice.
	Items        []item
	Tag          string     // whose page the note takes, without "#"; "" for none
	Below        []tagCount // the tags below the one shown
	Message      string
	OffersSignIn bool   // who signs in may get the page that this one stands for
	Suggestions  []item // pages that one who asked in vain may have meant, the likeliest first
}

// branch is a line of the explorer.
type branch struct {
	item
	Shown    bool     // its page is the one that is shown, not one below it
	Open     bool     // a folder whose Children are here
	Children []branch // what is in an open folder
	TreeURL  string   // where a folder's children are (JSON: a list of {title, url, folder, tree}), ready; "" for a note
	More     bool     // a folder with more in it than is listed: its page has the rest
}

// heading is a line of a table of contents.
type heading struct {
	Level int    // 1 to 6
	ID    string // of the heading in Body
	Text  string
}

// backlink is a note that refers to the one shown.
type backlink struct {
	Title, URL string
	Context    string // the text around the reference, without markup, shortened; may be ""
}

// tagLink is a tag and the page with all that have it.
type tagLink struct {
	Name string // without "#", as the note writes it
	URL  string
}

// tagCount is a tag and how many notes have it.
type tagCount struct {
	tagLink
	Notes int
}

// alternate is a page in a language.
type alternate struct {
	Lang string // a language tag (BCP 47)
	URL  string // absolute where the site's own address is known, ready
}

// openGraph is what other sites show of a link to the page (https://ogp.me).
type openGraph struct {
	Title, Description string
	Type               string // "website" or "article"
	URL                string // absolute, ready; "" where the site's own address is not known
	Image              string // likewise; "" without a picture
}

// feedLink is a feed of the site.
type feedLink struct {
	Title, Type string // Type is a media type
	URL         string // ready
}
