package markdown

import (
	"bytes"
	"html"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// calloutTypes are Obsidian's types with their aliases. Any other name is shown as note.
var calloutTypes = map[string][]string{
	"note": nil, "abstract": {"summary", "tldr"}, "info": nil, "todo": nil, "tip": {"hint", "important"},
	"success": {"check", "done"}, "question": {"help", "faq"}, "warning": {"caution", "attention"},
	"failure": {"fail", "missing"}, "danger": {"error"}, "bug": nil, "example": nil, "quote": {"cite"},
}

// calloutType returns the type for a name or alias.
func calloutType(name string) string {
	name = strings.ToLower(name)
	for known, others := range calloutTypes {
		if name == known || slices.Contains(others, name) {
			return known
		}
	}
	return "note"
}

// calloutTitle is the first line of a callout: "[!type]- Title".
type calloutTitle struct {
	ast.BaseBlock
	kind string // one of calloutTypes
	fold byte   // '+' or '-': initially open or closed; 0: not foldable
}

var calloutTitleKind = ast.NewNodeKind("CalloutTitle")

// Kind is ast.Node's.
func (t *calloutTitle) Kind() ast.NodeKind { return calloutTitleKind }

// Dump is ast.Node's.
func (t *calloutTitle) Dump(source []byte, level int) {
	ast.DumpHelper(t, source, level, map[string]string{"Kind": t.kind}, nil)
}

// calloutMark matches the name, Obsidian's metadata, which is not shown, the fold and the title.
var calloutMark = regexp.MustCompile(`^\[!([^\]|\n]{1,100})(?:\|[^\]\n]{0,100})?\]([+-]?)(?:[ \t]+(.*))?\s*$`)

// callouts turns quotes that begin with a callout's title into callouts.
type callouts struct{}

func (callouts) Transform(node *ast.Paragraph, reader text.Reader, pc parser.Context) {
	if node.PreviousSibling() != nil || node.Parent().Kind() != ast.KindBlockquote {
		return
	}
	first := node.Lines().At(0)
	line := first.Value(reader.Source())
	if !bytes.HasPrefix(line, []byte("[!")) || len(line) > maxHeading || !limitsOf(pc).afford(lineWork(line)) {
		return
	}
	m := calloutMark.FindSubmatchIndex(line)
	if m == nil {
		return
	}
	name := strings.TrimSpace(string(line[m[2]:m[3]]))
	title := &calloutTitle{kind: calloutType(name)}
	if m[4] < m[5] {
		title.fold = line[m[4]]
	}
	if m[6] >= 0 && !util.IsBlank(line[m[6]:m[7]]) {
		segments := text.NewSegments()
		rest := first.WithStart(first.Start + m[6])
		segments.Append(rest.TrimRightSpace(reader.Source()))
		title.SetLines(segments)
	} else {
		title.AppendChild(title, rawString(titleOfType(name)))
	}
	node.Parent().InsertBefore(node.Parent(), node, title)
	node.Lines().SetSliced(1, node.Lines().Len())
	if node.Lines().Len() == 0 {
		node.Parent().RemoveChild(node.Parent(), node)
	}
}

// titleOfType returns the default title of a type, as in Obsidian: "My type" for "my-type".
func titleOfType(name string) string {
	name = strings.ReplaceAll(name, "-", " ")
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToUpper(first)) + name[size:]
}

// renderBlockquote renders a quote or a callout. Screen readers get a callout's type as text.
func renderBlockquote(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	title, _ := n.FirstChild().(*calloutTitle)
	start, end := "<blockquote", "</blockquote>\n"
	if title != nil {
		start, end = title.frame()
	}
	if !entering {
		_, err := w.WriteString(end)
		return ast.WalkContinue, err
	}
	w.WriteString(start)
	writeID(w, n)
	_, err := w.WriteString(">\n")
	return ast.WalkContinue, err
}

// frame returns the tags around a callout, the start tag without its ">".
func (t *calloutTitle) frame() (start, end string) {
	attributes := ` class="callout callout-` + t.kind + `" aria-label="` + titleOfType(t.kind) + `"`
	switch t.fold {
	case '+':
		return "<details" + attributes + " open", "</details>\n"
	case '-':
		return "<details" + attributes, "</details>\n"
	}
	return "<div" + attributes + ` role="note"`, "</div>\n"
}

func renderCalloutTitle(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	tag := "p"
	if n.(*calloutTitle).fold != 0 {
		tag = "summary"
	}
	if entering {
		_, err := w.WriteString("<" + tag + ` class="callout-title">`)
		return ast.WalkContinue, err
	}
	_, err := w.WriteString("</" + tag + ">\n")
	return ast.WalkContinue, err
}

// writeID writes the id attribute of a block, if it has one.
func writeID(w util.BufWriter, n ast.Node) {
	if id, ok := n.AttributeString("id"); ok {
		w.WriteString(` id="` + html.EscapeString(string(id.([]byte))) + `"`)
	}
}
