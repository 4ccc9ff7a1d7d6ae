package trip2g

import "html/template"

// SystemPage is a page below /_system/, for example a sign-in or admin page.
type SystemPage struct {
	Title   string  // of the page, and its level-1 heading
	Lang    string  // of the page, a BCP 47 tag of a language with texts; "" for English
	Path    string  // its URL path, unescaped: the entry of Nav with it is marked
	Visitor Visitor // selects the links in the header
	Nav     []NavItem
	Body    template.HTML // trusted HTML below the heading
	Wide    bool          // the page has the window's full width

	// Stylesheets and Scripts are names of embedded files (site/static), such as
	// "console/nodes.js", or absolute URL paths. They follow those of every page. Scripts are
	// modules.
	Stylesheets, Scripts []string
}

// NavItem is a link in the navigation of system pages.
type NavItem struct {
	Title string
	URL   string // a path, unescaped
	Group string // heading above neighbors with the same group; "" for none
}

// SystemPageRenderer renders a page with the layout of the current site. The result depends on the
// visitor, so it is not cached.
type SystemPageRenderer func(SystemPage) []byte
