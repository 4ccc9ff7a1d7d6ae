package trip2g

import "html/template"

// SystemPage is a page below /_system/, for example a sign-in or admin page.
type SystemPage struct {
	Title   string  // of the page, and its level-1 heading
	Path    string  // its URL path, unescaped: the entry of Nav with it is marked
	Visitor Visitor // selects the links in the header
	Nav     []NavItem
	Body    template.HTML // what comes below the heading, safe to be shown as it is
	Wide    bool          // it has the window's width, not that of a text

	// Stylesheets and Scripts are names of the look's own files (site/static), as "console/nodes.js", or
	// URL paths with a slash before. They come after those of every page; scripts are modules.
	Stylesheets, Scripts []string
}

// NavItem is a link among those of a part of the server.
type NavItem struct {
	Title string
	URL   string // a path, unescaped
	Group string // heading that it is under with its neighbours of the same group; "" for none
}

// SystemPageRenderer renders a page with the layout of the current site. The result depends on the visitor,
// so it is not cached.
type SystemPageRenderer func(SystemPage) []byte
