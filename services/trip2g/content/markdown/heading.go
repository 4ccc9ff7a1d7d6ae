package markdown

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
	"go.abhg.dev/goldmark/wikilink"
	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
)

// maxTitle limits a title, in characters.
const maxTitle = 300

// headingID returns the id of a heading, and maps the fragment of a link to the same id. Letters
// and digits of every script are lower-cased, "_" between them stays, and each run of other
// characters becomes one "-", except at the ends. Apostrophes are dropped, so "what's new" becomes
// "whats-new". A link's "_text_" for an emphasized heading becomes "text".
func headingID(text string) string {
	var b strings.Builder
	gap, bars := false, 0
	for _, r := range strings.ToLower(norm.NFC.String(text)) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || b.Len() > 0 && !gap && bars == 0 && unicode.IsMark(r):
			if gap && b.Len() > 0 {
				b.WriteByte('-')
			} else if b.Len() > 0 {
				b.WriteString(strings.Repeat("_", bars))
			}
			gap, bars = false, 0
			b.WriteRune(r)
		case r == '_':
			bars++
		case r == '\'' || r == '\u2019':
		default:
			gap = true
		}
	}
	if b.Len() > 0 {
		return b.String()
	}
	return "section"
}

// setHeadingIDs sets a unique id for each heading: the second "a" becomes "a-1". The id of a block
// identifier is set on an inner element.
func setHeadingIDs(root ast.Node, source []byte) {
	used := make(map[string]bool)
	next := make(map[string]int)
	forEachHeading(root, func(h *ast.Heading) bool {
		base := headingID(plainText(h, source))
		id := base
		for used[id] {
			next[base]++
			id = base + "-" + strconv.Itoa(next[base])
		}
		used[id] = true
		if blockID, ok := h.AttributeString("id"); ok {
			anchor := &element{tag: "span", attributes: []attribute{{"id", string(blockID.([]byte))}}}
			h.InsertBefore(h, h.FirstChild(), anchor)
		}
		h.SetAttributeString("id", []byte(id))
		return true
	})
}

// maxHeadings limits the stored headings of one note.
const maxHeadings = 2000

// headings lists the headings of a tree with ids, except quoted ones. Texts that occur verbatim in
// the body share its memory.
func headings(root ast.Node, source []byte, body string) []trip2g.Heading {
	var found []trip2g.Heading
	forEachHeading(root, func(h *ast.Heading) bool {
		if isQuoted(h) {
			return true
		}
		text := oneLine(plainText(h, source), maxTitle)
		if lines := h.Lines(); lines.Len() == 1 {
			if line := lines.At(0); body[line.Start:line.Stop] == text {
				text = body[line.Start:line.Stop]
			}
		}
		id, _ := h.AttributeString("id")
		found = append(found, trip2g.Heading{Level: h.Level, ID: string(id.([]byte)), Text: text})
		return len(found) < maxHeadings
	})
	return slices.Clone(found) // without spare capacity, because it is kept
}

func isQuoted(n ast.Node) bool {
	for p := n.Parent(); p != nil; p = p.Parent() {
		if p.Kind() == ast.KindBlockquote {
			return true
		}
	}
	return false
}

// forEachHeading calls fn for the headings in order until fn returns false.
func forEachHeading(root ast.Node, fn func(*ast.Heading) bool) {
	ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch h, ok := n.(*ast.Heading); {
		case !entering:
			return ast.WalkContinue, nil
		case ok && !fn(h):
			return ast.WalkStop, nil
		case ok || n.FirstChild() != nil && n.FirstChild().Type() == ast.TypeInline:
			return ast.WalkSkipChildren, nil
		}
		return ast.WalkContinue, nil
	})
}

// firstHeading returns the text of the first level-1 heading, "" without one.
func firstHeading(root ast.Node, source []byte) (text string) {
	forEachHeading(root, func(h *ast.Heading) bool {
		if h.Level == 1 {
			text = plainText(h, source)
		}
		return text == ""
	})
	return text
}

// openingHeading returns the text of the level-1 heading at the start of a text, "" without one.
func openingHeading(root ast.Node, source []byte) string {
	if h, ok := root.FirstChild().(*ast.Heading); ok && h.Level == 1 {
		return plainText(h, source)
	}
	return ""
}

// plainText returns a node's text without any markup.
func plainText(n ast.Node, source []byte) string {
	var b strings.Builder
	ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if w, ok := n.(*wikilink.Node); ok {
			b.WriteString(parseWikilink(w, source).label)
			return ast.WalkSkipChildren, nil
		}
		writeInline(&b, n, source)
		return ast.WalkContinue, nil
	})
	return b.String()
}

// writeInline writes the text of one node without its children.
func writeInline(b *strings.Builder, n ast.Node, source []byte) {
	switch n := n.(type) {
	case *ast.Text:
		b.Write(textValue(n, source))
		if n.SoftLineBreak() || n.HardLineBreak() {
			b.WriteByte(' ')
		}
	case *ast.String:
		if !n.IsCode() {
			b.Write(n.Value)
		}
	case *tagNode:
		b.WriteString("#" + n.name)
	case *mathInline:
		b.Write(n.tex)
	case *ast.AutoLink:
		b.Write(n.Label(source))
	}
}

// oneLine returns a text as one line of at most limit characters. It collapses white space and
// removes control characters.
func oneLine(text string, limit int) string {
	var b strings.Builder
	b.Grow(min(len(text), limit))
	count, space := 0, false
	for _, r := range text {
		switch {
		case unicode.IsSpace(r):
			space = b.Len() > 0
			continue
		case unicode.IsControl(r):
			continue
		case space && count < limit:
			b.WriteByte(' ')
			count++
		}
		if space = false; count == limit {
			return strings.TrimSpace(b.String()) + "…"
		}
		b.WriteRune(r)
		count++
	}
	return b.String()
}
