package markdown

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"trip2g/services/trip2g"
)

// maxTag limits a tag in a text, in bytes.
const maxTag = 256

// tagParser parses tags: "#" at the start of a line or after a space, an opening bracket or an
// emphasis mark, and a name accepted by tagName.
type tagParser struct{}

func (tagParser) Trigger() []byte { return []byte{'#'} }

func (tagParser) Parse(parent ast.Node, block text.Reader, _ parser.Context) ast.Node {
	before := block.PrecendingCharacter()
	if before == '&' {
		return characterReference(parent, block)
	}
	if !util.IsSpaceRune(before) && !unicode.In(before, unicode.Ps, unicode.Pi) && !strings.ContainsRune("*_~", before) {
		return nil
	}
	line, _ := block.PeekLine()
	name := tagName(line[1:])
	if name == "" {
		return nil
	}
	block.Advance(1 + len(name))
	return &tagNode{name: name}
}

var numericReference = regexp.MustCompile(`^#(?:[0-9]{1,7}|[xX][0-9A-Fa-f]{1,6});`)

// characterReference returns the text of a numeric character reference (CommonMark 0.31.2, section
// 2.5). goldmark splits a text where a parser is triggered, which would separate "&" and "#35;".
func characterReference(parent ast.Node, block text.Reader) ast.Node {
	line, segment := block.PeekLine()
	length := len(numericReference.Find(line))
	last, ok := parent.LastChild().(*ast.Text)
	if length == 0 || !ok || last.Segment.Stop != segment.Start || isEscaped(block.Source(), segment.Start-1) {
		return nil
	}
	last.Segment = last.Segment.WithStop(segment.Start - 1)
	block.Advance(length)
	return ast.NewTextSegment(text.NewSegment(segment.Start-1, segment.Start+length))
}

// tagName returns the tag's name at the start of a text, "" without one. By Obsidian's rule, it
// consists of letters, digits, emoji, "_", "-" and single "/" between them, and is not only a
// number.
func tagName(text []byte) string {
	end, isName := 0, false
	for i := 0; i < len(text) && end <= maxTag; {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case unicode.IsLetter(r) || r > unicode.MaxASCII && unicode.In(r, unicode.So, unicode.Sk):
			isName = true
		case r == '/' && i > 0 && i == end: // ends the name unless more of it follows
			i++
			continue
		case !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '_' && r != '-' && r != zeroWidthJoiner:
			i = len(text)
			continue
		}
		i += size
		end = i
	}
	if !isName || end > maxTag {
		return ""
	}
	return string(text[:end])
}

// zeroWidthJoiner joins several emoji into one.
const zeroWidthJoiner = '\u200d'

// tagNode is a tag in a text, without its "#".
type tagNode struct {
	ast.BaseInline
	name   string
	inLink bool // shown as text, not as a tag
}

var tagKind = ast.NewNodeKind("Tag")

// Kind is ast.Node's.
func (t *tagNode) Kind() ast.NodeKind { return tagKind }

// Dump is ast.Node's.
func (t *tagNode) Dump(source []byte, level int) {
	ast.DumpHelper(t, source, level, map[string]string{"Name": t.name}, nil)
}

func renderTag(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	t := n.(*tagNode)
	if !entering {
		return ast.WalkContinue, nil
	}
	shown := "#" + html.EscapeString(t.name)
	if !t.inLink {
		shown = `<a class="tag" href="` + html.EscapeString((&url.URL{Path: trip2g.TagURL(t.name)}).String()) + `" rel="tag">` + shown + "</a>"
	}
	_, err := w.WriteString(shown)
	return ast.WalkContinue, err
}

// addTags adds the tags of a text to those of the frontmatter, each once in any letter case. ok is
// false above the limit.
func addTags(doc *trip2g.Document, found []string) (ok bool) {
	known := make(map[string]bool)
	all := append(doc.Tags, found...)
	doc.Tags = nil
	for _, tag := range all {
		key := strings.ToLower(tag)
		if known[key] {
			continue
		}
		if len(doc.Tags) == maxItems {
			return false
		}
		known[key] = true
		doc.Tags = append(doc.Tags, tag)
	}
	return true
}
