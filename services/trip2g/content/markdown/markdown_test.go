package markdown_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

// vault is a Links with the notes and files in its maps.
type vault struct {
	notes    map[string]string // target → URL path
	files    map[string]string // reference → vault path
	shown    map[string]*trip2g.Document
	settings trip2g.Settings
}

func (v vault) Note(target string) (string, bool) { u, ok := v.notes[target]; return u, ok }

func (v vault) Embed(target string) (trip2g.Embed, bool) {
	doc, ok := v.shown[target]
	return trip2g.Embed{URL: "/" + target, Doc: doc, Links: v}, ok
}

func (v vault) Settings() trip2g.Settings { return v.settings }

func (v vault) Asset(ref string) (trip2g.NoteAsset, bool) {
	p, ok := v.files[ref]
	return trip2g.NoteAsset{Hash: "h", AbsolutePath: p}, ok
}

var someVault = vault{
	notes: map[string]string{
		"note": "/note", "./b.md": "/folder/b", "../a b.md": "/a_b", "Node.js": "/node_js", "folder/note": "/folder/note", "/guides/start": "/guides/start",
		"заметка": "/заметка", "q?": "/Q?", "per%cent": "/per_cent",
	},
	files: map[string]string{
		"pic.png": "img/pic.png", "my img.png": "my img.png", "song.mp3": "song.mp3", "film.mp4": "film.mp4", "paper.pdf": "docs/paper.pdf", "data.csv": "data.csv",
		"100%.png": "100%.png",
	},
}

func render(t *testing.T, path, content string) string {
	t.Helper()
	out, err := markdown.Render(markdown.Parse(path, content), someVault)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// renderTests are Markdown texts and their HTML.
var renderTests = []struct{ name, in, want string }{
	{"paragraphs", "one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>"},
	{"emphasis", "*a* **b** `c`", "<p><em>a</em> <strong>b</strong> <code>c</code></p>"},
	{"strikethrough", "~~gone~~", "<p><del>gone</del></p>"},
	{"highlight", "a ==b *c*== d==e==", "<p>a <mark>b <em>c</em></mark> d<mark>e</mark></p>"},
	{"highlight in bold", "**==a==** ==**b**==", "<p><strong><mark>a</mark></strong> <mark><strong>b</strong></mark></p>"},
	{"equal signs are no highlight", "a == b ===c=== =d= `==e==` \\==f== ==g", "<p>a == b ===c=== =d= <code>==e==</code> ==f== ==g</p>"},
	{"hard line break", "a\\\nb", "<p>a<br>\nb</p>"},
	{"escapes stay text", `\*a\* &amp; <`, "<p>*a* &amp; &lt;</p>"},
	{"code block keeps markup", "```\nx < *y*\n```", "<pre><code>x &lt; *y*\n</code></pre>"},
	{"code has colours", "```Go\nfunc f(s <T>) { return \"a\" + 1 } // c\n```", "<pre><code class=\"language-Go\"><span class=\"hl-key\">func</span> <span class=\"hl-func\">f</span>(s &lt;T&gt;) { <span class=\"hl-key\">return</span> <span class=\"hl-str\">&#34;a&#34;</span> + <span class=\"hl-num\">1</span> } <span class=\"hl-com\">// c</span>\n</code></pre>"},
	{"code of an unknown language", "```no-such x=1\na < b\n```", "<pre><code class=\"language-no-such\">a &lt; b\n</code></pre>"},
	{"drawing is shown as it is written", "```Mermaid\ngraph TD; a-->b\n```\n\n^x", "<figure class=\"diagram\" id=\"^x\">\n<figcaption>Diagram source (Mermaid)</figcaption>\n<pre class=\"mermaid\"><code class=\"language-Mermaid\">graph TD; a--&gt;b\n</code></pre>\n</figure>"},
	{"code with a name", "```\na\n```\n\n^x\n\n    b\n\n^y", "<pre id=\"^x\"><code>a\n</code></pre>\n<pre id=\"^y\"><code>b\n</code></pre>"},
	{"code in a list keeps its lines", "- ```py\n  a = 1\n\n    b\n  ```", "<ul>\n<li>\n<pre><code class=\"language-py\">a = <span class=\"hl-num\">1</span>\n\n  b\n</code></pre>\n</li>\n</ul>"},
	{"code with returns", "```go\r\nvar a\r\n```", "<pre><code class=\"language-go\"><span class=\"hl-key\">var</span> a\n</code></pre>"},
	{"ordered list with a start", "3. a\n4. b", "<ol start=\"3\">\n<li>a</li>\n<li>b</li>\n</ol>"},
	{"task list", "- [x] a\n- [ ] b", "<ul>\n<li><input type=\"checkbox\" checked=\"\" disabled=\"\" aria-label=\"done\"> a</li>\n<li><input type=\"checkbox\" disabled=\"\" aria-label=\"not done\"> b</li>\n</ul>"},
	{"table with alignment", "|a|b|\n|-:|:-:|\n|1|2|", "<div class=\"table\"><table>\n<thead>\n<tr>\n<th align=\"right\">a</th>\n<th align=\"center\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td align=\"right\">1</td>\n<td align=\"center\">2</td>\n</tr>\n</tbody>\n</table></div>"},
	{"quotes stay straight", `"a" -- b...`, "<p>&#34;a&#34; -- b...</p>"},

	{"headings have ids", "## What's new, *really*?", `<h2 id="whats-new-really">What&#39;s new, <em>really</em>?</h2>`},
	{"ids of every script", "# Новая запись", `<h1 id="новая-запись">Новая запись</h1>`},
	{"ids are unique", "# a\n# a\n# a-1\n# a", "<h1 id=\"a\">a</h1>\n<h1 id=\"a-1\">a</h1>\n<h1 id=\"a-1-1\">a-1</h1>\n<h1 id=\"a-2\">a</h1>"},
	{"a heading without letters has an id", "# !!!", `<h1 id="section">!!!</h1>`},

	{"tags are marked", "#a/b [#c](note) #1", `<p><a class="tag" href="/tags/a/b" rel="tag">#a/b</a> <a href="/note">#c</a> #1</p>`},
	{"tag in a heading", "# A #b", `<h1 id="a-b">A <a class="tag" href="/tags/b" rel="tag">#b</a></h1>`},

	{"wikilink", "[[note]]", `<p><a href="/note">note</a></p>`},
	{"wikilink with a text", "[[folder/note|so]]", `<p><a href="/folder/note">so</a></p>`},
	{"wikilink to a heading", "[[note#My Heading]]", `<p><a href="/note#my-heading">note &gt; My Heading</a></p>`},
	{"wikilink to a heading under a heading", "[[note#A#B c|x]]", `<p><a href="/note#b-c">x</a></p>`},
	{"wikilink to a heading of the note itself", "[[#My Heading]]", `<p><a href="#my-heading">My Heading</a></p>`},
	{"wikilink to a block", "[[note#^1A2b|x]] [[#^1a2b]]", `<p><a href="/note#%5E1a2b">x</a> <a href="#%5E1a2b">^1a2b</a></p>`},
	{"wikilink to what can name no block", "[[note#^a b|x]]", `<p><a href="/note">x</a></p>`},
	{"wikilink to a heading with markup", "[[#_A_ **b** c_d `e` [f](g)]]", "<p><a href=\"#a-b-c_d-e-f\">_A_ **b** c_d `e` [f](g)</a></p>"},
	{"heading with markup", "# _A_ **b** c_d `e` [f](note)", `<h1 id="a-b-c_d-e-f"><em>A</em> <strong>b</strong> c_d <code>e</code> <a href="/note">f</a></h1>`},

	{"paragraph with a name", "a\nb ^My-id1\n\nc", "<p id=\"^my-id1\">a\nb</p>\n<p>c</p>"},
	{"paragraph with a name on its last line", "a\n^x", `<p id="^x">a</p>`},
	{"list items with names", "- a ^x\n- [ ] b ^y\n  - c ^z", "<ul>\n<li id=\"^x\">a</li>\n<li id=\"^y\"><input type=\"checkbox\" disabled=\"\" aria-label=\"not done\"> b\n<ul>\n<li id=\"^z\">c</li>\n</ul>\n</li>\n</ul>"},
	{"list with a name", "- a\n- b\n\n^x", "<ul id=\"^x\">\n<li>a</li>\n<li>b</li>\n</ul>"},
	{"quote with a name", "> a\n\n^x", "<blockquote id=\"^x\">\n<p>a</p>\n</blockquote>"},
	{"callout with a name", "> [!tip] A\n\n^x", "<div class=\"callout callout-tip\" aria-label=\"Tip\" role=\"note\" id=\"^x\">\n<p class=\"callout-title\">A</p>\n</div>"},
	{"names in code and in a table", "|`A_LONG_NAME`|**`B_C`**|\n|-|-|\n\n`A_LONG_NAME`", "<div class=\"table\"><table>\n<thead>\n<tr>\n<th><code>A_<wbr>LONG_<wbr>NAME</code></th>\n<th><strong><code>B_C</code></strong></th>\n</tr>\n</thead>\n</table></div>\n<p><code>A_LONG_NAME</code></p>"},
	{"table with a name", "|a|\n|-|\n\n^x", "<div class=\"table\" id=\"^x\"><table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n</table></div>"},
	{"heading with a name", "## A b ^x", `<h2 id="a-b"><span id="^x"></span>A b</h2>`},
	{"only the first of equal names counts", "a ^x\n\nb ^X", "<p id=\"^x\">a</p>\n<p>b</p>"},
	{"no names of blocks", "a^x\n\n^\n\nb ^x y\n\n\\^x", "<p>a^x</p>\n<p>^</p>\n<p>b ^x y</p>\n<p>^x</p>"},
	{"a name before any block is text", "^x", "<p>^x</p>"},
	{"wikilink in a table", "|a|\n|-|\n|[[note\\|so]]|", "<div class=\"table\"><table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><a href=\"/note\">so</a></td>\n</tr>\n</tbody>\n</table></div>"},
	{"wikilink to a heading in a table", "a|b\n-|-\n[[note#A b\\|so]]|![[pic.png\\|50x60]] ![c\\|70](pic.png)", "<div class=\"table\"><table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><a href=\"/note#a-b\">so</a></td>\n<td><img src=\"/_system/assets/h/pic.png\" alt=\"pic.png\" loading=\"lazy\" width=\"50\" height=\"60\"> <img src=\"/_system/assets/h/pic.png\" alt=\"c\" loading=\"lazy\" width=\"70\"></td>\n</tr>\n</tbody>\n</table></div>"},
	{"wikilink to nothing", "[[nowhere|so]]", `<p><span class="missing" title="There is no note “nowhere”">so</span></p>`},
	{"wikilink's text can be a number", "[[note|2024]]", `<p><a href="/note">2024</a></p>`},
	{"wikilink to a name with a dot", "[[Node.js]]", `<p><a href="/node_js">Node.js</a></p>`},
	{"wikilink's URL is encoded", "[[заметка]] [[q?]]", `<p><a href="/%D0%B7%D0%B0%D0%BC%D0%B5%D1%82%D0%BA%D0%B0">заметка</a> <a href="/Q%3F">q?</a></p>`},
	{"wikilink is not percent-decoded", "[[per%cent]]", `<p><a href="/per_cent">per%cent</a></p>`},
	{"wikilink in code is code", "`[[note]]`", `<p><code>[[note]]</code></p>`},
	{"note embedded is a link", "![[note]]", `<p><a href="/note">note</a></p>`},
	{"picture embedded", "![[pic.png]]", `<p><img src="/_system/assets/h/pic.png" alt="pic.png" loading="lazy"></p>`},
	{"picture with a text and a size", "![[pic.png|a view|100x200]]", `<p><img src="/_system/assets/h/pic.png" alt="a view" loading="lazy" width="100" height="200"></p>`},
	{"picture by path with a size", "![a|100x200](pic.png)", `<p><img src="/_system/assets/h/pic.png" alt="a" loading="lazy" width="100" height="200"></p>`},
	{"picture with a width", "![[pic.png|100]]", `<p><img src="/_system/assets/h/pic.png" alt="pic.png" loading="lazy" width="100"></p>`},
	{"audio embedded", "![[song.mp3]]", `<p><audio src="/_system/assets/h/song.mp3" controls="" preload="metadata">song.mp3</audio></p>`},
	{"video embedded", "![[film.mp4|300]]", `<p><video src="/_system/assets/h/film.mp4" controls="" preload="metadata" width="300">film.mp4</video></p>`},
	{"PDF embedded opens at its page", "![[paper.pdf#page=3|paper]] ![a|300x400](paper.pdf)", `<p><object class="pdf" data="/_system/assets/h/paper.pdf#page=3" type="application/pdf" aria-label="paper"><a href="/_system/assets/h/paper.pdf#page=3">paper</a></object> ` +
		`<object class="pdf" data="/_system/assets/h/paper.pdf" type="application/pdf" aria-label="a" width="300" height="400"><a href="/_system/assets/h/paper.pdf">a</a></object></p>`},
	{"PDF linked", "[[paper.pdf#page=3|paper]]", `<p><a href="/_system/assets/h/paper.pdf#page=3">paper</a></p>`},
	{"PDFs and videos of other sites are links", "![a](https://example.org/a.pdf) ![](https://www.youtube.com/watch?v=1)", `<p><a href="https://example.org/a.pdf" rel="noopener">a</a> <a href="https://www.youtube.com/watch?v=1" rel="noopener">https://www.youtube.com/watch?v=1</a></p>`},
	{"file linked", "[[data.csv]]", `<p><a href="/_system/assets/h/data.csv">data.csv</a></p>`},
	{"picture that is not there", "![[gone.png]]", `<p><span class="missing" title="There is no file “gone.png”">gone.png</span></p>`},

	{"relative link is decoded", "[x](../a%20b.md#Some%20part)", `<p><a href="/a_b#some-part">x</a></p>`},
	{"relative link in angle brackets", "[x](<../a b.md>)", `<p><a href="/a_b">x</a></p>`},
	{"link beside the note wins", "[x](b.md)", `<p><a href="/folder/b">x</a></p>`},
	{"link found as a wikilink is", "[x](note)", `<p><a href="/note">x</a></p>`},
	{"link from the root", "[x](/guides/start)", `<p><a href="/guides/start">x</a></p>`},
	{"link to a heading", "[x](#Some%20part)", `<p><a href="#some-part">x</a></p>`},
	{"link to nothing", "[x](gone.md)", `<p><span class="missing" title="There is no note “gone.md”">x</span></p>`},
	{"link by reference", "[x][r]\n\n[r]: note 'T'", `<p><a href="/note" title="T">x</a></p>`},
	{"external link", "[x](https://example.org/a?b=c&d=e)", `<p><a href="https://example.org/a?b=c&amp;d=e" rel="noopener">x</a></p>`},
	{"bare URL", "see https://example.org.", `<p>see <a href="https://example.org" rel="noopener">https://example.org</a>.</p>`},
	{"mail address", "<a@example.org>", `<p><a href="mailto:a@example.org" rel="noopener">a@example.org</a></p>`},
	{"picture by path", "![a view](my%20img.png \"T\")", `<p><img src="/_system/assets/h/my%20img.png" alt="a view" loading="lazy" title="T"></p>`},
	{"picture with a percent sign", "![p](100%.png)", `<p><img src="/_system/assets/h/100%25.png" alt="p" loading="lazy"></p>`},
	{"picture with a width after a bar", "![a|50](pic.png)", `<p><img src="/_system/assets/h/pic.png" alt="a" loading="lazy" width="50"></p>`},
	{"picture from elsewhere", "![a](https://example.org/p)", `<p><img src="https://example.org/p" alt="a" loading="lazy"></p>`},
	{"picture in a link", "[![a](pic.png)](note)", `<p><a href="/note"><img src="/_system/assets/h/pic.png" alt="a" loading="lazy"></a></p>`},

	{"HTML that is harmless", `<kbd>Esc</kbd> <abbr title="x">y</abbr>`, `<p><kbd>Esc</kbd> <abbr title="x">y</abbr></p>`},
	{"HTML resolves like Markdown", `<a href="b.md#X y">l</a> <img src="pic.png" alt="p">`, `<p><a href="/folder/b#x-y">l</a> <img src="/_system/assets/h/pic.png" alt="p"></p>`},
	{"HTML link to nothing", `<a href="gone.md">l</a>`, `<p><a class="missing" title="There is no note “gone.md”">l</a></p>`},
	{"HTML anchors match links to them", `<a name="My Anchor"></a>[x](#My%20Anchor)`, `<p><a name="my-anchor"></a><a href="#my-anchor">x</a></p>`},
	{"script goes with its text", "<script>alert(1)</script>\n\nafter", "<p>after</p>"},
	{"style goes with its text", "<style>p{}</style>\n\nafter", "<p>after</p>"},
	{"event handlers go", `<img src="pic.png" onerror="alert(1)"><b onclick="x()" style="x">y</b>`, `<p><img src="/_system/assets/h/pic.png"><b>y</b></p>`},
	{"links that run go", "[x](javascript:alert(1)) <a href=\"JaVaScRiPt:alert(1)\">y</a> <javascript:alert(1)>", `<p><span class="missing" title="There is no note “javascript:alert(1)”">x</span> <a class="missing" title="There is no note “JaVaScRiPt:alert(1)”">y</a> <span>javascript:alert(1)</span></p>`},
	{"disguised links that run go", "[x](java&#x0A;script:alert(1)) [y](&#106;avascript:alert(1)) [z](vbscript:x) [w](data:text/html,x)", `<p><span class="missing" title="There is no note “java script:alert(1)”">x</span> <span class="missing" title="There is no note “javascript:alert(1)”">y</span> <span class="missing" title="There is no note “vbscript:x”">z</span> <span class="missing" title="There is no note “data:text/html,x”">w</span></p>`},
	{"classes are those of notes alone", `<div class="callout-title">a</div><span class="hl-key x">b</span> <span class="site">c</span><p class="math">d</p>`, "<div>a</div><span>b</span> <span>c</span><p>d</p>"},
	{"formulas in HTML keep what is harmless", `<math><mi onclick="x" href="y" style="z" mathvariant="normal">a</mi><maction><mtext><img src=x onerror=y></mtext></maction></math>`, `<p><math><mi mathvariant="normal">a</mi><mtext></mtext></math></p>`},
	{"frames and forms go", "<iframe src=\"https://example.org\"></iframe><form action=\"/x\"><input name=\"q\"><button>b</button></form>", `<a href="https://example.org" rel="noopener">example.org</a>b`},
	{"objects are removed, except PDFs of the vault", "<object data=\"https://example.org/a.pdf\" type=\"application/pdf\">a</object><object data=\"/_system/graphql\" type=\"text/html\">b</object><embed src=x>", "<p><object type=\"application/pdf\">a</object>b</p>"},
	{"tags in HTML links are text", `<a href="b.md">#a</a> #b`, `<p><a href="/folder/b">#a</a> <a class="tag" href="/tags/b" rel="tag">#b</a></p>`},
	{"tags of other scripts have addresses", "#Тег/Под", `<p><a class="tag" href="/tags/%D1%82%D0%B5%D0%B3/%D0%BF%D0%BE%D0%B4" rel="tag">#Тег/Под</a></p>`},
	{"an open tag ends with the note", "<div>a\n\nb", "<div>a\n<p>b</p>\n</div>"},
	{"a stray end tag goes", "a</div></main>\n\n</article>b", "<p>a</p>\nb"},
	{"a tag that swallows the rest does not", "a <title> b <textarea> c <plaintext> d\n\ne", "<p>a  b  c  d</p>\n<p>e</p>"},
	{"a comment goes", "a <!-- secret --> b\n\n<!-- c -->", "<p>a  b</p>"},
}

func TestNotesReadAsTheyWereMeant(t *testing.T) {
	for _, tt := range renderTests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, render(t, "folder/a.md", tt.in)); diff != "" {
				t.Errorf("%s\n(-want +got):\n%s", tt.in, diff)
			}
		})
	}
}

func TestFootnotesLinkBothWays(t *testing.T) {
	got := render(t, "a.md", "a[^1] b[^1]\n\n[^1]: the note")
	for _, want := range []string{`id="fnref:1"`, `href="#fn:1"`, `id="fn:1"`, `href="#fnref:1"`, `href="#fnref1:1"`, `id="fnref1:1"`, `class="footnotes"`, "the note"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

// Otherwise a footnote would be shown within the text, or lost.
func TestInlineFootnotesStandBelow(t *testing.T) {
	const back = "\u00a0" + `<a href="#fnref:%d" class="footnote-backref" role="doc-backlink">↩︎</a></p>` + "\n</li>\n"
	ref := func(n int) string {
		return fmt.Sprintf(`<sup id="fnref:%d"><a href="#fn:%d" class="footnote-ref" role="doc-noteref">%d</a></sup>`, n, n, n)
	}
	notes := func(contents ...string) string {
		var b strings.Builder
		b.WriteString("\n<div class=\"footnotes\" role=\"doc-endnotes\">\n<hr>\n<ol>\n")
		for i, content := range contents {
			fmt.Fprintf(&b, "<li id=\"fn:%d\">\n<p>%s"+back, i+1, content, i+1)
		}
		return b.String() + "</ol>\n</div>"
	}
	for in, want := range map[string]string{
		"a^[b *c* [[note]] `]`] d":           "<p>a" + ref(1) + " d</p>" + notes(`b <em>c</em> <a href="/note">note</a> <code>]</code>`),
		"a^[b] [^x] ^[c\nd]\n\n[^x]: e":      "<p>a" + ref(1) + " " + ref(2) + " " + ref(3) + "</p>" + notes("b", "e", "c\nd"),
		"*a ^[b* c] d*":                      "<p><em>a " + ref(1) + " d</em></p>" + notes("b* c"),
		"a ^[b ^[c] d]":                      "<p>a " + ref(2) + "</p>" + notes("c", "b "+ref(1)+" d"),
		"# A ^[b]":                           `<h1 id="a">A ` + ref(1) + "</h1>" + notes("b"),
		"[^x]\n\n[^x]: a ^[b]":               "<p>" + ref(1) + "</p>" + notes("a "+ref(2), "b"),
		"a ^[b ^[] \\^[c] `^[d]` ^[`e] f` g": "<p>a ^[b ^[] ^[c] <code>^[d]</code> ^[<code>e] f</code> g</p>",
		"[a ^[b](note) c]":                   "<p>[a " + ref(1) + "(note) c]</p>" + notes("b"),
	} {
		if diff := cmp.Diff(want, render(t, "n.md", in)); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", in, diff)
		}
	}
}

func TestHTMLNotesAreSanitisedAndLinked(t *testing.T) {
	const page = "---\ntags: a\n---\n<!doctype html><html><head><title>The title</title><style>x{}</style></head>" +
		"<body><h1>Heading</h1><p>a<p>b <a href=note>l</a><script>x</script><img src=pic.png><div/>c</body></html>"
	doc := markdown.Parse("a.html", page)
	if doc.Title != "The title" || doc.TitleInBody {
		t.Errorf("title %q, in the body %v", doc.Title, doc.TitleInBody)
	}
	if diff := cmp.Diff([]string{"pic.png"}, doc.AssetRefs); diff != "" {
		t.Error(diff)
	}
	const want = `<h1>Heading</h1><p>a<p>b <a href="/note">l</a><img src="/_system/assets/h/pic.png"><div></div>c</p></p>`
	if diff := cmp.Diff(want, render(t, "a.html", page)); diff != "" {
		t.Error(diff)
	}
}

func TestTitleComesFromFrontmatterThenHeadingThenName(t *testing.T) {
	for _, tt := range []struct {
		path, content, title string
		inBody               bool
	}{
		{"a/b.md", "---\ntitle: T\n---\ntext", "T", false},
		{"a/b.md", "---\ntitle: T\n---\n# T\n", "T", true},
		{"a/b.md", "---\ntitle: T\n---\n# Other\n", "T", false},
		{"a/b.md", "# The *first* `one`\ntext", "The first one", true},
		{"a/b.md", "text\n\n# Later", "Later", false},
		{"a/b.md", "## Second level\ntext", "b", false},
		{"a/b.md", "# \n", "b", false},
		{"a/b.md", "---\ntitle:\n---\n# [[note|A link]] & more", "A link & more", true},
		{"a/My note (2).md", "", "My note (2)", false},
		{"guides/index.md", "", "guides", false},
		{"guides/_index.md", "", "guides", false},
		{"index.md", "", "Home", false},
		{"a.html", "<h1>One <b>two</b></h1>", "One two", true},
	} {
		doc := markdown.Parse(tt.path, tt.content)
		if doc.Title != tt.title || doc.TitleInBody != tt.inBody {
			t.Errorf("%s, %q: title %q in the body %v, want %q, %v", tt.path, tt.content, doc.Title, doc.TitleInBody, tt.title, tt.inBody)
		}
	}
}

// A client uploads exactly the listed files.
func TestEveryLocalFileIsAskedFor(t *testing.T) {
	for in, want := range map[string][]string{
		"![a](b.png) ![[c.jpg|x|10]] [[d.pdf#page=2]] ![[b.png]]": {"b.png", "c.jpg", "d.pdf"},
		"![a](my%20img.png) ![[my%20img.png]]":                    {"my img.png", "my%20img.png"},
		"![a](<my img.png>) ![b](../up/a.png) ![c](/root.png)":    {"my img.png", "../up/a.png", "/root.png"},
		"[x](data.csv) [y](b.md) [z](c) [w](v1.2) [v](dir/)":      {"data.csv"},
		"[[note]] [[note.md]] [[Dr. No]] [[v1.2]] ![[note#h]]":    nil,
		"![a](https://e.org/a.png) ![b](//e.org/b.png)":           nil,
		"![a](data:image/png;base64,AAAA) [b](mailto:a@b.pdf)":    nil,
		"<img src='a.png'>\n\n<video src=b.mp4 poster=c.png>":     {"a.png", "b.mp4"},
		"`![[a.png]]` \n\n    ![x](b.png)":                        nil,
		"![a][r]\n\n[r]: ref.png":                                 {"ref.png"},
		"![a](q.png?raw=true) ![b](100%.png) ![c](a%00b.png)":     {"q.png", "100%.png", "a%00b.png"},
		"![no ending](picture)":                                   {"picture"},
		"[![in a link](a.png)](b.zip)":                            {"b.zip", "a.png"},
	} {
		if diff := cmp.Diff(want, markdown.Parse("n.md", in).AssetRefs); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", in, diff)
		}
	}
}

// TestSamplesOfCommonMark covers corner cases in which parsers often fail.
func TestSamplesOfCommonMark(t *testing.T) {
	for in, want := range map[string]string{
		"a\n===\n\nb\n---":         "<h1 id=\"a\">a</h1>\n<h2 id=\"b\">b</h2>",
		"***a** b*":                "<p><em><strong>a</strong> b</em></p>",
		"`` a`b ``":                "<p><code>a`b</code></p>",
		"> a\nb\n\n> c":            "<blockquote>\n<p>a\nb</p>\n</blockquote>\n<blockquote>\n<p>c</p>\n</blockquote>",
		"- a\n\n  b\n- c":          "<ul>\n<li>\n<p>a</p>\n<p>b</p>\n</li>\n<li>\n<p>c</p>\n</li>\n</ul>",
		"[a](note (x) 'T')":        "<p>[a](note (x) &#39;T&#39;)</p>",
		"[a]: note\n\n[A]":         "<p><a href=\"/note\">A</a></p>",
		"\ttab\n":                  "<pre><code>tab\n</code></pre>",
		"a\r\nb\r\n":               "<p>a\nb</p>",
		"# a #\n#1":                "<h1 id=\"a\">a</h1>\n<p>#1</p>",
		"&copy; &#35; &nosuch;":    "<p>© # &amp;nosuch;</p>",
		"a_b_c *a*b":               "<p>a_b_c <em>a</em>b</p>",
		"* * *\n---":               "<hr>\n<hr>",
		"~~~\na\n~~~ \n\\`":        "<pre><code>a\n</code></pre>\n<p>`</p>",
		"|a|b|\n|-|-|\n|`x\\|y`|z": "<div class=\"table\"><table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><code>x|y</code></td>\n<td>z</td>\n</tr>\n</tbody>\n</table></div>",
	} {
		if diff := cmp.Diff(want, render(t, "folder/a.md", in)); diff != "" {
			t.Errorf("%q\n(-want +got):\n%s", in, diff)
		}
	}
}
