package markdown

import (
	"bytes"
	"fmt"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"trip2g/services/trip2g"
)

// Limits of parsing. A Markdown parser looks ahead and back, so some texts take quadratic time: 160
// KB of "*a_ " took 8 s, and 10 KB of a table with a first row of 5,000 cells and 2,500 short rows
// became 63 MB. The limits keep any note of 16 MB within seconds and are far above what people
// write. They count work, not time, so that every node renders a note alike.
const (
	// maxDepth limits the nesting of lists, quotes and footnotes; deeper ones are text.
	maxDepth = 100
	// maxHeading limits the length of a heading's line, in bytes.
	maxHeading = 4096
	// maxHeadingBlocks limits the headings of a note. Each costs several times as much as a line of
	// text, because of its id and order, and takes only three bytes: a megabyte took 5.6 s.
	maxHeadingBlocks = 10_000
	// freeWork is the cost of a block that is not counted: a paragraph of 2.5 KB with 200 marks.
	freeWork = 500_000
	// noteWork limits the total cost of a note's expensive blocks, in steps of about 1 ns
	// (measured).
	noteWork = 1_000_000_000
	// A table can have freeCells cells, plus cellsPerByte for each byte of its text: rows shorter
	// than the first are padded with empty cells.
	freeCells    = 10_000
	cellsPerByte = 4
	// maxInlineNotes limits the inline footnotes of a note; further ones are text. "^[a]" becomes
	// 200 bytes.
	maxInlineNotes = 4096
	// chaseWork is the number of steps per visited entry of a linked list (measured).
	chaseWork = 4
	// maxFaults limits the warnings about limits of one note.
	maxFaults = 20
)

// marks are the characters that can open, close or end inline syntax.
const marks = "[]!*_`<~=$"

// limits counts the cost of parsing one note.
type limits struct {
	work      int64 // remaining for expensive blocks
	footnotes int64 // definitions so far
	headings  int   // so far
	escapes   int64 // table rows with an escaped bar in code so far
	faults    []fault
	known     map[string]bool
	dense     map[ast.Node]bool // replacements of paragraphs too dense to parse
}

// fault is an exceeded limit and its byte offset in the text.
type fault struct {
	offset int
	text   string
}

var limitsKey = parser.NewContextKey()

func newLimits(work int64) *limits {
	return &limits{work: work, known: make(map[string]bool), dense: make(map[ast.Node]bool)}
}

func limitsOf(pc parser.Context) *limits { return pc.Get(limitsKey).(*limits) }

// afford subtracts cost from the remaining work; false if there is not enough.
func (l *limits) afford(cost int64) bool {
	if cost <= freeWork {
		return true
	}
	return l.spend(cost)
}

func (l *limits) spend(cost int64) bool {
	if cost > l.work {
		return false
	}
	l.work -= cost
	return true
}

// meet records the first place at which a limit is exceeded.
func (l *limits) meet(offset int, text string) {
	if !l.known[text] && len(l.faults) < maxFaults {
		l.known[text] = true
		l.faults = append(l.faults, fault{offset, text})
	}
}

func (l *limits) warnings(path string, source []byte, bodyLine int) []trip2g.Warning {
	var warnings []trip2g.Warning
	for _, f := range l.faults {
		line := bodyLine + bytes.Count(source[:min(f.offset, len(source))], []byte{'\n'})
		warnings = append(warnings, trip2g.Warning{Path: path, Line: line, Text: f.text})
	}
	return warnings
}

// lineWork estimates the inline parsers' work: each mark can make them scan the whole text.
func lineWork(text []byte) int64 { return int64(countMarks(text)) * int64(len(text)) }

func countMarks(text []byte) int {
	n := 0
	for i := range len(marks) {
		n += bytes.Count(text, []byte{marks[i]})
	}
	return n
}

// shallow is a container parser that opens no block below maxDepth.
type shallow struct{ parser.BlockParser }

func (s shallow) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil && depth < maxDepth; n = n.Parent() {
		depth++
	}
	if depth < maxDepth {
		return s.BlockParser.Open(parent, reader, pc)
	}
	_, segment := reader.PeekLine()
	limitsOf(pc).meet(segment.Start, fmt.Sprintf("lists and quotes lie more than %d levels deep; the deepest are shown as text", maxDepth))
	return nil, parser.NoChildren
}

// fewHeadings is a heading parser. All such parsers together make at most maxHeadingBlocks per
// note.
type fewHeadings struct{ parser.BlockParser }

func (f fewHeadings) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	l := limitsOf(pc)
	if l.headings == maxHeadingBlocks {
		_, segment := reader.PeekLine()
		l.meet(segment.Start, fmt.Sprintf("the note has more than %d headings; what follows is shown without further ones", maxHeadingBlocks))
		return nil, parser.NoChildren
	}
	node, state := f.BlockParser.Open(parent, reader, pc)
	if node != nil {
		l.headings++
	}
	return node, state
}

// shortHeading parses headings that start with "#". Very long ones become paragraphs, which have a
// limit of their own. It removes the block identifier from a heading's end.
type shortHeading struct{ parser.BlockParser }

func (s shortHeading) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	if line, segment := reader.PeekLine(); len(line) > maxHeading {
		limitsOf(pc).meet(segment.Start, fmt.Sprintf("a heading is longer than %d bytes and is shown as text", maxHeading))
		return nil, parser.NoChildren
	}
	node, state := s.BlockParser.Open(parent, reader, pc)
	if node != nil && node.Lines().Len() > 0 {
		if rest, id := cutBlockID(node.Lines().At(0), reader.Source()); id != nil {
			node.Lines().Set(0, rest)
			setBlockID(node, id, pc)
		}
	}
	return node, state
}

// footnoteDefinition counts definitions, because each footnote reference searches them.
type footnoteDefinition struct{ shallow }

func (f footnoteDefinition) Open(parent ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	node, state := f.shallow.Open(parent, reader, pc)
	if node != nil {
		limitsOf(pc).footnotes++
	}
	return node, state
}

const tooManyFootnotes = "the note has too many footnotes; the last references are shown as text"

type footnoteReference struct{ parser.InlineParser }

func (f footnoteReference) Parse(parent ast.Node, block text.Reader, pc parser.Context) ast.Node {
	line, segment := block.PeekLine()
	if !bytes.HasPrefix(bytes.TrimPrefix(line, []byte("!")), []byte("[^")) {
		return nil
	}
	if l := limitsOf(pc); !l.spend(chaseWork * l.footnotes) {
		l.meet(segment.Start, tooManyFootnotes)
		return nil
	}
	return f.InlineParser.Parse(parent, block, pc)
}

// definitions transforms link reference definitions in a paragraph.
type definitions struct{ parser.ParagraphTransformer }

func (d definitions) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	lines := int64(node.Lines().Len())
	first := node.Lines().At(0)
	l := limitsOf(pc)
	if bytes.HasPrefix(bytes.TrimSpace(first.Value(reader.Source())), []byte("[")) && !l.afford(lines*lines) {
		l.meet(first.Start, "a paragraph has too many lines; link definitions in it are shown as text")
		return
	}
	d.ParagraphTransformer.Transform(node, reader, pc)
}

// table transforms paragraphs into tables.
type table struct{ parser.ParagraphTransformer }

func (t table) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	l := limitsOf(pc)
	if columns := delimiterColumns(node, reader.Source()); columns == 0 {
		return
	} else if !l.affordTable(node, reader.Source(), int64(columns)) {
		l.meet(node.Lines().At(0).Start, "a table is too large or too dense and is shown as text")
		return
	}
	t.ParagraphTransformer.Transform(node, reader, pc)
}

// delimiterColumns returns the maximum number of columns declared by a line of a paragraph; 0: no
// table.
func delimiterColumns(node *ast.Paragraph, source []byte) int {
	most := 0
	for i := 1; i < node.Lines().Len(); i++ {
		segment := node.Lines().At(i)
		line := bytes.TrimSpace(segment.Value(source))
		if len(bytes.Trim(line, "|-: \t")) == 0 && bytes.IndexByte(line, '-') >= 0 {
			most = max(most, bytes.Count(line, []byte{'|'})+1)
		}
	}
	return most
}

func (l *limits) affordTable(node *ast.Paragraph, source []byte, columns int64) bool {
	size := int64(0)
	for i := range node.Lines().Len() {
		segment := node.Lines().At(i)
		line := segment.Value(source)
		size += int64(len(line))
		if !l.afford(lineWork(line)) {
			return false
		}
		if bytes.Contains(line, []byte(`\|`)) && bytes.IndexByte(line, '`') >= 0 {
			l.escapes++
			if !l.spend(chaseWork * l.escapes) {
				return false
			}
		}
	}
	return columns*int64(node.Lines().Len()) <= freeCells+cellsPerByte*size
}

// paragraphLimit runs after all other paragraph transformers and replaces too expensive paragraphs
// by their verbatim text.
type paragraphLimit struct{}

func (paragraphLimit) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	size, found := int64(0), int64(0)
	lines := node.Lines()
	for i := range lines.Len() {
		segment := lines.At(i)
		line := segment.Value(reader.Source())
		size += int64(len(line))
		found += int64(countMarks(line))
	}
	l := limitsOf(pc)
	if l.afford(size * found) {
		return
	}
	l.meet(lines.At(0).Start, fmt.Sprintf("a paragraph of %d KB with %d marks is too dense and is shown as it stands", size/1024, found))
	block := ast.NewCodeBlock()
	block.SetLines(lines)
	block.SetBlankPreviousLines(node.HasBlankPreviousLines())
	l.dense[block] = true
	node.Parent().ReplaceChild(node.Parent(), node, block)
}
