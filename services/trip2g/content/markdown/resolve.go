package markdown

import (
	"bytes"
	"net/url"
	"path"
	"strings"

	"github.com/yuin/goldmark/ast"
	"go.abhg.dev/goldmark/wikilink"
	"golang.org/x/net/html"

	"trip2g/services/trip2g"
)

// Link references define a destination once and use it often. They can add referenceFree bytes,
// plus a multiple of the note's size.
const (
	referencePerByte = 8
	referenceFree    = 1 << 20 // bytes
)

// resolver replaces references in a text by elements.
type resolver struct {
	*scope
	source []byte
}

// resolve replaces every reference and the HTML in a tree by elements. It returns the tags, and
// whether there was any HTML.
func resolve(root ast.Node, source []byte, in *scope) (tags []string, hasHTML bool) {
	r := &resolver{in, source}
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
		case *ast.RawHTML:
			hasHTML = true
			inLinks += opensLink(n.Segments.Value(source))
		case *ast.HTMLBlock:
			hasHTML = true
		case *ast.Text:
			if in.settings.HardBreaks && n.SoftLineBreak() {
				n.SetHardLineBreak(true)
			}
			return ast.WalkContinue, nil
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
	collector, _ := in.links.(*collector)
	for _, n := range found {
		if collector != nil {
			collector.block = blockOf(n, source)
		}
		switch next := r.replacement(n).(type) {
		case *shown:
			place(n, next, source)
		default:
			n.Parent().ReplaceChild(n.Parent(), n, next)
		}
	}
	return tags, hasHTML
}

// opensLink returns the change of the number of open links by a tag.
func opensLink(tag []byte) int {
	z := html.NewTokenizer(bytes.NewReader(tag))
	kind := z.Next()
	if name, _ := z.TagName(); string(name) != "a" {
		return 0
	}
	switch kind {
	case html.StartTagToken:
		return 1
	case html.EndTagToken:
		return -1
	}
	return 0
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

// adopt moves the children of a node to its replacement.
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
	s := ast.NewString(rewriteHTML(raw, r.scope))
	s.SetCode(true)
	return s
}

// plain returns the element for a link without a destination, which shows only its text.
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
	switch href, ok := t.resolve(r.scope); {
	case !ok:
		return missing(t.fault())
	case href == "":
		return plain()
	default:
		return link(href, "", title)
	}
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

// resolve returns the URL of a link's target in the vault. Notes have precedence, because a name
// such as "Node.js" can be a note's. href is "" for a page that the readers may not read.
func (t target) resolve(in *scope) (href string, ok bool) {
	if page, ok := t.note(in); ok {
		if page == trip2g.WithheldPage {
			return "", true
		}
		return t.noteURL(page), true
	}
	if !t.isFile() {
		return "", false
	}
	asset, ok := t.asset(in.links)
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
		return externalMedia(t.external, label, title, size)
	}
	if isNoteEnding(path.Ext(t.path)) || t.path == "" {
		if label == "" {
			label = path.Base(t.path)
		}
		return r.embed(n, t, label)
	}
	if asset, ok := t.asset(r.links); ok {
		return t.assetMedia(asset, label, title, size)
	}
	if label == "" {
		label = path.Base(t.path)
	}
	return missing(t.fault()).holding(label)
}

// videoSites are hosts whose pages some editors embed as videos when written as images.
var videoSites = map[string]bool{"www.youtube.com": true, "youtube.com": true, "youtu.be": true, "vimeo.com": true, "www.vimeo.com": true}

// externalMedia returns the element for an image, audio or video file on another site. A web page
// or PDF becomes a link, because pages of this site embed no others.
func externalMedia(address, label, title string, size imageSize) *element {
	u, err := url.Parse(address)
	if err == nil && (videoSites[strings.ToLower(u.Host)] || isPDF(u.Path)) {
		if label == "" {
			label = address
		}
		return link(address, external, title).holding(label)
	}
	name := ".png" // image syntax
	if err == nil && mediaTag(u.Path) != "" {
		name = u.Path
	}
	return media(address, name, label, title, size)
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

// wikilink embeds a file or a note, or links to any other target.
func (r *resolver) wikilink(n *wikilink.Node) ast.Node {
	w := parseWikilink(n, r.source)
	if !n.Embed {
		return r.linkTo(w.target, w.label)
	}
	if w.isFile() {
		if asset, ok := w.asset(r.links); ok {
			return w.assetMedia(asset, w.label, "", w.size)
		}
	}
	return r.embed(n, w.target, w.label)
}
