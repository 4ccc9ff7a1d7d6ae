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

// maxTag is the longest tag that a text can have, in bytes.
const maxTag = 256

// tagParser finds tags: "#" after a space, an opening bracket or a mark of emphasis or at a line's
// start, and a name as tagName takes it.
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
// 2.5). goldmark ends a text where a parser looks at it, which would take "&" and "#35;" apart.
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

// tagName returns the tag's name that a text begins with, "" if there is none: letters, digits, emoji,
// "_", "-" and single "/" between them, and more than a number. The rule is Obsidian's.
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

// zeroWidthJoiner makes one emoji of several.
const zeroWidthJoiner = '\u200d'

// tagNode is a tag in a text, without its "#".
type tagNode struct {
	ast.BaseInline
	name   string
	inLink bool // where it is text and no tag
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

// addTags adds the tags of a text to those of the frontmatter, each once in any letter case; ok is
// false if there are too many of them.
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
