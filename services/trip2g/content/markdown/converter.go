package markdown

import (
	"bytes"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
	"go.abhg.dev/goldmark/wikilink"
)

// converter is safe for concurrent use. It has goldmark's parsers in goldmark's order and
// Obsidian's between them. Parsers whose work can grow faster than the text are wrapped by limits.
// It renders no raw HTML, because resolve has replaced it.
var converter = goldmark.New(
	goldmark.WithParser(newParser(util.Prioritized(extension.NewLinkifyParser(), 999))),
	goldmark.WithRenderer(renderer.NewRenderer(renderer.WithNodeRenderers(
		util.Prioritized(html.NewRenderer(), 1000),
		util.Prioritized(extension.NewTableHTMLRenderer(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)), 500),
		util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
		util.Prioritized(taskRenderer{}, 500),
		util.Prioritized(extension.NewFootnoteHTMLRenderer(extension.WithFootnoteIDPrefixFunction(footnotePrefix)), 500),
		util.Prioritized(elementRenderer{}, 100),
	))),
)

// withoutAddresses is converter's parser for texts without bare URLs, which hasAddress detects.
// Looking for bare URLs would stop the parser at each word.
var withoutAddresses = newParser()

// parserOf returns the parser for a text.
func parserOf(source []byte) parser.Parser {
	if hasAddress(source) {
		return converter.Parser()
	}
	return withoutAddresses
}

// hasAddress reports whether a text may contain a bare URL or email address.
func hasAddress(source []byte) bool {
	return bytes.Contains(source, []byte("://")) || bytes.Contains(source, []byte("www.")) || bytes.IndexByte(source, '@') >= 0
}

// newParser returns a parser; addresses are the parsers of bare URLs.
func newParser(addresses ...util.PrioritizedValue) parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(fewHeadings{parser.NewSetextHeadingParser()}, 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(shallow{parser.NewListParser()}, 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(fewHeadings{shortHeading{parser.NewATXHeadingParser()}}, 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(mathBlockParser{}, 750),
			util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(parser.NewHTMLBlockParser(), 900),
			util.Prioritized(footnoteDefinition{shallow{extension.NewFootnoteBlockParser()}}, 999),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(extension.NewTaskCheckBoxParser(), 0),
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(mathParser{}, 100),
			util.Prioritized(footnoteReference{extension.NewFootnoteParser()}, 101),
			util.Prioritized(newInlineNoteParser(), 102),
			util.Prioritized(&wikilink.Parser{}, 199),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewRawHTMLParser(), 400),
			util.Prioritized(parser.NewEmphasisParser(), 500),
			util.Prioritized(extension.NewStrikethroughParser(), 500),
			util.Prioritized(highlightParser{}, 500),
			util.Prioritized(tagParser{}, 600),
		),
		parser.WithInlineParsers(addresses...),
		parser.WithParagraphTransformers(
			util.Prioritized(callouts{}, 50),
			util.Prioritized(definitions{parser.LinkReferenceParagraphTransformer}, 100),
			util.Prioritized(table{extension.NewTableParagraphTransformer()}, 200),
			util.Prioritized(blockIDs{}, 300),
			util.Prioritized(paragraphLimit{}, 1000),
		),
		parser.WithASTTransformers(
			util.Prioritized(extension.NewTableASTTransformer(), 0),
			util.Prioritized(inlineNotes{}, 998),
			util.Prioritized(extension.NewFootnoteASTTransformer(), 999),
		),
	)
}

// parseTree parses a text with a budget for expensive blocks, and returns the limits that it
// reached.
func parseTree(source []byte, work int64) (ast.Node, *limits) {
	context := newContext(work)
	return parserOf(source).Parse(text.NewReader(source), parser.WithContext(context)), limitsOf(context)
}

func newContext(work int64) parser.Context {
	context := parser.NewContext()
	context.Set(limitsKey, newLimits(work))
	return context
}

// elementRenderer renders elements made by resolve and Obsidian's syntax, and wraps each table in a
// scrollable box.
type elementRenderer struct{}

func (elementRenderer) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(elementKind, renderElement)
	reg.Register(extast.KindTable, renderTable)
	reg.Register(ast.KindBlockquote, renderBlockquote)
	reg.Register(calloutTitleKind, renderCalloutTitle)
	reg.Register(shownKind, renderShown)
	reg.Register(tagKind, renderTag)
	reg.Register(mathInlineKind, renderMathInline)
	reg.Register(mathBlockKind, renderMathBlock)
	reg.Register(ast.KindCodeBlock, renderCode)
	reg.Register(ast.KindFencedCodeBlock, renderCode)
	reg.Register(ast.KindCodeSpan, renderCodeSpan)
}

func renderTable(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		_, err := w.WriteString("</table></div>\n")
		return ast.WalkContinue, err
	}
	w.WriteString(`<div class="table"`)
	writeID(w, n)
	_, err := w.WriteString("><table>\n")
	return ast.WalkContinue, err
}
