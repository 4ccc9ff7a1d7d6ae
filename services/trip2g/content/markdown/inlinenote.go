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

// inlineNoteParser makes footnotes of ^[text]. Like a link's, the text is parsed where it stands; at
// its end it becomes a footnote's definition, and what goldmark makes of [^label] takes its place.
type inlineNoteParser struct {
	definition parser.BlockParser  // only to take a definition in
	reference  parser.InlineParser // of a label
}

func newInlineNoteParser() inlineNoteParser {
	return inlineNoteParser{extension.NewFootnoteBlockParser(), footnoteReference{extension.NewFootnoteParser()}}
}

func (inlineNoteParser) Trigger() []byte { return []byte{'^', ']'} }

// noteStart stands where an inline footnote began until its end is reached.
type noteStart struct {
	ast.BaseInline
	segment text.Segment // of "^["
	end     int          // offset of the "]" that ends it
	bottom  ast.Node     // the delimiter before it, if any
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

// noteStarts returns the footnotes that are open, the innermost last.
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

// end makes a footnote of all since the innermost start, if it ends at this offset.
func (p inlineNoteParser) end(parent ast.Node, block text.Reader, pc parser.Context, offset int) ast.Node {
	starts := noteStarts(pc)
	if len(starts) == 0 || starts[len(starts)-1].end != offset {
		return nil
	}
	start := starts[len(starts)-1]
	label := []byte("\x00" + strconv.Itoa(offset)) // which no text can have
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

// noteContent is the text of a footnote that is not in its place yet: what is in the tree while
// blocks are parsed may hold no parsed text.
type noteContent struct{ place, held *ast.Paragraph }

// define moves what follows a start into a footnote of its own.
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

// inlineNotes puts the texts of inline footnotes into their places.
type inlineNotes struct{}

func (inlineNotes) Transform(_ *ast.Document, _ text.Reader, pc parser.Context) {
	contents, _ := pc.Get(noteContentsKey).([]noteContent)
	for _, c := range contents {
		for c.held.HasChildren() {
			c.place.AppendChild(c.place, c.held.FirstChild())
		}
	}
}

// CloseBlock makes text of what did not end, because code or a link took its end.
func (inlineNoteParser) CloseBlock(_ ast.Node, _ text.Reader, pc parser.Context) {
	for _, start := range noteStarts(pc) {
		ast.MergeOrReplaceTextSegment(start.Parent(), start, start.segment)
	}
	pc.Set(noteStartsKey, nil)
}
