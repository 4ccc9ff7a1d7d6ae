package markdown_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

func renderWith(t *testing.T, settings trip2g.Settings, path, content string) string {
	t.Helper()
	v := someVault
	v.settings = settings
	return strings.TrimSpace(string(must(markdown.Render(markdown.Parse(path, content), v))))
}

func TestLinesEndWhereTheOwnerWantsThem(t *testing.T) {
	const in = "a\nb [[note]]\nc\n\n- d\n  e\n\n> f\n> g\n\n    h\n    i"
	const want = "<p>a<br>\nb <a href=\"/note\">note</a><br>\nc</p>\n<ul>\n<li>d<br>\ne</li>\n</ul>\n<blockquote>\n<p>f<br>\ng</p>\n</blockquote>\n<pre><code>h\ni\n</code></pre>"
	if diff := cmp.Diff(want, renderWith(t, trip2g.Settings{HardBreaks: true}, "n.md", in)); diff != "" {
		t.Error(diff)
	}
}

// TestTheOwnersHTMLIsKeptWhereTheyTrustIt covers kept HTML, and HTML that is removed anyway because
// a browser would block it with a message in its console.
func TestTheOwnersHTMLIsKeptWhereTheyTrustIt(t *testing.T) {
	for in, want := range map[string]string{
		`<div class="card" id="MyCard" data-x="1"><button type="button">b</button></div>`:                           `<div class="card" id="MyCard" data-x="1"><button type="button">b</button></div>`,
		`<form method="get"><input name="q"><select><option>a</option></select></form>`:                             `<form method="get"><input name="q"><select><option>a</option></select></form>`,
		`<svg viewBox="0 0 1 1"><path d="M0 0"></path></svg>`:                                                       `<p><svg viewbox="0 0 1 1"><path d="M0 0"></path></svg></p>`,
		`<a class="big" href="b.md">x</a> <img src="pic.png" class="wide">`:                                         `<p><a class="big" href="/folder/b">x</a> <img src="/_system/assets/h/pic.png" class="wide"></p>`,
		`<p style="color:red" onclick="x()" class="c">a</p>`:                                                        `<p class="c">a</p>`,
		"<script>alert(1)</script><style>p{}</style><base href=\"https://example.org\"><meta http-equiv=refresh>a":  "a",
		`<a href="javascript:alert(1)">a</a> <form action=" java` + "\t" + `script:x">b</form>`:                     `<p><a>a</a> <form>b</form></p>`,
		`<object data="https://example.org"></object><embed src="x"><iframe srcdoc="<script>x</script>"></iframe>c`: "<p>c</p>",
		`<iframe src="https://example.org/a?b&c"></iframe>`:                                                         `<a href="https://example.org/a?b&amp;c" rel="noopener">example.org/a?b&amp;c</a>`,
		"<section>\n\nopen *text*": "<section>\n<p>open <em>text</em></p>\n</section>",
	} {
		got := renderWith(t, trip2g.Settings{RawHTML: true}, "folder/n.md", in)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", in, diff)
		}
	}
	const page = `<html><body class="x"><main class="y"><h1 style="z">A</h1></main></body></html>`
	if diff := cmp.Diff(`<main class="y"><h1>A</h1></main>`, renderWith(t, trip2g.Settings{RawHTML: true}, "n.html", page)); diff != "" {
		t.Error(diff)
	}
}

// Such a form would send a request with the reader's session after one click.
func TestAFormInANoteCannotTargetTheServersOwnAddresses(t *testing.T) {
	for _, in := range []string{
		`<form method="post" action="/_system/graphql" enctype="multipart/form-data"><button>Next page</button></form>`,
		`<form method=post ACTION=/_system/signin/code><input name="code" value="1"></form>`,
		`<form action="../_system/graphql"></form>`, `<form action="//my.test/_system/graphql"></form>`, "<form action=\"/_sys\ttem/graphql\"></form>",
		`<form action="\_system\graphql"></form>`, `<form action="https://my.test/_system/graphql"></form>`, `<form action="/%5Fsystem/graphql"></form>`,
		`<form><button formmethod="post" formaction="/_system/signout">x</button><input type="image" formaction="/graphql"></form>`,
		`<button form="_find" formaction="/_system/graphql">x</button>`, `<a href="b.md" ping="/_system/signout">b</a>`,
	} {
		for _, name := range []string{"n.md", "n.html"} {
			got := renderWith(t, trip2g.Settings{RawHTML: true}, name, in)
			for _, attribute := range []string{"action", "ping", "_system", "/graphql"} {
				if strings.Contains(strings.ToLower(got), attribute) {
					t.Errorf("%s in %s: %s", in, name, got)
				}
			}
		}
	}
}
