package markdown_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g/content/markdown"
)

// Otherwise readers would see the owner's private comments.
func TestCommentsNeverReachAPage(t *testing.T) {
	for in, want := range map[string]string{
		"a %%secret%% b":                                "<p>a  b</p>",
		"%%secret%%\n\nb":                               "<p>b</p>",
		"a\n\n%%\nsecret\n\n- secret\n%%\n\nb":          "<p>a</p>\n<p>b</p>",
		"a %%secret\n\nsecret%% b":                      "<p>a</p>\n<p>b</p>",
		"%%\n```\nsecret\n```\n%%\nb":                   "<p>b</p>",
		"%% it's `secret%% and `code` b":                "<p>and <code>code</code> b</p>",
		"> %%\n> secret\n> %%\n> b":                     "<blockquote>\n<p>b</p>\n</blockquote>",
		"- a\n\n  %%\n  secret\n  %%\n\n  b":            "<ul>\n<li>\n<p>a</p>\n<p>b</p>\n</li>\n</ul>",
		"a\n\n%%\nsecret\n\nsecret":                     "<p>a</p>",
		"%%\nsecret\n\n```\nsecret\n%%\nb\n```\nc":      "<p>b</p>\n<pre><code>c\n</code></pre>",
		"%%a%%%%secret%%b":                              "<p>b</p>",
		"<div>%%secret%%b</div>":                        "<div>b</div>",
		"|a|\n|-|\n|b %%secret%%|":                      "<div class=\"table\"><table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>b</td>\n</tr>\n</tbody>\n</table></div>",
		"[a](note \"%%secret%%T\") ![[pic.png|%%s%%b]]": `<p><a href="/note" title="T">a</a> <img src="/_system/assets/h/pic.png" alt="b" loading="lazy"></p>`,
		"# %%secret%%":                                  "<h1 id=\"section\"></h1>",

		"`%%code%%` %%secret%% b": "<p><code>%%code%%</code>  b</p>",
		"```\n%%code%%\n```":      "<pre><code>%%code%%\n</code></pre>",
		"    %%code%%":            "<pre><code>%%code%%\n</code></pre>",
		"100%% sure":              "<p>100%% sure</p>",
		`\%%no comment\%%`:        "<p>%%no comment%%</p>",
		"a % b %c% d":             "<p>a % b %c% d</p>",
	} {
		if got := render(t, "n.md", in); got != want {
			t.Errorf("%q\ngot  %q\nwant %q", in, got, want)
		}
	}
}

// Otherwise a note's metadata would reveal its comments.
func TestCommentsAreNoPartOfANote(t *testing.T) {
	doc := markdown.Parse("a/name.md", "%%\n# Secret\n#secret\n%%\n\ntext %%![[secret.png]] [[secret]]%%\n\n%%*")
	if doc.Title != "name" || len(doc.AssetRefs) > 0 || len(doc.Tags) > 0 || strings.Contains(strings.ToLower(doc.Body), "secret") {
		t.Errorf("%+v", doc)
	}
}

// Otherwise an owner would not know why the rest of a note is missing.
func TestACommentWithoutAnEndIsNamed(t *testing.T) {
	doc := markdown.Parse("n.md", "---\na: b\n---\na %%b\nc%%\n\n%%\nrest\n\nof it\n")
	if len(doc.Warnings) != 1 || doc.Warnings[0].Line != 7 || !strings.Contains(doc.Warnings[0].Text, "%%") {
		t.Errorf("warnings: %+v", doc.Warnings)
	}
}

// TestCommentsInCodeAndCodeInCommentsEnd uses a text in which each removed comment creates new
// code.
func TestCommentsInCodeAndCodeInCommentsEnd(t *testing.T) {
	in := strings.Repeat("%% ` %% ` ", 200) + "\n\nend"
	if got := render(t, "n.md", in); !strings.HasSuffix(got, "<p>end</p>") || strings.Contains(got, "%%") {
		t.Errorf("got %q", got)
	}
}
