package markdown_test

import (
	"fmt"
	"strings"
	"testing"
)

// calloutHTML returns a callout that is not foldable.
func calloutHTML(kind, label, title, content string) string {
	return fmt.Sprintf("<div class=\"callout callout-%s\" aria-label=\"%s\" role=\"note\">\n<p class=\"callout-title\">%s</p>\n%s</div>", kind, label, title, content)
}

// Otherwise an owner's warnings would be quotes, or have a wrong color.
func TestCalloutsHaveTheirTypesAndTitles(t *testing.T) {
	for in, want := range map[string]string{
		"> [!note] A *title*\n> text":   calloutHTML("note", "Note", "A <em>title</em>", "<p>text</p>\n"),
		"> [!tip]\n> text\n>\n> - more": calloutHTML("tip", "Tip", "Tip", "<p>text</p>\n<ul>\n<li>more</li>\n</ul>\n"),
		"> [!WARNING]\n> text":          calloutHTML("warning", "Warning", "WARNING", "<p>text</p>\n"),
		"> [!faq] Only a title":         calloutHTML("question", "Question", "Only a title", ""),
		"> [!my-type]\n> text":          calloutHTML("note", "Note", "My type", "<p>text</p>\n"),
		"> [!bug|wide] A\nlazy":         calloutHTML("bug", "Bug", "A", "<p>lazy</p>\n"),
		"> [!a<b>]":                     calloutHTML("note", "Note", "A&lt;b&gt;", ""),
		"> [!info] [[note]] #1 `x`":     calloutHTML("info", "Info", `<a href="/note">note</a> #1 <code>x</code>`, ""),
		"> [!todo] A\n> - [ ] b":        calloutHTML("todo", "Todo", "A", "<ul>\n<li><input type=\"checkbox\" disabled=\"\" aria-label=\"not done\"> b</li>\n</ul>\n"),
		"> [!quote] A\n> ---\n> b":      calloutHTML("quote", "Quote", "A", "<hr>\n<p>b</p>\n"),
		"- > [!note] A\n  > b":          "<ul>\n<li>\n" + calloutHTML("note", "Note", "A", "<p>b</p>\n") + "\n</li>\n</ul>",

		"> [!tip]+ Open\n> text": "<details class=\"callout callout-tip\" aria-label=\"Tip\" open=\"\">\n<summary class=\"callout-title\">Open</summary>\n<p>text</p>\n</details>",
		"> [!tip]-\n> text":      "<details class=\"callout callout-tip\" aria-label=\"Tip\">\n<summary class=\"callout-title\">Tip</summary>\n<p>text</p>\n</details>",
		"> [!note] A\n> > [!tip]- B\n> > c": calloutHTML("note", "Note", "A",
			"<details class=\"callout callout-tip\" aria-label=\"Tip\">\n<summary class=\"callout-title\">B</summary>\n<p>c</p>\n</details>\n"),

		"> [!note]text":          "<blockquote>\n<p>[!note]text</p>\n</blockquote>",
		"> text\n> [!note] no":   "<blockquote>\n<p>text\n[!note] no</p>\n</blockquote>",
		"> text\n>\n> [!note] b": "<blockquote>\n<p>text</p>\n<p>[!note] b</p>\n</blockquote>",
		"[!note] no quote":       "<p>[!note] no quote</p>",
		"> [!] a":                "<blockquote>\n<p>[!] a</p>\n</blockquote>",
	} {
		if got := render(t, "n.md", in); got != want {
			t.Errorf("%q\ngot  %s\nwant %s", in, got, want)
		}
	}
}

// TestEveryNameOfACalloutIsKnown uses Obsidian's list.
func TestEveryNameOfACalloutIsKnown(t *testing.T) {
	for kind, names := range map[string]string{
		"note": "note", "abstract": "abstract summary tldr", "info": "info", "todo": "todo", "tip": "tip hint important",
		"success": "success check done", "question": "question help faq", "warning": "warning caution attention",
		"failure": "failure fail missing", "danger": "danger error", "bug": "bug", "example": "example", "quote": "quote cite",
	} {
		for name := range strings.FieldsSeq(names) {
			if got := render(t, "n.md", "> [!"+name+"] T"); !strings.Contains(got, `class="callout callout-`+kind+`"`) {
				t.Errorf("%s: %s", name, got)
			}
		}
	}
}
