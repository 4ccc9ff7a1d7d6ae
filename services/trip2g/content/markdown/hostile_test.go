package markdown_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

// hostile generates texts of about n bytes that without limits would cost a parser or a browser far
// more than their length.
var hostile = map[string]func(n int) string{
	"quotes in one line":               repeat(">"),
	"quotes over lines":                func(n int) string { return strings.Repeat(strings.Repeat(">", 1000)+"a\n", n/1000) },
	"lists in one line":                repeat("- "),
	"lists over lines":                 nestedLists,
	"footnotes in each other":          repeat("[^a]: "),
	"brackets":                         repeat("["),
	"closing brackets":                 repeat("]"),
	"pairs of brackets":                repeat("[]"),
	"links in links":                   func(n int) string { return strings.Repeat("[", n/6) + "a" + strings.Repeat("](b)", n/6) },
	"open destinations":                repeat("[a]("),
	"open destinations, angled":        repeat("[a](<b"),
	"open wikilinks":                   repeat("[[a"),
	"open embeds":                      repeat("![[a"),
	"exclamation marks":                repeat("!"),
	"open footnotes":                   repeat("[^a"),
	"emphasis of two kinds":            repeat("*a_ "),
	"emphasis in emphasis":             repeat("*a **a "),
	"stars":                            repeat("*"),
	"strikethrough":                    repeat("~a ~~"),
	"highlights":                       repeat("==a "),
	"highlights in emphasis":           repeat("==a *b "),
	"equal signs":                      repeat("="),
	"equal signs in a line":            repeat("a="),
	"comments":                         repeat("%%a%% "),
	"open percent comments":            repeat("%%a\n\n"),
	"percent signs":                    repeat("a%"),
	"comments that break code":         repeat("%%`%%`"),
	"callouts in each other":           nestedCallouts,
	"callouts in one line":             repeat("> [!a]- "),
	"callouts":                         repeat("> [!tip] a\n\n"),
	"a dense title":                    func(n int) string { return "> [!tip] " + strings.Repeat("*a_ ", n/4) },
	"many dense titles":                repeat("> [!tip] " + strings.Repeat("*a_ ", 1000) + "\n\n"),
	"names of blocks":                  repeat("a ^b\n\n"),
	"names of nothing":                 repeat("^b\n\n"),
	"carets":                           repeat("^"),
	"carets and spaces":                repeat(" ^"),
	"open inline footnotes":            repeat("^[a"),
	"inline footnotes":                 repeat("^[a] "),
	"inline footnotes in each other":   func(n int) string { return strings.Repeat("^[a", n/4) + strings.Repeat("]", n/4) },
	"inline footnotes in paragraphs":   repeat("^[a]\n\n"),
	"inline footnotes in links":        repeat("[^[a](b)]"),
	"tags":                             repeat("#a "),
	"tags that are numbers":            repeat("#1 "),
	"a long tag":                       func(n int) string { return "#" + strings.Repeat("a/", n/2) },
	"number signs":                     repeat("#"),
	"code that is slow to colour":      func(n int) string { return "```yaml\n" + strings.Repeat("'", n) + "\n```" },
	"much code that is slow to colour": repeat("```yaml\n" + strings.Repeat("[[", 4000) + "\n```\n"),
	"code of many colours":             func(n int) string { return "```go\n" + strings.Repeat("1 \"\" ", n/5) + "\n```" },
	"formulas":                         repeat("$a$ "),
	"brackets in formulas":             repeat("$((((((((((((((((((((((((((((((((((((((((((((((((($ "),
	"formulas in lines":                repeat("$$a$$\n"),
	"open formulas":                    repeat("$a "),
	"open formulas, displayed":         repeat("$$a\n\n> "),
	"money signs":                      repeat("$"),
	"one long formula":                 func(n int) string { return "$$" + strings.Repeat("a_", n/2) + "$$" },
	"fractions":                        repeat(`$\frac{a}b^{\sqrt c}$ `),
	"nested fractions":                 func(n int) string { return "$" + strings.Repeat(`\frac a{`, n/8) + "$" },
	"character references":             repeat("&#35;"),
	"code of growing length":           growingTicks,
	"open tags":                        repeat("x <a "),
	"open attributes":                  repeat(`x <a b="`),
	"open comments":                    repeat("x <!--"),
	"open instructions":                repeat("x <?"),
	"definitions":                      repeat("[a]: b\n"),
	"open definitions":                 repeat("[a\n"),
	"a destination used often": func(n int) string {
		return "[a]: " + strings.Repeat("x", n/2) + "\n\n" + strings.Repeat("[a]\n\n", n/10)
	},
	"many footnotes": manyFootnotes,
	"a wide table of short rows": func(n int) string {
		return strings.Repeat("a|", n/6) + "\n" + strings.Repeat("-|", n/6) + "\n" + strings.Repeat("a\n", n/6)
	},
	"escaped bars in a table":       func(n int) string { return "a|b\n-|-\n" + strings.Repeat("`a\\|b`|c\n", n/9) },
	"one line":                      repeat("word "),
	"one word":                      repeat("w"),
	"lines":                         repeat("word\n"),
	"a long heading":                func(n int) string { return "# " + strings.Repeat("*a_ ", n/4) },
	"a long heading below":          func(n int) string { return strings.Repeat("*a_ ", n/4) + "\n===\n" },
	"equal headings":                repeat("# a\n"),
	"embeds":                        repeat("![[note]] "),
	"embeds of the note":            repeat("![[#a]]\n\n"),
	"sections that show themselves": func(n int) string { return strings.Repeat("# a\n![[#a]]\n", n/12) },
	"embeds in a table":             func(n int) string { return "a|b\n-|-\n" + strings.Repeat("![[note]]|![[#^x]]\n", n/20) },
	"embeds of a block":             func(n int) string { return "a ^x\n\n" + strings.Repeat("![[#^x]] ", n/9) },
	"PDFs":                          repeat("![[paper.pdf]] "),
	"frames":                        repeat("<iframe src=https://e.org>"),
	"frames that end":               repeat("<iframe src=https://e.org></iframe>"),
	"many different links": func(n int) string {
		var b strings.Builder
		for i := 0; b.Len() < n; i++ {
			fmt.Fprintf(&b, "[[%d]]", i)
		}
		return b.String()
	},
	"footnotes in embeds": func(n int) string {
		return manyFootnotes(n/2) + "\n\n# a\n\n" + strings.Repeat("[^1]", n/16) + "\n\n" + strings.Repeat("![[#a]] ", n/32)
	},
	"tags in tags":       func(n int) string { return "<div>\n" + strings.Repeat("<b><i>", n/6) },
	"end tags that miss": func(n int) string { return "<div>\n" + strings.Repeat("<b>", n/6) + strings.Repeat("</i>", n/8) },
	"attributes":         func(n int) string { return "<div " + strings.Repeat("a=b ", n/4) + ">" },
	"addresses":          repeat("a@a.a "),
}

// showingVault is someVault with embeddable notes, one of which embeds itself.
func showingVault() vault {
	v := someVault
	v.shown = map[string]*trip2g.Document{
		"note":         markdown.Parse("note.md", "# Note\n\n## a\n\ntext[^1] ^x\n\n![[note#a]] ![[Node.js]]\n\n[^1]: foot"),
		"Node.js":      markdown.Parse("Node.js.html", "<h1>a</h1></section><b>open"),
		"folder/note":  markdown.Parse("folder/note.md", "![[note#^x]] ![[folder/note]]"),
		"./b.md":       markdown.Parse("b.md", strings.Repeat("> ", 200)+"[[note]]"),
		"guides/start": markdown.Parse("guides/start.md", "---\nlang: ar\n---\n- [ ] ![[note]]"),
	}
	return v
}

func repeat(s string) func(int) string {
	return func(n int) string { return strings.Repeat(s, n/len(s)) }
}

func nestedLists(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(strings.Repeat(" ", 2*i) + "- a\n")
	}
	return b.String()
}

func nestedCallouts(n int) string {
	var b strings.Builder
	for i := 1; b.Len() < n; i++ {
		b.WriteString(strings.Repeat("> ", i) + "[!tip]- a\n")
	}
	return b.String()
}

func growingTicks(n int) string {
	var b strings.Builder
	for i := 1; b.Len() < n; i++ {
		b.WriteString("e" + strings.Repeat("`", i))
	}
	return b.String()
}

func manyFootnotes(n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "[^%d]\n\n[^%d]: x\n\n", i, i)
	}
	return b.String()
}

// Without limits the test would not end or exhaust memory: at this size, one text made gigabytes,
// and at ten times the size others took minutes.
func TestHostileNotesStayBounded(t *testing.T) {
	const size = 60_000
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := text(size)
			doc := markdown.Parse("n.md", content)
			out, err := markdown.Render(doc, showingVault())
			if err != nil {
				t.Error(err)
			}
			if len(doc.Links) > 10_000 || len(markdown.Text(doc)) > 1000+2*len(content) || len(markdown.Excerpt(doc, 100)) > 1000 {
				t.Errorf("%d links; %d bytes of text, %d of its beginning", len(doc.Links), len(markdown.Text(doc)), len(markdown.Excerpt(doc, 100)))
			}
			for _, l := range doc.Links[:min(len(doc.Links), 20)] {
				if context := markdown.Context(doc, l); len(context) > 1000 {
					t.Errorf("%d bytes of context", len(context))
				}
			}
			// A heading of one letter, with its id, has the largest growth of ordinary text, apart
			// from embeds.
			if limit := 4<<20 + 16*len(content); len(out) > limit {
				t.Errorf("%d bytes made %d", len(content), len(out))
			}
			if depth := tagDepth(out); depth > 10_000 {
				t.Errorf("elements lie %d deep", depth)
			}
		})
	}
}

// TestWhatGoesPastALimitIsShownAndNamed uses a note that is too dense to be parsed.
func TestWhatGoesPastALimitIsShownAndNamed(t *testing.T) {
	doc := markdown.Parse("n.md", "# Before\n\n"+strings.Repeat("*a_ ", 50_000)+"\n\nafter *it*")
	out := string(must(markdown.Render(doc, someVault)))
	if len(doc.Warnings) != 1 || doc.Warnings[0].Line != 3 || !strings.Contains(doc.Warnings[0].Text, "too dense") {
		t.Errorf("warnings: %+v", doc.Warnings)
	}
	for _, want := range []string{`<h1 id="before">Before</h1>`, "<pre><code>*a_ *a_ ", "<p>after <em>it</em></p>"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in a page of %d bytes", want, len(out))
		}
	}
}

// TestDenseButHonestNotesAreRendered uses a long ordinary note, which must not reach a limit.
func TestDenseButHonestNotesAreRendered(t *testing.T) {
	paragraph := strings.Repeat("Some *text* with [links](b.md), `code`, [[note|a note]] and **more** of it.\n", 60) + "\n"
	list := strings.Repeat("- [[note]] and [b](b.md): ~~old~~ *new*\n", 500) + "\n"
	table := "|a|b|c|\n|-|-|-|\n" + strings.Repeat("|[[note]]|`x`|*y*|\n", 500) + "\n"
	if doc := markdown.Parse("n.md", strings.Repeat(paragraph+list+table, 10)); len(doc.Warnings) > 0 {
		t.Errorf("warnings: %+v", doc.Warnings)
	}
}

func contextOfAll(doc *trip2g.Document) string {
	var b strings.Builder
	for _, l := range doc.Links {
		b.WriteString(markdown.Context(doc, l))
	}
	return b.String()
}

func must(out []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return out
}

func tagDepth(fragment []byte) (deepest int) {
	depth := 0
	z := html.NewTokenizer(strings.NewReader(string(fragment)))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		name, _ := z.TagName()
		switch {
		case kind == html.EndTagToken:
			depth--
		case kind == html.StartTagToken && !strings.Contains(" br hr img input source wbr col ", " "+string(name)+" "):
			depth++
		}
		deepest = max(deepest, depth)
	}
	return deepest
}

// forbidden are elements that notes can never add to a page.
var forbidden = map[string]bool{
	"script": true, "style": true, "iframe": true, "embed": true, "form": true, "button": true, "textarea": true, "select": true,
	"link": true, "meta": true, "base": true, "svg": true, "mglyph": true, "malignmark": true, "annotation-xml": true, "semantics": true, "maction": true, "template": true, "title": true, "frame": true, "frameset": true,
	"html": true, "body": true, "head": true, "main": true, "header": true, "footer": true, "nav": true, "noscript": true, "plaintext": true, "xmp": true,
}

// checkHarmless looks for forbidden content in a fragment: in its text, and in the tree that a
// browser parses, where MathML elements can move.
func checkHarmless(t *testing.T, fragment []byte) {
	t.Helper()
	z := html.NewTokenizer(strings.NewReader(string(fragment)))
	for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
		if kind == html.StartTagToken || kind == html.SelfClosingTagToken {
			checkElement(t, z.Token())
		}
	}
	nodes, err := html.ParseFragment(strings.NewReader(string(fragment)), &html.Node{Type: html.ElementNode, Data: "div", DataAtom: atom.Div})
	if err != nil {
		if !strings.Contains(err.Error(), "stack") {
			t.Error(err)
		}
		return
	}
	for _, root := range nodes {
		for n := range root.Descendants() {
			if n.Type == html.ElementNode {
				checkElement(t, html.Token{Data: n.Data, Attr: n.Attr})
			}
		}
	}
}

func checkElement(t *testing.T, token html.Token) {
	t.Helper()
	if forbidden[token.Data] {
		t.Errorf("element %s", token)
	}
	for _, a := range token.Attr {
		if token.Data == "object" && a.Key == "data" && !strings.HasPrefix(a.Val, trip2g.AssetPrefix) {
			t.Errorf("object %s", token)
		}
		value := strings.ToLower(strings.TrimSpace(a.Val))
		if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "srcset" || strings.HasPrefix(value, "javascript:") || strings.HasPrefix(value, "vbscript:") || strings.HasPrefix(value, "data:text") {
			t.Errorf("attribute %s", token)
		}
	}
}

// FuzzNotes renders any text: it must not panic, the page must be harmless, and rendering it again
// must return the same page.
func FuzzNotes(f *testing.F) {
	for _, tt := range renderTests {
		f.Add(tt.in)
	}
	for _, text := range hostile {
		f.Add(text(300))
	}
	for _, in := range []string{
		"---\ntitle: [\n---\n", "---\n- - - a\n---\nx", "<a href='&#1;javascript:x'>", "<svg><style><img src=x onerror=y>", "<math><mtext></p><style><a title='</style><img onerror=x>'>",
		"\x00\xff\u2028", "[[a|b|c]]", "[[|]] [[#]] [[#^]] ![[|]] [[\\|]]", "![](<>) []() [](#)", "<div/><p/><br/></br>", "|a\n-|\n", "[^a]: [^a]\n\n[^a]", "`a\\|b`|c\n-|-\n`a\\|b`|c",
		`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`, `$\text{</math><script>}$ $$\color{red;x}a$$`,
		`<math href="javascript:x"><mi xlink:href="javascript:x" style="x" onclick="x">a</mi><annotation-xml encoding="text/html"><script>x</script></annotation-xml>`,
		"<form><math><mtext></form><form><mglyph><svg><mtext><style><path id=</style><img onerror=x src>", "%%", "%%\n`%%`", "==a ^[b $c$ #d ==] ^e", "> [!a|b]- $x$ ^[c]\n> > [!b]+\n^d", "$$\n%%\n$$ %%",
		"0\n-:\n-", "- \n\n\ta\n=", "1. >\n- >\n  ===",
	} {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, content string) {
		for _, path := range []string{"folder/n.md", "folder/n.html"} {
			doc := markdown.Parse(path, content)
			if doc.Format == trip2g.Plain {
				t.Errorf("%s could not be parsed: %+v", path, doc.Warnings)
			}
			if doc.Title == "" || !utf8.ValidString(doc.Title) || strings.ContainsAny(doc.Title, "\x00\n") {
				t.Errorf("title %q", doc.Title)
			}
			v := showingVault()
			out, err := markdown.Render(doc, v)
			if err != nil {
				t.Error(err)
			}
			for _, text := range []string{markdown.Text(doc), markdown.Excerpt(doc, 50), contextOfAll(doc)} {
				if !utf8.ValidString(text) {
					t.Errorf("a text is not valid UTF-8: %q", text)
				}
			}
			if !utf8.Valid(out) {
				t.Error("the page is not valid UTF-8")
			}
			checkHarmless(t, out)
			if again, _ := markdown.Render(markdown.Parse(path, content), v); string(again) != string(out) {
				t.Error("the page is another one the second time")
			}
		}
	})
}

// TestANoteOfHeadingsAloneIsBounded counts the headings in a text of the shortest ones. A heading
// costs far more than a line of text.
func TestANoteOfHeadingsAloneIsBounded(t *testing.T) {
	for unit, name := range map[string]string{"a\n=\n": "underlined", "a\n-\n": "underlined twice", "# a\n": "with a mark", "#\n": "empty", "a\n=\n# b\n": "of both kinds", "> a\n> =\n\n": "quoted"} {
		doc := markdown.Parse("n.md", strings.Repeat(unit, (1<<18)/len(unit)))
		page := string(must(markdown.Render(doc, someVault)))
		if n := strings.Count(page, "<h1") + strings.Count(page, "<h2"); n == 0 || n > 10_000 {
			t.Errorf("%s: the note has %d headings", name, n)
		}
		if !slices.ContainsFunc(doc.Warnings, func(w trip2g.Warning) bool { return strings.Contains(w.Text, "more than 10000 headings") }) {
			t.Errorf("%s: nobody is told: %v", name, doc.Warnings)
		}
	}
}
