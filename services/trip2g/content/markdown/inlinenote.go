package markdown

import (
	"bytes"
	"strconv"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// inlineNoteParser parses ^[text] as a footnote. The text is parsed in place, like a link's. At its
// end it becomes a footnote definition, and a reference as for [^label] replaces it.
type inlineNoteParser struct {
	definition parser.BlockParser  // only to register a definition
	reference  parser.InlineParser // of a label
}

func newInlineNoteParser() inlineNoteParser {
	return inlineNoteParser{extension.NewFootnoteBlockParser(), footnoteReference{extension.NewFootnoteParser()}}
}

func (inlineNoteParser) Trigger() []byte { return []byte{'^', ']'} }

// noteStart marks the start of an inline footnote until its end is parsed.
type noteStart struct {
	ast.BaseInline
	segment text.Segment // of "^["
	end     int          // offset of the closing "]"
	bottom  ast.Node     // the preceding delimiter, if any
}

var noteStartKind = ast.NewNodeKind("InlineFootnoteStart")

// Kind is ast.Node's.
func (s *noteStart) Kind() ast.NodeKind { return noteStartKind }

// Dump is ast.Node's.
func (s *noteStart) Dump(source []byte, level int) { ast.DumpHelper(s, source, level, nil, nil) }

var (
	noteStartsKey   = parser.NewContextKey()
	noteContentsKey = parser.NewContextKey()
)

// noteStarts returns the open footnotes, the innermost last.
func noteStarts(pc parser.Context) []*noteStart {
	starts, _ := pc.Get(noteStartsKey).([]*noteStart)
	return starts
}

func (p inlineNoteParser) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, segment := block.PeekLine()
	if line[0] == ']' {
		return p.end(parent, block, pc, segment.Start)
	}
	if len(line) < len("^[]") || line[1] != '[' || line[2] == ']' {
		return nil
	}
	block.Advance(len("^["))
	content, found := block.FindClosure('[', ']', text.FindClosureOptions{CodeSpan: true, Nesting: true, Newline: true})
	if !found {
		return nil
	}
	start := &noteStart{segment: segment.WithStop(segment.Start + len("^[")), end: content.At(content.Len() - 1).Stop}
	if last := pc.LastDelimiter(); last != nil {
		start.bottom = last
	}
	pc.Set(noteStartsKey, append(noteStarts(pc), start))
	return start
}

// end makes a footnote of the content since the innermost start, if it ends at this offset.
func (p inlineNoteParser) end(parent ast.Node, block text.Reader, pc parser.Context, offset int) ast.Node {
	starts := noteStarts(pc)
	if len(starts) == 0 || starts[len(starts)-1].end != offset {
		return nil
	}
	start := starts[len(starts)-1]
	label := []byte("\x00" + strconv.Itoa(offset)) // cannot occur in a text
	limits := limitsOf(pc)
	if limits.footnotes >= maxInlineNotes || !limits.spend(chaseWork*limits.footnotes) {
		limits.meet(offset, tooManyFootnotes)
		return nil
	}
	block.Advance(1)
	pc.Set(noteStartsKey, starts[:len(starts)-1])
	parser.ProcessDelimiters(start.bottom, pc)
	p.define(label, start, block, pc)
	parent.RemoveChild(parent, start)
	return p.reference.Parse(parent, text.NewReader(bytes.Join([][]byte{[]byte("[^"), label, []byte("]")}, nil)), pc)
}

// noteContent is the text of a footnote before its placement. The tree cannot contain parsed text
// while blocks are parsed.
type noteContent struct{ place, held *ast.Paragraph }

// define moves the content after a start into a footnote definition.
func (p inlineNoteParser) define(label []byte, start *noteStart, block text.Reader, pc parser.Context) {
	content := noteContent{ast.NewParagraph(), ast.NewParagraph()}
	for start.NextSibling() != nil {
		content.held.AppendChild(content.held, start.NextSibling())
	}
	contents, _ := pc.Get(noteContentsKey).([]noteContent)
	pc.Set(noteContentsKey, append(contents, content))
	note := extast.NewFootnote(label)
	note.AppendChild(note, content.place)
	root := start.OwnerDocument()
	root.AppendChild(root, note)
	p.definition.Close(note, block, pc)
	limitsOf(pc).footnotes++
}

// inlineNotes puts the texts of inline footnotes into their definitions.
type inlineNotes struct{}

func (inlineNotes) Transform(_ *ast.Document, _ text.Reader, pc parser.Context) {
	contents, _ := pc.Get(noteContentsKey).([]noteContent)
	for _, c := range contents {
		for c.held.HasChildren() {
			c.place.AppendChild(c.place, c.held.FirstChild())
		}
	}
}

// CloseBlock turns unfinished footnotes back into text, for example if code or a link contains the
// "]".
func (inlineNoteParser) CloseBlock(_ ast.Node, _ text.Reader, pc parser.Context) {
	for _, start := range noteStarts(pc) {
		ast.MergeOrReplaceTextSegment(start.Parent(), start, start.segment)
	}
	pc.Set(noteStartsKey, nil)
}
