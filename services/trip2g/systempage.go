package trip2g

import "html/template"

// SystemPage is a page of the server's own, under /_system/: a sign-in page, or one of the owner's.
type SystemPage struct {
	Title   string  // of the page, and its level-1 heading
	Path    string  // its URL path, unescaped: the entry of Nav with it is marked
	Visitor Visitor // for whom it is: what the header offers
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

// SystemPageRenderer puts a page of the server's own into the look of the site that the node serves now, and gives
// the whole page's bytes. What a page shows of its reader it does not keep: such an answer is private.
type SystemPageRenderer func(SystemPage) []byte
