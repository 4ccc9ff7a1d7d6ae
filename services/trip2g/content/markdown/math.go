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

// maxMath bounds the formulas of one note, in bytes: each can make 30 bytes of a page. What goes past
// it is shown as it is written.
const maxMath = 128 << 10

// mathFence begins and ends a formula that stands by itself.
var mathFence = []byte("$$")

// formula is what mathInline and mathBlock have in common.
type formula struct {
	tex     []byte
	display bool
	mathML  string // "" if it could not be made
}

// mathInline is $a formula$ or $$one that stands by itself$$ in a text.
type mathInline struct {
	ast.BaseInline
	formula
}

// mathBlock is a formula between lines that begin with "$$" and end with it.
type mathBlock struct {
	ast.BaseBlock
	formula
	ended bool // its last "$$" has been read
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

// IsRaw is ast.Node's: no Markdown is in a formula.
func (m *mathBlock) IsRaw() bool { return true }

// mathParser finds formulas in a text. As in Obsidian, no space may follow the first "$" or come
// before the last; as in Pandoc, no digit may follow the last, so that prices stay what they are.
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

// closeFormula reads up to the "$" or "$$" that ends a formula and past it, nil if none does. Code
// does not begin in a formula.
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

// mathBlockParser finds formulas that have lines of their own.
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

// takeLine takes the rest of a line into a block, up to its end, which it goes past; false if the
// line does not end the block.
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

// mathEnds reports whether a "$$" follows somewhere. From where none does is looked for once.
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

// makeMath makes MathML of the formulas in a tree, at most of so many bytes, and notes those of which it
// cannot. It gives how many bytes are left.
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

// renderMathBlock renders a formula in a box that can scroll.
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
