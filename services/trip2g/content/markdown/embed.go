package markdown

import (
	"fmt"
	"html"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/util"

	"trip2g/services/trip2g"
)

// Limits of embedded notes per note. Beyond them, an embed becomes a link.
const (
	// maxEmbedDepth limits the nesting of embeds.
	maxEmbedDepth = 5
	// maxEmbeds limits the number of embedded notes.
	maxEmbeds = 200
	// maxEmbedded limits the bytes of their texts and HTML in total.
	maxEmbedded = 2 << 20
)

// shown is an embedded note, or a part of it.
type shown struct {
	ast.BaseBlock
	title, href, lang string
	content           []byte
}

var shownKind = ast.NewNodeKind("Shown")

// Kind is ast.Node's.
func (s *shown) Kind() ast.NodeKind { return shownKind }

// Dump is ast.Node's.
func (s *shown) Dump(source []byte, level int) {
	ast.DumpHelper(s, source, level, map[string]string{"Title": s.title}, nil)
}

func renderShown(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	s := n.(*shown)
	if !entering {
		return ast.WalkContinue, nil
	}
	w.WriteString(`<section class="embed" dir="auto"`)
	if s.lang != "" {
		w.WriteString(` lang="` + html.EscapeString(s.lang) + `"`)
	}
	writeID(w, n)
	w.WriteString(">\n" + `<p class="embed-title"><a href="` + html.EscapeString(s.href) + `">` + html.EscapeString(s.title) + "</a></p>\n")
	w.Write(s.content)
	_, err := w.WriteString("</section>\n")
	return ast.WalkContinue, err
}

// embed returns the replacement of an embed: the note, or a link to it where it cannot be embedded
// or exceeds a limit, or an error message.
func (r *resolver) embed(at ast.Node, t target, label string) ast.Node {
	e, ok := r.embedded(t)
	if !ok {
		return r.linkTo(t, label)
	}
	inner := &scope{fragment: r.fragment, doc: e.Doc, links: e.Links, url: e.URL, anchor: t.anchor(), around: r.scope}
	if e.Doc.Format != trip2g.Markdown {
		inner.anchor = ""
	}
	href := t.noteURL(e.URL)
	if loop := inner.loop(); loop != "" {
		return missing("A note cannot show itself").holding(loop)
	}
	if why := inner.refuse(at); why != "" {
		return link(href, "", why).holding(label)
	}
	inner.number = r.nextText()
	var content []byte
	var err error
	if fault := contain(func() { content, err = inner.render() }); fault != nil {
		err = fault
	}
	if err != nil {
		return missing(fmt.Sprintf("“%s” %s", e.Doc.Title, err)).holding(label)
	}
	r.embedBytes -= len(content)
	return &shown{title: inner.title(t), href: href, lang: e.Doc.Lang, content: content}
}

// embedded finds the embedded note. An embed of a part of the text itself finds that text.
func (r *resolver) embedded(t target) (trip2g.Embed, bool) {
	if t.path == "" {
		_, collecting := r.links.(*collector)
		return trip2g.Embed{URL: r.url, Doc: r.doc, Links: r.links}, !collecting
	}
	return t.embed(r.links)
}

// linkTo returns a link in place of an embed, marked as broken without a target.
func (r *resolver) linkTo(t target, label string) *element {
	switch href, ok := t.resolve(r.scope); {
	case !ok:
		return missing(t.fault()).holding(label)
	case href == "":
		return plain().holding(label)
	default:
		return link(href, "", "").holding(label)
	}
}

// loop describes the cycle of embeds from a text to itself, "" without one.
func (s *scope) loop() string {
	way := s.doc.Title
	for a := s.around; a != nil; a = a.around {
		way = a.doc.Title + " → " + way
		if a.doc == s.doc && a.anchor == s.anchor {
			return "This note shows itself: " + way
		}
	}
	return ""
}

// refuse returns why a text cannot be embedded at a node, or "" and counts the embed.
func (s *scope) refuse(at ast.Node) string {
	depth := 0
	for a := s.around; a != nil; a = a.around {
		depth++
	}
	switch {
	case !holdsBlocks(at.Parent()):
		return "A note is shown only in a paragraph or a table's cell"
	case depth > maxEmbedDepth:
		return fmt.Sprintf("Notes are shown in each other at most %d deep", maxEmbedDepth)
	case s.embedsLeft == 0 || s.embedBytes < len(s.doc.Body):
		return "Too much is shown on this page already"
	}
	s.embedsLeft--
	s.embedBytes -= len(s.doc.Body)
	return ""
}

// title returns the title above an embed: the note's title and the heading.
func (s *scope) title(t target) string {
	if s.anchor == "" || strings.HasPrefix(s.anchor, "^") {
		return s.doc.Title
	}
	return s.doc.Title + " › " + t.heading()
}

// holdsBlocks reports whether a node can have an embedded note among its children.
func holdsBlocks(n ast.Node) bool {
	switch n.Kind() {
	case ast.KindParagraph, ast.KindTextBlock, extast.KindTableCell:
		return true
	}
	return false
}

// place replaces a node by an embedded note. It splits the paragraph around it.
func place(n ast.Node, s *shown, source []byte) {
	paragraph := n.Parent()
	if paragraph.Kind() == extast.KindTableCell {
		paragraph.ReplaceChild(paragraph, n, s)
		return
	}
	var rest ast.Node = ast.NewParagraph()
	if paragraph.Kind() == ast.KindTextBlock {
		rest = ast.NewTextBlock()
	}
	for n.NextSibling() != nil {
		if text, ok := n.NextSibling().(*ast.Text); ok && !rest.HasChildren() && util.IsBlank(text.Segment.Value(source)) {
			paragraph.RemoveChild(paragraph, text)
			continue
		}
		rest.AppendChild(rest, n.NextSibling())
	}
	paragraph.RemoveChild(paragraph, n)
	around := paragraph.Parent()
	around.InsertAfter(around, paragraph, s)
	if !isBlank(rest, source) {
		around.InsertAfter(around, s, rest)
	}
	if isBlank(paragraph, source) {
		if id, ok := paragraph.AttributeString("id"); ok {
			s.SetAttributeString("id", id)
		}
		around.RemoveChild(around, paragraph)
	} else if last, ok := paragraph.LastChild().(*ast.Text); ok {
		last.SetSoftLineBreak(false)
		last.SetHardLineBreak(false)
	}
}

// isBlank reports whether a block contains only space.
func isBlank(block ast.Node, source []byte) bool {
	for c := block.FirstChild(); c != nil; c = c.NextSibling() {
		if text, ok := c.(*ast.Text); !ok || !util.IsBlank(text.Segment.Value(source)) {
			return false
		}
	}
	return true
}
