package render

import (
	"bytes"
	"html"
	"html/template"
	"net/url"
	"strings"

	"trip2g/services/trip2g/content/site/index"
	"trip2g/services/trip2g/i18n"
)

// Bounds of the explorer: lines of a folder, and depth of open folders.
const (
	maxTreeNodes = 200
	maxOpenDepth = 12
)

// treePrefix starts the URL paths of folder lists for the explorer.
const treePrefix = systemPrefix + "/tree"

func treeURL(folder string) string { return escapeURL(treePrefix + folder) }

// escapeURL percent-encodes a URL path.
func escapeURL(path string) string {
	if needsNoEscape(path) {
		return path
	}
	return (&url.URL{Path: path}).String()
}

// needsNoEscape reports whether path contains only plain characters. It is a fast path: most do.
func needsNoEscape(path string) bool {
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

// pagePosition is the position of a page in the vault.
type pagePosition struct {
	url    string // path
	title  string
	folder string // URL of the containing folder, or of the folder whose page it is; "" for none
	system bool   // below /_system/, where the vault's stylesheet and footer do not apply
}

// explorer returns the top level and the contents of the folders above a page.
func (r *renderContext) explorer(p pagePosition) []treeNode {
	list, _ := r.treeNodes("/", p, maxOpenDepth)
	return list
}

// treeNodes returns the contents of a folder, and reports whether there are more. The line that
// leads to the page is always included.
func (r *renderContext) treeNodes(folderURL string, p pagePosition, depth int) (list []treeNode, more bool) {
	items, more := r.listFolder(folderURL, maxTreeNodes)
	list = make([]treeNode, 0, len(items)+1)
	shown := false
	for _, item := range items {
		n := r.treeNode(item, p, depth)
		shown = shown || n.Current
		list = append(list, n)
	}
	if more && !shown && p.isIn(folderURL) {
		list = append(list, r.treeNode(r.overflowItem(folderURL, p), p, depth))
	}
	return list, more
}

func (r *renderContext) treeNode(i index.ListItem, p pagePosition, depth int) treeNode {
	i.Description = "" // not shown here
	isPage := i.URL == p.url
	i.Current = isPage || i.Folder && p.isIn(i.URL)
	n := treeNode{ListItem: i, IsPage: isPage}
	if !i.Folder {
		return n
	}
	n.TreeURL = treeURL(i.URL)
	if i.Current && depth > 0 && p.isIn(i.URL) {
		n.Open = true
		n.Children, n.More = r.treeNodes(i.URL, p, depth-1)
	}
	return n
}

// isIn reports whether the page is in a folder, below it, or its own page.
func (p pagePosition) isIn(folderURL string) bool {
	return p.folder == folderURL || folderURL == "/" && p.folder != "" || strings.HasPrefix(p.folder, folderURL+"/")
}

// overflowItem returns the line that leads to the page, for a folder with more lines than are
// listed.
func (r *renderContext) overflowItem(folderURL string, p pagePosition) index.ListItem {
	if p.folder == folderURL {
		return index.ListItem{Title: p.title, URL: p.url}
	}
	next := p.folder
	for index.ParentURL(next) != folderURL {
		next = index.ParentURL(next)
	}
	return index.ListItem{Title: r.lookup(dep{kind: depCrumb, key: next}).(index.Crumb).Title, URL: next, Folder: true}
}

// treeHTML writes the list items of an explorer. There are hundreds on every page, and as a
// template they took half of the rendering time.
func treeHTML(texts *i18n.Language, nodes []treeNode) (list template.HTML) {
	withBuffer(func(b *bytes.Buffer) {
		writeTree(b, texts, nodes)
		list = template.HTML(b.String())
	})
	return list
}

func writeTree(b *bytes.Buffer, texts *i18n.Language, nodes []treeNode) {
	for _, n := range nodes {
		b.WriteString("\n<li")
		if n.TreeURL != "" {
			b.WriteString(` class="folder`)
			if n.Open {
				b.WriteString(" open")
			}
			b.WriteString(`" data-tree="`)
			b.WriteString(html.EscapeString(n.TreeURL))
			b.WriteByte('"')
		}
		b.WriteByte('>')
		current := ""
		switch {
		case n.IsPage:
			current = ` aria-current="page"`
		case n.Current:
			current = ` aria-current="true"`
		}
		writeLink(b, n.URL, current, n.Title)
		if n.Open {
			b.WriteString("\n<ul>")
			writeTree(b, texts, n.Children)
			if n.More {
				b.WriteString("\n<li>")
				writeLink(b, n.URL, ` lang="`+texts.Tag()+`"`, texts.Text("page.more"))
				b.WriteString("</li>")
			}
			b.WriteString("\n</ul>")
		}
		b.WriteString("</li>")
	}
}

// writeLink writes the link of a line. <bdi> keeps a right-to-left title from moving the line's
// start.
func writeLink(b *bytes.Buffer, url, attributes, text string) {
	for _, part := range [...]string{`<a href="`, html.EscapeString(escapeURL(url)), `"`, attributes, "><bdi>", html.EscapeString(text), "</bdi></a>"} {
		b.WriteString(part)
	}
}
