package markdown

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	goldtext "github.com/yuin/goldmark/text"
	"go.abhg.dev/goldmark/wikilink"
	htmltoken "golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"trip2g/services/trip2g"
)

// Text returns the plain text of a document, each block on a line of its own, for search. It is
// computed on each call and is not longer than about the document's body.
func Text(doc *trip2g.Document) string {
	return strings.TrimSpace(textOf(doc, doc.Body, everything, nil))
}

// Limits of the part of a body that is searched for an excerpt, in bytes: first a multiple of the
// excerpt's length, which suffices for most notes, and then the maximum.
const (
	excerptShare = 8
	excerptBody  = 16 << 10
)

// Excerpt returns the beginning of a document's prose on one line of at most n characters, without
// headings, code, tables and math. "" if the beginning has no prose.
func Excerpt(doc *trip2g.Document, n int) string {
	size := min(excerptShare*n, excerptBody)
	text := textOf(doc, cutText(doc.Body, size), prose, nil)
	if size < min(len(doc.Body), excerptBody) && utf8.RuneCountInString(oneLine(text, n+1)) <= n {
		text = textOf(doc, cutText(doc.Body, excerptBody), prose, nil)
	}
	return oneLine(text, n)
}

// Limits of a link's context: bytes parsed around the link, and characters returned.
const (
	contextBody = 4 << 10
	contextText = 240
)

// Context returns the text of the block that contains a link, on one line of about 240 characters
// around the link. link is one of doc.Links.
func Context(doc *trip2g.Document, link trip2g.Link) string {
	block, offset := doc.Body, -1
	if doc.Format != trip2g.HTML {
		block = aroundLink(block[min(link.Start, len(block)):min(link.End, len(block))], link.Target)
		block = taskMark.ReplaceAllString(block, "")
	}
	found := textOf(doc, block, everything, func(target string, at int) {
		if offset < 0 && target == link.Target {
			offset = at
		}
	})
	return around(footnoteMark.ReplaceAllString(found[:max(offset, 0)], ""), footnoteMark.ReplaceAllString(found[max(offset, 0):], ""))
}

var (
	taskMark     = regexp.MustCompile(`^\[[ xX]\][ \t]`)
	footnoteMark = regexp.MustCompile(`\[\^[^\]\s]{1,100}\]`) // reference to a footnote outside of the block
)

// aroundLink shortens a long block to the part around a link.
func aroundLink(block, target string) string {
	if len(block) <= contextBody {
		return block
	}
	at := max(strings.Index(block, target), 0)
	start := max(at-contextBody/2, 0)
	if i := strings.IndexAny(block[start:at], " \n"); start > 0 && i >= 0 {
		start += i
	}
	return cutText(block[start:], contextBody)
}

// cutText returns at most n bytes of a text, cut at a line's end if possible.
func cutText(text string, n int) string {
	if len(text) <= n {
		return text
	}
	text = text[:n]
	if i := strings.LastIndexByte(text, '\n'); i > n/2 {
		return text[:i]
	}
	return strings.ToValidUTF8(text, "")
}

// around joins the texts before and after a link, to about contextText characters cut between
// words.
func around(before, after string) string {
	before, after = oneLine(before, len(before)), spaced(before, oneLine(after, len(after)))
	if n := utf8.RuneCountInString(before); n > contextText/2 {
		skip := 0
		for i, r := range before {
			if skip++; skip > n-contextText/2 && unicode.IsSpace(r) || skip == n-contextText/4 {
				before = "…" + strings.TrimSpace(before[i:])
				break
			}
		}
	}
	return oneLine(before+after, contextText)
}

// spaced keeps the space that separated two texts.
func spaced(before, after string) string {
	if r, _ := utf8.DecodeLastRuneInString(before); unicode.IsSpace(r) {
		return " " + after
	}
	return after
}

// choice selects the blocks to read.
type choice bool

const (
	everything choice = false
	prose      choice = true
)

// textOf returns the plain text of a piece of a document's body. It calls met with every link's
// target and offset in the text; met can be nil.
func textOf(doc *trip2g.Document, piece string, take choice, met func(target string, at int)) string {
	switch doc.Format {
	case trip2g.HTML:
		return textOfHTML(piece, met)
	case trip2g.Plain:
		return piece
	}
	source := []byte(piece)
	context := newContext(noteWork)
	addReferences(context, doc.Body, piece)
	reader := &textReader{source: source, take: take, met: met}
	if fault := contain(func() {
		ast.Walk(parserOf(source).Parse(goldtext.NewReader(source), parser.WithContext(context)), reader.visit)
	}); fault != nil {
		return piece
	}
	return reader.out.String()
}

// addReferences makes the link reference definitions of the whole body known to the parser of a
// piece.
func addReferences(context parser.Context, body, piece string) {
	if len(piece) == len(body) || !strings.Contains(piece, "]") {
		return
	}
	for at := strings.Index(body, "]:"); at >= 0; {
		start := strings.LastIndexByte(body[max(at-1000, 0):at], '\n') + 1 + max(at-1000, 0)
		if label, ok := strings.CutPrefix(strings.TrimLeft(body[start:at], " >\t"), "["); ok && !strings.HasPrefix(label, "^") {
			context.AddReference(parser.NewReference([]byte(label), []byte("#"), nil))
		}
		next := strings.Index(body[at+1:], "]:")
		if next < 0 {
			return
		}
		at += 1 + next
	}
}

// textReader writes the text of a tree.
type textReader struct {
	source []byte
	take   choice
	met    func(target string, at int)
	out    strings.Builder
	inRaw  bool // within an element whose content is not text
}

func (r *textReader) visit(n ast.Node, entering bool) (ast.WalkStatus, error) {
	if n.Type() != ast.TypeInline {
		return r.visitBlock(n, entering), nil
	}
	if !entering {
		return ast.WalkContinue, nil
	}
	switch n := n.(type) {
	case *ast.RawHTML:
		r.rawHTML(n.Segments.Value(r.source))
		return ast.WalkContinue, nil
	case *ast.Link:
		r.meet(n.Destination)
	case *ast.Image:
		r.meet(n.Destination)
		if !r.inRaw {
			label, _ := cutSize(plainText(n, r.source), false)
			r.out.WriteString(label)
		}
		return ast.WalkSkipChildren, nil
	case *wikilink.Node:
		w := parseWikilink(n, r.source)
		if r.met != nil {
			r.met(w.path, r.out.Len())
		}
		if !r.inRaw && !(n.Embed && w.label == w.path) {
			r.out.WriteString(w.label)
		}
		return ast.WalkSkipChildren, nil
	}
	if !r.inRaw {
		writeInline(&r.out, n, r.source)
	}
	return ast.WalkContinue, nil
}

// visitBlock ends each block with a line end, and writes blocks without inline text.
func (r *textReader) visitBlock(n ast.Node, entering bool) ast.WalkStatus {
	if !entering {
		if n.Kind() == extast.KindTableCell {
			r.out.WriteByte(' ')
		} else if s := r.out.String(); s != "" && !strings.HasSuffix(s, "\n") {
			r.out.WriteByte('\n')
		}
		r.inRaw = false
		return ast.WalkContinue
	}
	switch n := n.(type) {
	case *ast.Heading, *calloutTitle, *extast.Table, *extast.FootnoteList:
		if r.take == prose {
			return ast.WalkSkipChildren
		}
	case *ast.CodeBlock, *ast.FencedCodeBlock, *mathBlock:
		if r.take == everything {
			r.out.Write(bytes.Trim(n.Lines().Value(r.source), "\r\n"))
		}
	case *ast.HTMLBlock:
		r.out.WriteString(strings.TrimSpace(textOfHTML(string(n.Lines().Value(r.source)), func(target string, _ int) {
			if r.met != nil {
				r.met(target, r.out.Len())
			}
		})))
	}
	return ast.WalkContinue
}

// meet passes a link to met. Without met, it saves the time of parsing the destination.
func (r *textReader) meet(destination []byte) {
	if r.met == nil {
		return
	}
	if t, ok := parseURL(markdownURL(destination)); ok {
		r.met(t.path, r.out.Len())
	}
}

// rawHTML updates the state for a tag within a text.
func (r *textReader) rawHTML(raw []byte) {
	z := htmltoken.NewTokenizer(strings.NewReader(string(raw)))
	kind := z.Next()
	token := z.Token()
	switch {
	case kind == htmltoken.StartTagToken && rawElements[token.DataAtom]:
		r.inRaw = true
	case kind == htmltoken.EndTagToken && rawElements[token.DataAtom]:
		r.inRaw = false
	case token.DataAtom == atom.Br:
		r.out.WriteByte(' ')
	}
}

// inlineElements are elements that do not separate the words around them.
var inlineElements = map[atom.Atom]bool{
	atom.A: true, atom.Abbr: true, atom.B: true, atom.Bdi: true, atom.Bdo: true, atom.Cite: true, atom.Code: true, atom.Del: true, atom.Dfn: true,
	atom.Em: true, atom.I: true, atom.Ins: true, atom.Kbd: true, atom.Mark: true, atom.Q: true, atom.Rb: true, atom.Ruby: true, atom.S: true,
	atom.Samp: true, atom.Small: true, atom.Span: true, atom.Strong: true, atom.Sub: true, atom.Sup: true, atom.Time: true, atom.U: true, atom.Var: true,
}

func textOfHTML(piece string, met func(target string, at int)) string {
	var out strings.Builder
	tokens([]byte(piece), func(raw []byte) { out.WriteString(html.UnescapeString(string(raw))) }, func(t htmltoken.Token) {
		for _, a := range t.Attr {
			if a.Key == "href" && met != nil {
				if to, ok := parseURL(a.Val); ok {
					met(to.path, out.Len())
				}
			}
		}
		if !inlineElements[t.DataAtom] && !strings.HasSuffix(out.String(), "\n") {
			out.WriteByte('\n')
		}
	})
	return out.String()
}
