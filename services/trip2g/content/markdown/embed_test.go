package markdown_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

// showing returns a vault of notes that are found by name: name, text, name, text, and so on.
func showing(pairs ...string) vault {
	v := vault{notes: map[string]string{}, shown: map[string]*trip2g.Document{}, files: someVault.files}
	for i := 0; i < len(pairs); i += 2 {
		v.notes[pairs[i]] = "/" + pairs[i]
		v.shown[pairs[i]] = markdown.Parse(pairs[i]+".md", pairs[i+1])
		v.shown[pairs[i]+".md"] = v.shown[pairs[i]]
	}
	return v
}

func (v vault) page(t *testing.T, name string) string {
	t.Helper()
	return strings.TrimSpace(string(must(markdown.Render(v.shown[name], v))))
}

func framed(href, title, content string) string {
	return `<section class="embed" dir="auto">` + "\n" + `<p class="embed-title"><a href="` + href + `">` + title + "</a></p>\n" + content + "</section>"
}

const source = "# Source\n\nFirst, [[#Plan]]. ^one\n\n## Plan\n\n- a ^two\n- b[^x] ^three\n\n1. c\n2. d ^four\n\n### Details\n\nmore[^y]\n\n## Else ^five\n\nlast[^y]\n\n> [!tip] T\n\n^six\n\n[^x]: X [^y]\n[^y]: Y"

// TestNotesAreShownInNotes embeds each case into a note in the same folder as the note source.
func TestNotesAreShownInNotes(t *testing.T) {
	footnotes := func(items ...string) string {
		return "<div class=\"footnotes\" role=\"doc-endnotes\">\n<hr>\n<ol>\n" + strings.Join(items, "") + "</ol>\n</div>\n"
	}
	note := func(n int, text string, back ...string) string {
		s := fmt.Sprintf("<li id=\"e1-fn:%d\">\n<p>%s", n, text)
		for _, b := range back {
			s += "\u00a0" + `<a href="#e1-` + b + `" class="footnote-backref" role="doc-backlink">↩︎</a>`
		}
		return s + "</p>\n</li>\n"
	}
	ref := func(id string, n int) string {
		return fmt.Sprintf(`<sup id="e1-%s"><a href="#e1-fn:%d" class="footnote-ref" role="doc-noteref">%d</a></sup>`, id, n, n)
	}
	plan := `<h3>Plan</h3>` + "\n<ul>\n<li>a</li>\n<li>b" + ref("fnref:1", 1) + "</li>\n</ul>\n<ol>\n<li>c</li>\n<li>d</li>\n</ol>\n<h4>Details</h4>\n<p>more" + ref("fnref:2", 2) + "</p>\n"
	tip := "<div class=\"callout callout-tip\" aria-label=\"Tip\" role=\"note\">\n<p class=\"callout-title\">T</p>\n</div>\n"
	first := `<p>First, <a href="/source#plan">Plan</a>.</p>` + "\n"
	for in, want := range map[string]string{
		"![[source#^one]]":            framed("/source#%5Eone", "Source", first),
		"before ![[source#^one]] and": "<p>before </p>\n" + framed("/source#%5Eone", "Source", first) + "\n<p> and</p>",
		"x\n![[source#^one]]\ny":      "<p>x</p>\n" + framed("/source#%5Eone", "Source", first) + "\n<p>y</p>",
		"![[source#^one]] ^mine":      strings.Replace(framed("/source#%5Eone", "Source", first), `dir="auto"`, `dir="auto" id="^mine"`, 1),
		"- ![[source#^one]]":          "<ul>\n<li>\n" + framed("/source#%5Eone", "Source", first) + "\n</li>\n</ul>",
		"|a|\n|-|\n|![[source#^one]]|": "<div class=\"table\"><table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>" + framed("/source#%5Eone", "Source", first) +
			"\n</td>\n</tr>\n</tbody>\n</table></div>",
		"![[source#Plan]]":            framed("/source#plan", "Source › Plan", plan+footnotes(note(1, "X "+ref("fnref2:2", 2), "fnref:1"), note(2, "Y", "fnref:2", "fnref2:2"))),
		"![[source#^two]]":            framed("/source#%5Etwo", "Source", "<ul>\n<li>a</li>\n</ul>\n"),
		"![[source#^four]]":           framed("/source#%5Efour", "Source", "<ol start=\"2\">\n<li>d</li>\n</ol>\n"),
		"![[source#^five]]":           framed("/source#%5Efive", "Source", "<h3><span></span>Else</h3>\n"),
		"![[source#^six]]":            framed("/source#%5Esix", "Source", tip),
		"![x](source.md#^two)":        framed("/source.md#%5Etwo", "Source", "<ul>\n<li>a</li>\n</ul>\n"),
		"*![[source]]*":               `<p><em><a href="/source" title="A note is shown only in a paragraph or a table&#39;s cell">source</a></em></p>`,
		"![[source#Nothing]]":         `<p><span class="missing" title="“Source” has no such heading">source &gt; Nothing</span></p>`,
		"![[source#^none]]":           `<p><span class="missing" title="“Source” has no block of that name">source &gt; ^none</span></p>`,
		"![[nowhere|so]]":             `<p><span class="missing" title="There is no note “nowhere”">so</span></p>`,
		"# A\n\n![[#B]]\n\n## B\n\nb": "<h1 id=\"a\">A</h1>\n" + framed("#b", "A › B", "<h3>B</h3>\n<p>b</p>\n") + "\n<h2 id=\"b\">B</h2>\n<p>b</p>",
	} {
		got := showing("source", source, "n", in).page(t, "n")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n(-want +got):\n%s", in, diff)
		}
	}
}

// The title is above the embed and links to the note.
func TestAWholeNoteIsShownWithoutItsTitle(t *testing.T) {
	v := showing("n", "# N\n\n![[a]]\n\n## Plan\n\nn[^1]\n\n[^1]: own", "a", "---\nlang: ar\n---\n# A\n\n## Plan\n\na[^1] <b id='x'>y</b>\n\n[^1]: its", "b.html", "")
	v.shown["n"] = markdown.Parse("n.md", "![[a]]\n\n## Plan\n\nn[^1]\n\n[^1]: own")
	got := v.page(t, "n")
	for _, want := range []string{`<section class="embed" dir="auto" lang="ar">`, `<a href="/a">A</a>`, "<h3>Plan</h3>", `<h2 id="plan">Plan</h2>`, `id="e1-fn:1"`, `id="fn:1"`, "<b>y</b>"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%d times %s in\n%s", strings.Count(got, want), want, got)
		}
	}
	if strings.Contains(got, "<h1") || strings.Contains(got, "<h2>A") {
		t.Errorf("the title is shown twice:\n%s", got)
	}
}

// Otherwise rendering would not end, or an owner would not find the cause.
func TestANoteThatShowsItselfSaysSo(t *testing.T) {
	v := showing("A", "![[B]]", "B", "b\n\n![[C]]", "C", "c\n\n![[A]]", "S", "![[#S]]\n\n# S\n\n![[#S]]")
	if got := v.page(t, "A"); !strings.Contains(got, "This note shows itself: A → B → C → A") || strings.Count(got, "<section") != 2 {
		t.Errorf("got\n%s", got)
	}
	if got := v.page(t, "B"); !strings.Contains(got, "This note shows itself: B → C → A → B") {
		t.Errorf("got\n%s", got)
	}
	if got := v.page(t, "S"); strings.Count(got, "This note shows itself: S → S") != 2 {
		t.Errorf("got\n%s", got)
	}
}

// Each note embeds the next one a hundred times, which would make gigabytes of HTML.
func TestNotesInNotesAreBounded(t *testing.T) {
	var pairs []string
	for i := range 12 {
		pairs = append(pairs, fmt.Sprint("n", i), strings.Repeat(fmt.Sprintf("![[n%d]]\n\n", i+1), 100)+strings.Repeat("text ", 100))
	}
	pairs = append(pairs, "n12", "end", "large", "![[n0]] ![[huge]]", "huge", strings.Repeat("word ", 1_000_000),
		"dense", strings.Repeat("![[work]]\n\n", 300), "work", strings.Repeat("*a_ ", 5000))
	v := showing(pairs...)
	for name, want := range map[string]string{
		"n0":    `title="Notes are shown in each other at most 5 deep"`,
		"large": `title="Too much is shown on this page already"`,
		"dense": `title="Too much is shown on this page already"`,
	} {
		got := v.page(t, name)
		if len(got) > 16<<20 || !strings.Contains(got, want) || strings.Count(got, "<section") > 200 {
			t.Errorf("%s: %d bytes, %d notes shown", name, len(got), strings.Count(got, "<section"))
		}
		checkHarmless(t, []byte(got))
	}
}

// TestAShownNoteCannotLeaveItsFrame uses HTML that would close the elements around it.
func TestAShownNoteCannotLeaveItsFrame(t *testing.T) {
	for _, raw := range []bool{false, true} {
		v := showing("n", "![[a]]\n\nafter", "a", "</section></div><div><b>x")
		v.settings.RawHTML = raw
		if got := v.page(t, "n"); !strings.Contains(got, "<b>x</b></div></section>\n<p>after</p>") {
			t.Errorf("raw %v:\n%s", raw, got)
		}
	}
}
