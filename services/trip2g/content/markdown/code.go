package markdown

import (
	"bytes"
	"html"
	"strings"
	"sync"
	"time"

	"github.com/alecthomas/chroma/v2"
	"github.com/alecthomas/chroma/v2/lexers"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	htmlrenderer "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// Limits of syntax highlighting per note. Code beyond them is shown without colors. A lexer's
// patterns can take quadratic time or worse, which cannot be predicted, so a timeout ends them.
// Because of the timeout, nodes can differ in highlighting.
const (
	maxColoured = 64 << 10    // bytes, 50 ms of typical code
	colourTime  = time.Second // in total
)

// languages returns the lexers by their lower-case names.
var languages = sync.OnceValue(func() map[string]chroma.Lexer {
	known := make(map[string]chroma.Lexer)
	for _, lexer := range lexers.GlobalLexerRegistry.Lexers {
		config := lexer.Config()
		for _, name := range append(config.Aliases, config.Name) {
			known[strings.ToLower(name)] = lexer
		}
	}
	return known
})

const colouredKey = "coloured"

// colourCode highlights the fenced code in a tree.
func colourCode(root ast.Node, source []byte, f *fragment) {
	ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		block, ok := n.(*ast.FencedCodeBlock)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		lexer := languages()[strings.ToLower(string(block.Language(source)))]
		code := string(block.Lines().Value(source))
		if lexer != nil && len(code) <= f.coloured {
			f.coloured -= len(code)
			if coloured := colour(lexer, code, f.colourEnd); coloured != nil {
				block.SetAttributeString(colouredKey, coloured)
			}
		}
		return ast.WalkSkipChildren, nil
	})
}

// colour returns code as HTML, nil after a failure or a timeout at end.
func colour(lexer chroma.Lexer, code string, end time.Time) []byte {
	var out, seen bytes.Buffer
	complete := false
	contain(func() {
		next, err := lexer.Tokenise(&chroma.TokeniseOptions{State: "root"}, code)
		if err != nil {
			return
		}
		class := ""
		for token := next(); token != chroma.EOF; token = next() {
			if time.Now().After(end) {
				return
			}
			seen.WriteString(token.Value)
			class = switchClass(&out, class, tokenClass(token.Type))
			out.WriteString(html.EscapeString(token.Value))
		}
		switchClass(&out, class, "")
		complete = true
	})
	if !complete || seen.String() != code {
		return nil
	}
	return out.Bytes()
}

// switchClass ends the element of one class and begins that of the next.
func switchClass(out *bytes.Buffer, from, to string) string {
	if from == to {
		return to
	}
	if from != "" {
		out.WriteString("</span>")
	}
	if to != "" {
		out.WriteString(`<span class="` + to + `">`)
	}
	return to
}

// tokenClass returns the class of a token type, "" for plain text.
func tokenClass(t chroma.TokenType) string {
	switch t {
	case chroma.KeywordType, chroma.NameClass, chroma.NameException:
		return "hl-type"
	case chroma.NameFunction, chroma.NameFunctionMagic, chroma.NameBuiltin:
		return "hl-func"
	case chroma.NameTag:
		return "hl-tag"
	case chroma.NameAttribute, chroma.NameDecorator, chroma.NameProperty:
		return "hl-attr"
	case chroma.CommentPreproc, chroma.CommentPreprocFile:
		return "hl-pre"
	case chroma.GenericInserted:
		return "hl-ins"
	case chroma.GenericDeleted:
		return "hl-del"
	case chroma.GenericHeading, chroma.GenericSubheading:
		return "hl-head"
	}
	switch {
	case t.InCategory(chroma.Keyword):
		return "hl-key"
	case t.InCategory(chroma.Comment):
		return "hl-com"
	case t.InSubCategory(chroma.LiteralString):
		return "hl-str"
	case t.InSubCategory(chroma.LiteralNumber):
		return "hl-num"
	case t.InSubCategory(chroma.NameVariable):
		return "hl-var"
	}
	return ""
}

// renderCodeSpan renders inline code. In a table, a long name can wrap after each "_", to leave
// room for the other columns.
func renderCodeSpan(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		_, err := w.WriteString("</code>")
		return ast.WalkContinue, err
	}
	w.WriteString("<code>")
	inTable := n.Parent().Kind() == extast.KindTableCell
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		text := bytes.ReplaceAll(c.(*ast.Text).Segment.Value(source), []byte("\n"), []byte(" "))
		for part := range bytes.SplitAfterSeq(text, []byte("_")) {
			htmlrenderer.DefaultWriter.RawWrite(w, part)
			if inTable && bytes.HasSuffix(part, []byte("_")) {
				w.WriteString("<wbr>")
			}
		}
	}
	return ast.WalkSkipChildren, nil
}

// isDiagram reports whether a block is a Mermaid diagram. It is shown as code, because Mermaid's
// script needs inline styles, which pages do not allow.
func isDiagram(n ast.Node, source []byte) bool {
	fenced, ok := n.(*ast.FencedCodeBlock)
	return ok && strings.EqualFold(string(fenced.Language(source)), "mermaid")
}

// renderCode renders a fenced or indented code block.
func renderCode(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	diagram := isDiagram(n, source)
	if !entering {
		_, err := w.WriteString("</code></pre>\n")
		if diagram {
			_, err = w.WriteString("</figure>\n")
		}
		return ast.WalkContinue, err
	}
	if diagram {
		w.WriteString(`<figure class="diagram"`)
		writeID(w, n)
		w.WriteString(">\n<figcaption>Diagram source (Mermaid)</figcaption>\n" + `<pre class="mermaid"`)
	} else {
		w.WriteString("<pre")
		writeID(w, n)
	}
	w.WriteString("><code")
	if fenced, ok := n.(*ast.FencedCodeBlock); ok && fenced.Language(source) != nil {
		w.WriteString(` class="language-` + html.EscapeString(markdownURL(fenced.Language(source))) + `"`)
	}
	w.WriteByte('>')
	if coloured, ok := n.AttributeString(colouredKey); ok {
		_, err := w.Write(coloured.([]byte))
		return ast.WalkContinue, err
	}
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		htmlrenderer.DefaultWriter.RawWrite(w, line.Value(source))
	}
	return ast.WalkContinue, nil
}
