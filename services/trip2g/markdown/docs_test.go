package markdown_test

import (
	"os"
	"strings"
	"testing"

	"trip2g/services/trip2g/markdown"
)

// TestThePageAboutWritingShowsWhatItSays would promise an owner what the page itself does not have.
func TestThePageAboutWritingShowsWhatItSays(t *testing.T) {
	source, err := os.ReadFile("../../../docs/writing.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := markdown.Parse("writing.md", string(source))
	for _, w := range doc.Warnings {
		t.Errorf("line %d: %s", w.Line, w.Text)
	}
	page := string(must(markdown.Render(doc, someVault)))
	for _, want := range []string{
		"<mark>highlight</mark>", "<del>gone</del>", `<a href="https://example.org" rel="noopener">`, `href="#fn:2"`, "<p>Like this.",
		`type="checkbox"`, `<math><mrow><msup><mi>e</mi>`, `<div class="math"><math display="block">`, `<a class="tag" href="/tags/writing/sample" rel="tag">#writing/sample</a>`,
		`<p id="^sample">`, `<a href="#%5Esample">`, `<a href="#links">`, `<span class="missing" title="There is no note “no such note”">no such note</span>`,
		`<details class="callout callout-question" aria-label="Question">`, `<span class="hl-key">func</span>`, `<code class="language-mermaid">`,
		`<td align="center">b</td>`, "<kbd>Ctrl</kbd>", "$5 and $6", "#123 is none",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	for _, kind := range strings.Fields("note abstract info todo tip success question warning failure danger bug example quote") {
		if !strings.Contains(page, `class="callout callout-`+kind+`"`) {
			t.Errorf("the page has no callout of type %s", kind)
		}
	}
	if strings.Contains(strings.ReplaceAll(page, "%%for me alone%%</code>", ""), "for me alone") {
		t.Error("the page shows its comment")
	}
}
