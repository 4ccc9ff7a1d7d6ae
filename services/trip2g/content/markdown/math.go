package markdown

import (
	"bytes"
	"fmt"
	"html"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"trip2g/services/trip2g/content/markdown/tex"
)

// maxMath limits the math of one note, in bytes. Each can become 30 bytes of a page. Math beyond it
// is shown verbatim.
const maxMath = 128 << 10

// mathFence begins and ends display math.
var mathFence = []byte("$$")

// formula has the common fields of mathInline and mathBlock.
type formula struct {
	tex     []byte
	display bool
	mathML  string // "" after a failure
}

// mathInline is $math$ or $$display math$$ within a text.
type mathInline struct {
	ast.BaseInline
	formula
}

// mathBlock is math between lines that begin and end with "$$".
type mathBlock struct {
	ast.BaseBlock
	formula
	ended bool // the closing "$$" has been read
}

var (
	mathInlineKind = ast.NewNodeKind("MathInline")
	mathBlockKind  = ast.NewNodeKind("MathBlock")
)

// Kind is ast.Node's.
func (m *mathInline) Kind() ast.NodeKind { return mathInlineKind }

// Dump is ast.Node's.
func (m *mathInline) Dump(source []byte, level int) { ast.DumpHelper(m, source, level, nil, nil) }

// Kind is ast.Node's.
func (m *mathBlock) Kind() ast.NodeKind { return mathBlockKind }

// Dump is ast.Node's.
func (m *mathBlock) Dump(source []byte, level int) { ast.DumpHelper(m, source, level, nil, nil) }

// IsRaw is ast.Node's: math contains no Markdown.
func (m *mathBlock) IsRaw() bool { return true }

// mathParser parses inline math. As in Obsidian, no space may follow the first "$" or precede the
// last. As in Pandoc, no digit may follow the last, so that prices stay text.
type mathParser struct{}

func (mathParser) Trigger() []byte { return []byte{'$'} }

func (mathParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	display := bytes.HasPrefix(line, mathFence)
	if display {
		block.Advance(len(mathFence))
	} else {
		block.Advance(1)
	}
	found := closeFormula(block, display)
	if util.IsBlank(found) || !display && (util.IsSpace(found[0]) || util.IsSpace(found[len(found)-1])) {
		return nil
	}
	if next := block.Peek(); !display && next >= '0' && next <= '9' {
		return nil
	}
	return &mathInline{formula: formula{tex: found, display: display}}
}

// closeFormula reads up to and including the closing "$" or "$$", and returns nil without one. Code
// does not begin within math.
func closeFormula(block text.Reader, display bool) []byte {
	var found []byte
	for {
		line, _ := block.PeekLine()
		if line == nil {
			return nil
		}
		for i := 0; i < len(line); i++ {
			switch {
			case line[i] == '\\':
				i++
			case line[i] == '`':
				return nil
			case line[i] == '$' && !display:
				block.Advance(i + 1)
				return append(found, line[:i]...)
			case bytes.HasPrefix(line[i:], mathFence):
				block.Advance(i + len(mathFence))
				return append(found, line[:i]...)
			}
		}
		found = append(found, line...)
		block.AdvanceLine()
	}
}

// mathBlockParser parses math on lines of its own.
type mathBlockParser struct{}

func (mathBlockParser) Trigger() []byte { return []byte{'$'} }

func (mathBlockParser) Open(_ ast.Node, reader text.Reader, pc parser.Context) (ast.Node, parser.State) {
	line, segment := reader.PeekLine()
	at := pc.BlockOffset()
	if at < 0 || !bytes.HasPrefix(line[at:], mathFence) {
		return nil, parser.NoChildren
	}
	at += len(mathFence)
	if i := bytes.Index(line[at:], mathFence); i >= 0 {
		if !util.IsBlank(line[at+i+len(mathFence):]) || util.IsBlank(line[at:at+i]) {
			return nil, parser.NoChildren
		}
	} else if !mathEnds(reader.Source(), segment.Stop, pc) {
		return nil, parser.NoChildren
	}
	reader.Advance(at)
	node := &mathBlock{formula: formula{display: true}}
	node.takeLine(reader)
	return node, parser.NoChildren
}

// takeLine adds the rest of a line to a block and advances past it; ended reports that the line
// ends the block.
func (m *mathBlock) takeLine(reader text.Reader) (ended bool) {
	line, segment := reader.PeekLine()
	end := bytes.Index(line, mathFence)
	if end < 0 {
		m.Lines().Append(segment)
		m.tex = append(m.tex, line...)
		reader.AdvanceToEOL()
		return false
	}
	m.Lines().Append(segment.WithStop(segment.Start + end - segment.Padding))
	m.tex = append(m.tex, line[:end]...)
	reader.Advance(end + len(mathFence))
	m.ended = true
	return true
}

var noMathKey = parser.NewContextKey()

// mathEnds reports whether a "$$" follows. It remembers the position after which none does.
func mathEnds(source []byte, from int, pc parser.Context) bool {
	if none, ok := pc.Get(noMathKey).(int); ok && from >= none {
		return false
	}
	if bytes.Contains(source[from:], mathFence) {
		return true
	}
	pc.Set(noMathKey, from)
	return false
}

func (mathBlockParser) Continue(node ast.Node, reader text.Reader, _ parser.Context) parser.State {
	m := node.(*mathBlock)
	if m.ended || m.takeLine(reader) {
		return parser.Close
	}
	return parser.Continue | parser.NoChildren
}

func (mathBlockParser) Close(ast.Node, text.Reader, parser.Context) {}

func (mathBlockParser) CanInterruptParagraph() bool { return true }

func (mathBlockParser) CanAcceptIndentedLine() bool { return false }

// makeMath converts the formulas in a tree to MathML, at most left bytes of them, and records
// failures. It returns the number of bytes that remain.
func makeMath(root ast.Node, l *limits, left int) int {
	ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		var f *formula
		switch n := n.(type) {
		case *mathInline:
			f = &n.formula
		case *mathBlock:
			f = &n.formula
		}
		if f == nil || !entering {
			return ast.WalkContinue, nil
		}
		if left -= len(f.tex); left < 0 {
			l.meet(n.Pos(), fmt.Sprintf("the note has more than %d KB of formulas; the last are shown as they are written", maxMath>>10))
			return ast.WalkContinue, nil
		}
		var err error
		if f.mathML, err = tex.MathML(string(f.tex), f.display); err != nil {
			l.meet(n.Pos(), "a formula is shown as it is written: "+err.Error())
		}
		return ast.WalkContinue, nil
	})
	return left
}

func renderMathInline(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	f := n.(*mathInline).formula
	if !entering {
		return ast.WalkContinue, nil
	}
	if f.mathML == "" {
		w.WriteString(`<code class="math">` + html.EscapeString(string(f.tex)) + "</code>")
		return ast.WalkContinue, nil
	}
	_, err := w.WriteString(f.mathML)
	return ast.WalkContinue, err
}

// renderMathBlock renders math in a scrollable box.
func renderMathBlock(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	f := n.(*mathBlock).formula
	if !entering {
		return ast.WalkContinue, nil
	}
	tag, content := "div", f.mathML
	if content == "" {
		tag, content = "pre", "<code>"+html.EscapeString(string(bytes.Trim(f.tex, "\r\n")))+"</code>"
	}
	w.WriteString("<" + tag + ` class="math"`)
	writeID(w, n)
	_, err := w.WriteString(">" + content + "</" + tag + ">\n")
	return ast.WalkContinue, err
}
