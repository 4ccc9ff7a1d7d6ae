package markdown_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

// Search finds and shows this text, so it must not contain markup or comments.
func TestTextIsWhatAReaderReads(t *testing.T) {
	for in, want := range map[string]string{
		"---\ntitle: T\n---\n# A *b* `c`\n\ntext [l](x.md) [[n|label]] [[n#h]] #tag ==m==":          "A b c\ntext l label n > h #tag m",
		"a %%secret%% b\n\n%%\nhidden\n%%\n\nc <!-- d --> e":                                        "a  b\nc  e",
		"- [x] one\n- two\n  - three\n\n> [!tip]- Title\n> body":                                    "one\ntwo\nthree\nTitle\nbody",
		"|a|b|\n|-|-|\n|[[n\\|x]]|y|":                                                               "a b \nx y",
		"```go\nfunc f()\n```\n\n    code\n\n$$\nx^2\n$$ \n\n$y$":                                   "func f()\ncode\nx^2\ny",
		"a[^1] ^[in *it*]\n\n[^1]: note":                                                            "a \nnote\nin it",
		"![alt](p.png) ![Chart|300](p.png) ![|300](p.png) ![[p.png]] ![[p.png|text|100]] ![[note]]": "alt Chart   text",
		"a<br>b <script>x()</script> &amp; <b>c</b>\n\n<div>\nd &lt; e\n<style>f</style></div>":     "a b  & c\nd < e",
		"a\nb\\\nc":                              "a b c",
		"<https://example.org> [x][r]\n\n[r]: y": "https://example.org x",
	} {
		if diff := cmp.Diff(want, markdown.Text(markdown.Parse("n.md", in))); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", in, diff)
		}
	}
	const page = "<title>T</title><h1>A</h1><p>b <b>c</b>d<script>x</script> &lt; <a href=n>l</a></p>"
	if diff := cmp.Diff("A\nb cd < l", markdown.Text(markdown.Parse("n.html", page))); diff != "" {
		t.Error(diff)
	}
}

// Feeds and previews show excerpts.
func TestExcerptIsTheFirstProse(t *testing.T) {
	doc := markdown.Parse("n.md", "# Title\n\n```\ncode\n```\n\n![[p.png]]\n\nThe *first* words\nof [[n|it]].\n\n|a|\n|-|\n\n- item[^1]\n\n[^1]: x")
	if diff := cmp.Diff("The first words of it. item", markdown.Excerpt(doc, 100)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("The first…", markdown.Excerpt(doc, 9)); diff != "" {
		t.Error(diff)
	}
	code := "```\n" + strings.Repeat("code\n", 1000) + "```\n\n"
	for in, want := range map[string]string{
		code + "A few.":                                 "A few.",
		"0123456789\n\n" + code:                         "0123456789",
		"0123456789" + "\n\n" + code + "and more":       "0123456789…",
		strings.Repeat("много слов ", 1000) + "the end": "много слов…",
	} {
		if diff := cmp.Diff(want, markdown.Excerpt(markdown.Parse("n.md", in), 10)); diff != "" {
			t.Error(diff)
		}
	}
}

// A page shows the context of its backlinks.
func TestContextIsTheTextAroundALink(t *testing.T) {
	long := strings.Repeat("много слов ", 100)
	for in, want := range map[string]string{
		"# H\n\nbefore *the* [[n|link]] after\nand on\n\nother": "before the link after and on",
		"> quoted\n> with [x](n.md \"t\") in it":                "quoted with x in it",
		"- one\n- [ ] two [[n]]\n- three":                       "two n",
		"|a|b|\n|-|-|\n|c|[[n\\|x]]|":                           "c|x",
		"see [x][r] and [[n]][^1]\n\n[r]: y\n\n[^1]: z":         "see x and n",
		"a ^[note with [[n]]] b":                                "a b note with n",
		"[^1]\n\n[^1]: below, [[n]]":                            "below, n",
		"## Head [[n]]":                                         "Head n",
		"text [x][r]\n\n[r]: n.md":                              "text x",
		"<div>\n<a href='n.md'>so</a> &amp; on\n</div>":         "so & on",
	} {
		doc := markdown.Parse("f/m.md", in)
		if got := contextOf(t, doc); got != want {
			t.Errorf("%q: context %q, want %q; links %+v", in, got, want, doc.Links)
		}
	}
	got := contextOf(t, markdown.Parse("m.md", long+"[[n|HERE]] "+long))
	if !strings.HasPrefix(got, "…") || !strings.HasSuffix(got, "…") || !strings.Contains(got, "HERE") || utf8.RuneCountInString(got) > 242 {
		t.Errorf("context %q", got)
	}
	if got := contextOf(t, markdown.Parse("m.html", "\n\n<html>\n<p>a</p><p>b <a href='n'>c</a> d</p>")); got != "a b c d" {
		t.Errorf("context of an HTML note %q", got)
	}
}

func contextOf(t *testing.T, doc *trip2g.Document) string {
	t.Helper()
	for _, l := range doc.Links {
		if l.Target == "n" || l.Target == "n.md" {
			return markdown.Context(doc, l)
		}
	}
	t.Errorf("links %+v", doc.Links)
	return ""
}

// Backlinks and the graph depend on this list.
func TestLinksOfANoteAreListed(t *testing.T) {
	const in = "[[a]] [x](b.md#h) [[a#h|again]] ![[c]] [[c]]\n\n[y](../d%20e.md) [z](https://example.org) ![[p.png]] [[f.pdf]] [[#own]] <a href='g'>g</a> [[Node.js]]"
	doc := markdown.Parse("n.md", in)
	want := []trip2g.Link{
		{Target: "a", End: 44}, {Target: "b.md", Relative: true, End: 44}, {Target: "c", Embed: true, End: 44},
		{Target: "../d e.md", Relative: true, Start: 46, End: len(in)}, {Target: "g", Relative: true, Start: 46, End: len(in)}, {Target: "Node.js", Start: 46, End: len(in)},
	}
	if diff := cmp.Diff(want, doc.Links); diff != "" {
		t.Error(diff)
	}
}

// The table of contents depends on this list. Each entry must link to its heading.
func TestHeadingsOfANoteAreListed(t *testing.T) {
	doc := markdown.Parse("n.md", "# A\n\ntext\n\n## *B* `c` ^id\n\n> # quoted\n\n## A\n\nSet\n===\n\n- ### in a list")
	want := []trip2g.Heading{
		{Level: 1, ID: "a", Text: "A"}, {Level: 2, ID: "b-c", Text: "B c"}, {Level: 2, ID: "a-1", Text: "A"},
		{Level: 1, ID: "set", Text: "Set"}, {Level: 3, ID: "in-a-list", Text: "in a list"},
	}
	if diff := cmp.Diff(want, doc.Headings); diff != "" {
		t.Error(diff)
	}
	page := string(must(markdown.Render(doc, someVault)))
	for _, h := range doc.Headings {
		if !strings.Contains(page, `id="`+h.ID+`"`) {
			t.Errorf("the page has no %s", h.ID)
		}
	}
}
