package site

import (
	"bytes"
	"html"
	"html/template"
	"net/url"
	"strings"
)

// Bounds of the explorer: how many lines one folder has, and how deep it opens by itself.
const (
	maxBranches = 200
	maxOpen     = 12
)

// treePrefix is where the lists of what is in folders are, for the explorer.
const treePrefix = systemPrefix + "/tree"

func treeURL(folder string) string { return escaped(treePrefix + folder) }

// escaped makes a URL path ready to be written.
func escaped(path string) string {
	if isEscaped(path) {
		return path
	}
	return (&url.URL{Path: path}).String()
}

// isEscaped tells of most paths, without building a URL, that there is nothing to escape in them.
func isEscaped(path string) bool {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") {
		return false
	}
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("/-_.~", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// place is where a page is in the vault.
type place struct {
	address string // its URL path
	title   string
	folder  string // URL of the folder that it is in or of which it is the page; "" for what is in none
	system  bool   // it is below /_system/, where the vault's stylesheet and footer have no power
}

// explorer lists the top level and all that is in the folders above a page.
func (r *reading) explorer(p place) []branch {
	list, _ := r.branches("/", p, maxOpen)
	return list
}

// branches lists what is in a folder, and tells whether there is more. The line that leads to the page is
// there however many there are.
func (r *reading) branches(folderURL string, p place, deep int) (list []branch, more bool) {
	items, more := r.list(folderURL, maxBranches)
	list = make([]branch, 0, len(items)+1)
	shown := false
	for _, item := range items {
		b := r.branch(item, p, deep)
		shown = shown || b.Current
		list = append(list, b)
	}
	if more && !shown && p.isBelow(folderURL) {
		list = append(list, r.branch(r.missing(folderURL, p), p, deep))
	}
	return list, more
}

func (r *reading) branch(i item, p place, deep int) branch {
	i.Description = "" // the explorer shows none
	shown := i.URL == p.address
	i.Current = shown || i.Folder && p.isBelow(i.URL)
	b := branch{item: i, Shown: shown}
	if !i.Folder {
		return b
	}
	b.TreeURL = treeURL(i.URL)
	if i.Current && deep > 0 && p.isBelow(i.URL) {
		b.Open = true
		b.Children, b.More = r.branches(i.URL, p, deep-1)
	}
	return b
}

// isBelow tells whether the page is in a folder or below it, or is the folder's own.
func (p place) isBelow(folderURL string) bool {
	return p.folder == folderURL || folderURL == "/" && p.folder != "" || strings.HasPrefix(p.folder, folderURL+"/")
}

// missing is the line that leads to the page from a folder with more in it than is listed.
func (r *reading) missing(folderURL string, p place) item {
	if p.folder == folderURL {
		return item{Title: p.title, URL: p.address}
	}
	next := p.folder
	for parentURL(next) != folderURL {
		next = parentURL(next)
	}
	return item{Title: r.ask(question{about: crumbAt, of: next}).(crumb).title, URL: next, Folder: true}
}

// list gives at most limit pages of what is in a folder, and whether there are more.
func (r *reading) list(folderURL string, limit int) (items []item, more bool) {
	r.ask(question{about: listIn, of: folderURL})
	items = r.shelf().items(folderURL, limit+1)
	if len(items) > limit {
		return items[:limit], true
	}
	return items, false
}

// branchesHTML makes the list items of an explorer. They are hundreds on every page, and as a template took
// half of the time in which a page is made.
func branchesHTML(branches []branch) (list template.HTML) {
	inBuffer(func(b *bytes.Buffer) {
		writeBranches(b, branches)
		list = template.HTML(b.String())
	})
	return list
}

func writeBranches(b *bytes.Buffer, branches []branch) {
	for _, x := range branches {
		b.WriteString("\n<li")
		if x.TreeURL != "" {
			b.WriteString(` class="folder`)
			if x.Open {
				b.WriteString(" open")
			}
			b.WriteString(`" data-tree="`)
			b.WriteString(html.EscapeString(x.TreeURL))
			b.WriteByte('"')
		}
		b.WriteByte('>')
		current := ""
		switch {
		case x.Shown:
			current = ` aria-current="page"`
		case x.Current:
			current = ` aria-current="true"`
		}
		writeLink(b, x.URL, current, x.Title)
		if x.Open {
			b.WriteString("\n<ul>")
			writeBranches(b, x.Children)
			if x.More {
				b.WriteString("\n<li>")
				writeLink(b, x.URL, ` lang="en"`, "More …")
				b.WriteString("</li>")
			}
			b.WriteString("\n</ul>")
		}
		b.WriteString("</li>")
	}
}

// writeLink writes a line's link. The title runs as its own script does, and the line begins where all others do.
func writeLink(b *bytes.Buffer, url, attributes, text string) {
	for _, part := range [...]string{`<a href="`, html.EscapeString(escaped(url)), `"`, attributes, "><bdi>", html.EscapeString(text), "</bdi></a>"} {
		b.WriteString(part)
	}
}
