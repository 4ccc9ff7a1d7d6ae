package markdown

import (
	"net/url"
	"path"

	"github.com/yuin/goldmark/ast"
	"go.abhg.dev/goldmark/wikilink"

	"trip2g/services/trip2g"
)

// Link references say a destination once and use it often: the text that they add is at most
// this much for each byte of the note, and referenceFree more.
const (
	referencePerByte = 8
	referenceFree    = 1 << 20 // bytes
)

// resolver replaces what a text refers to by elements.
type resolver struct {
	source     []byte
	links      trip2g.Links
	references int // bytes that link references may still add
}

// resolve replaces every reference in a tree, and the HTML in it, by what is to be rendered. It gives
// the tags, and whether there was any HTML.
func resolve(root ast.Node, source []byte, links trip2g.Links) (tags []string, hasHTML bool) {
	r := &resolver{source: source, links: links, references: referenceFree + referencePerByte*len(source)}
	var found []ast.Node
	inLinks := 0
	ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		isLink := n.Kind() == ast.KindLink || n.Kind() == ast.KindImage
		if !entering {
			if isLink {
				inLinks--
			}
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.RawHTML, *ast.HTMLBlock:
			hasHTML = true
		case *tagNode:
			if n.inLink = inLinks > 0; !n.inLink {
				tags = append(tags, n.name)
			}
			return ast.WalkContinue, nil
		case *ast.Link, *ast.Image:
			inLinks++
		case *ast.AutoLink, *wikilink.Node:
		default:
			return ast.WalkContinue, nil
		}
		found = append(found, n)
		return ast.WalkContinue, nil
	})
	collector, _ := links.(*collector)
	for _, n := range found {
		if collector != nil {
			collector.block = blockOf(n, source)
		}
		n.Parent().ReplaceChild(n.Parent(), n, r.replacement(n))
	}
	return tags, hasHTML
}

func (r *resolver) replacement(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.Link:
		return adopt(r.link(n), n)
	case *ast.Image:
		return r.image(n)
	case *ast.AutoLink:
		return r.autoLink(n)
	case *wikilink.Node:
		return r.wikilink(n)
	case *ast.RawHTML:
		return r.html(n.Segments.Value(r.source))
	case *ast.HTMLBlock:
		raw := n.Lines().Value(r.source)
		if n.HasClosure() {
			raw = append(raw, n.ClosureLine.Value(r.source)...)
		}
		return r.html(raw)
	}
	return n
}

// adopt moves the children of a node into the one that replaces it.
func adopt(e *element, from ast.Node) *element {
	for c := from.FirstChild(); c != nil; {
		next := c.NextSibling()
		from.RemoveChild(from, c)
		e.AppendChild(e, c)
		c = next
	}
	return e
}

func (r *resolver) html(raw []byte) ast.Node {
	s := ast.NewString(rewriteHTML(raw, r.links))
	s.SetCode(true)
	return s
}

// plain makes the element of a link without a destination: its text alone.
func plain() *element { return &element{tag: "span"} }

func (r *resolver) link(n *ast.Link) *element {
	if !r.affordReference(n.Reference, n.Destination, n.Title) {
		return plain()
	}
	title := markdownURL(n.Title)
	t, ok := parseURL(markdownURL(n.Destination))
	switch {
	case !ok || isDataImage(t.external):
		return plain()
	case t.external != "":
		return link(t.external, external, title)
	}
	if href, ok := t.resolve(r.links); ok {
		return link(href, "", title)
	}
	return missing()
}

func (r *resolver) affordReference(reference *ast.ReferenceLink, parts ...[]byte) bool {
	if reference == nil {
		return true
	}
	for _, part := range parts {
		r.references -= len(part)
	}
	return r.references >= 0
}

// resolve finds where a link leads in the vault. A name like "Node.js" can be a note's, so that
// notes come first.
func (t target) resolve(links trip2g.Links) (href string, ok bool) {
	if page, ok := t.note(links); ok {
		return t.noteURL(page), true
	}
	if !t.isFile() {
		return "", false
	}
	asset, ok := t.asset(links)
	if !ok {
		return "", false
	}
	return t.assetURL(asset), true
}

func (r *resolver) image(n *ast.Image) ast.Node {
	label, size := cutSize(plainText(n, r.source), false)
	if !r.affordReference(n.Reference, n.Destination, n.Title) {
		return plain().holding(label)
	}
	title := markdownURL(n.Title)
	t, ok := parseURL(markdownURL(n.Destination))
	if !ok {
		return plain().holding(label)
	}
	if t.external != "" {
		name := externalPath(t.external)
		if mediaTag(name) == "" {
			name = ".png" // the text says that it is a picture
		}
		return media(t.external, name, label, title, size)
	}
	if isNoteEnding(path.Ext(t.path)) || t.path == "" {
		if href, ok := t.resolve(r.links); ok {
			return link(href, "", title).holding(label)
		}
	} else if asset, ok := t.asset(r.links); ok {
		return t.assetMedia(asset, label, title, size)
	}
	if label == "" {
		label = path.Base(t.path)
	}
	return missing().holding(label)
}

// externalPath gives the path of a URL, "" if it is none.
func externalPath(s string) string {
	if u, err := url.Parse(s); err == nil {
		return u.Path
	}
	return ""
}

func (r *resolver) autoLink(n *ast.AutoLink) ast.Node {
	href := string(n.URL(r.source))
	if n.AutoLinkType == ast.AutoLinkEmail {
		href = "mailto:" + href
	}
	label := string(n.Label(r.source))
	if !isExternal(href) || isDataImage(href) {
		return plain().holding(label)
	}
	return link(href, external, "").holding(label)
}

// wikilink shows a file that is embedded; a note that is embedded is a link for now.
func (r *resolver) wikilink(n *wikilink.Node) ast.Node {
	w := parseWikilink(n, r.source)
	if n.Embed && w.isFile() {
		if asset, ok := w.asset(r.links); ok {
			return w.assetMedia(asset, w.label, "", w.size)
		}
	}
	if n.Embed && w.path != "" {
		r.links.Embed(w.path)
	}
	if href, ok := w.target.resolve(r.links); ok {
		return link(href, "", "").holding(w.label)
	}
	return missing().holding(w.label)
}
