package markdown

import (
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

func (tagParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	before := block.PrecendingCharacter()
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

// tagName gives the tag's name that a text begins with, "" if there is none: letters, digits, emoji,
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

// element gives what a tag is shown as.
func (t *tagNode) element() ast.Node {
	if t.inLink {
		return rawString("#" + t.name)
	}
	return (&element{tag: "span", attributes: []attribute{{"class", "tag"}}}).holding("#" + t.name)
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
