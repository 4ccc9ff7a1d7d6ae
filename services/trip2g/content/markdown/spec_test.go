package markdown

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
	"go.abhg.dev/goldmark/wikilink"
)

// example is an example of a specification: Markdown and its HTML.
type example struct {
	Markdown string `json:"markdown"`
	HTML     string `json:"html"`
	Example  int    `json:"example"`
}

// plainHTML renders a tree as goldmark does, including unsafe HTML, so that only parsing can
// differ. Renderers of Obsidian's additions follow goldmark's.
func plainHTML(options ...html.Option) renderer.Renderer {
	return renderer.NewRenderer(renderer.WithNodeRenderers(
		util.Prioritized(html.NewRenderer(options...), 1000),
		util.Prioritized(extension.NewTableHTMLRenderer(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)), 500),
		util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
		util.Prioritized(extension.NewTaskCheckBoxHTMLRenderer(), 500),
		util.Prioritized(extension.NewFootnoteHTMLRenderer(), 500),
		util.Prioritized(&wikilink.Renderer{}, 2000),
		util.Prioritized(elementRenderer{}, 2000),
	))
}

func (e example) ours(t *testing.T, options []html.Option) string {
	t.Helper()
	source := []byte(e.Markdown)
	root, _ := parseTree(source, noteWork)
	var out bytes.Buffer
	if err := plainHTML(options...).Render(&out, source, root); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// commonMarkExceptions are the examples of CommonMark 0.31.2 that are parsed differently, with
// reasons.
var commonMarkExceptions = map[int]string{
	64:  "#hashtag is a tag",
	548: "[[[foo]]] has a wikilink in it",
	559: "[[*foo* bar]] is a wikilink",
	590: "[[foo]] is a wikilink",
	608: "a bare URL is a link, as on GitHub",
	611: "a bare URL is a link, as on GitHub",
	612: "a bare mail address is a link, as on GitHub",
	619: "#ref is a tag where the text is no HTML",
}

// TestCommonMarkStaysCommonMark runs every example of the specification that goldmark itself
// passes. Additions must not change the meaning of Markdown.
func TestCommonMarkStaysCommonMark(t *testing.T) {
	data, err := os.ReadFile("testdata/commonmark-0.31.2.json")
	if err != nil {
		t.Fatal(err)
	}
	var examples []example
	if err := json.Unmarshal(data, &examples); err != nil {
		t.Fatal(err)
	}
	if len(examples) != 652 {
		t.Errorf("%d examples", len(examples))
	}
	options := []html.Option{html.WithUnsafe(), html.WithXHTML()}
	plain := goldmark.New(goldmark.WithRendererOptions(html.WithUnsafe(), html.WithXHTML()))
	for _, e := range examples {
		compare(t, plain, options, e, commonMarkExceptions[e.Example])
	}
}

// compare checks an example that goldmark passes. One with an exception must fail.
func compare(t *testing.T, plain goldmark.Markdown, options []html.Option, e example, exception string) {
	t.Helper()
	var want bytes.Buffer
	if err := plain.Convert([]byte(e.Markdown), &want); err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(want.String()) != strings.TrimSpace(e.HTML) {
		t.Errorf("goldmark itself fails example %d\n%q\ngot  %q\nwant %q", e.Example, e.Markdown, want.String(), e.HTML)
		return
	}
	e.HTML = want.String()
	got := e.ours(t, options)
	switch {
	case got == e.HTML && exception != "":
		t.Errorf("example %d passes and is no exception: %s", e.Example, exception)
	case got != e.HTML && exception == "":
		t.Errorf("example %d\n%q\ngot  %q\nwant %q", e.Example, e.Markdown, got, e.HTML)
	}
}

// TestGitHubsAdditionsStay runs goldmark's examples of GitHub's additions, without exceptions.
func TestGitHubsAdditionsStay(t *testing.T) {
	plain := goldmark.New(goldmark.WithRendererOptions(html.WithUnsafe()), goldmark.WithExtensions(extension.Strikethrough, extension.Linkify,
		extension.TaskList, extension.Footnote, extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))))
	for _, name := range []string{"table", "strikethrough", "linkify", "tasklist", "footnote"} {
		data, err := os.ReadFile("testdata/gfm-" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		examples := readExamples(string(data))
		if len(examples) < 3 {
			t.Errorf("%d examples of %s", len(examples), name)
		}
		t.Run(name, func(t *testing.T) {
			for _, e := range examples {
				compare(t, plain, []html.Option{html.WithUnsafe()}, e, "")
			}
		})
	}
}

// readExamples parses goldmark's test files: a number, Markdown and HTML between lines of dashes,
// and a line of "=".
func readExamples(data string) []example {
	var examples []example
	for part := range strings.SplitSeq(data, "//= = = = = = = = = = = = = = = = = = = = = = = =//\n") {
		sections := strings.Split(part, "//- - - - - - - - -//\n")
		if len(sections) != 3 {
			continue
		}
		e := example{Markdown: strings.TrimSuffix(sections[1], "\n"), HTML: strings.ReplaceAll(sections[2], "<br />", "<br>")}
		if strings.Contains(sections[0], "enableEscape") {
			e.Markdown = strings.ReplaceAll(e.Markdown, `\t`, "\t")
		}
		fmt.Sscan(strings.TrimSpace(sections[0]), &e.Example)
		examples = append(examples, e)
	}
	return examples
}
