package push_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"flag"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/web/admin"
)

var update = flag.Bool("update", false, "write the pages in testdata/golden again")

// copyVault copies a vault of testdata, so that a push does not change testdata.
func copyVault(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("../../testdata/vaults", name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// published holds what readers get of a pushed vault.
type published struct {
	trip2g.Site
	urls      []string          // of the notes
	fragments map[string][]byte // HTML of a note's text, by its URL
	warnings  []string
}

// publishVault pushes a folder as the command does and reads every page of the resulting site.
func publishVault(t *testing.T, s *server, dir string) published {
	t.Helper()
	s.mustPush(dir, nil)
	p := published{fragments: make(map[string][]byte)}
	bodies := make(map[string]string) // of the notes, by URL: a page renders a footer too
	reading := ""
	f := site.NewFollower(s.db, site.Options{Parse: markdown.Parse, Log: zerolog.Nop(), SystemPages: admin.Paths(), Render: func(d *trip2g.Document, l trip2g.Links) ([]byte, error) {
		fragment, err := markdown.Render(d, l)
		if err != nil {
			t.Errorf("%s: %v", reading, err)
		}
		if d.Body == bodies[reading] {
			p.fragments[reading] = fragment
		}
		return fragment, err
	}})
	if _, err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Site = f.Current()
	for _, w := range p.Stats().Warnings {
		p.warnings = append(p.warnings, fmt.Sprintf("%s:%d: %s", w.Path, w.Line, w.Text))
	}
	notes, _, _ := s.published()
	for path, content := range notes {
		doc := markdown.Parse(path, content)
		url, ok := trip2g.NoteURL(path, doc.Slug)
		if !ok || doc.Access.Level == trip2g.NotShown {
			continue
		}
		p.urls, bodies[url] = append(p.urls, url), doc.Body
	}
	slices.Sort(p.urls)
	for _, reading = range slices.Compact(p.urls) {
		page, redirect := p.Page(reading, trip2g.Owner)
		if page == nil {
			t.Errorf("%s has no page, and leads to %v", reading, redirect)
			continue
		}
		if body := page.Body(trip2g.Identity).Bytes; !bytes.Contains(body, p.fragments[reading]) {
			t.Errorf("%s does not show its note", reading)
		}
	}
	return p
}

// TestTheVaultOfAllFeaturesReadsAsItShould compares each note's page with a reviewed one. After an
// intended change, run it with -update and review the pages again.
func TestTheVaultOfAllFeaturesReadsAsItShould(t *testing.T) {
	p := publishVault(t, start(t), copyVault(t, "features"))
	for url, fragment := range p.fragments {
		compareGolden(t, "features"+strings.TrimSuffix(url, "/")+".html", fragment)
	}
	compareGolden(t, "features/warnings.txt", []byte(strings.Join(p.warnings, "\n")+"\n"))
	for _, url := range []string{"/hidden", "/_drafts/draft", "/drafts/draft", "/_settings", "/settings"} {
		if page, _ := p.Page(url, trip2g.Owner); page != nil {
			t.Errorf("%s is a page", url)
		}
	}
	for _, url := range []string{"/watch/morning", "/broken"} {
		if page, _ := p.Page(url, trip2g.Anonymous); page == nil || bytes.Contains(page.Body(trip2g.Identity).Bytes, p.fragments[url]) {
			t.Errorf("%s can be read by everybody", url)
		}
	}
	for url, fragment := range p.fragments {
		for _, secret := range []string{"not seen", "nobody sees", "alert(", "except once", "onclick", "color: red"} {
			if bytes.Contains(fragment, []byte(secret)) {
				t.Errorf("%s has %q", url, secret)
			}
		}
	}
}

func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("../../testdata/golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestAVaultInThreeScriptsHasAnAddressForEachNote fails for a broken URL of a note in one of the
// scripts, and for URLs that cannot be distinguished.
func TestAVaultInThreeScriptsHasAnAddressForEachNote(t *testing.T) {
	p := publishVault(t, start(t), copyVault(t, "scripts"))
	want := []string{"/", "/café_au_lait", "/tower", "/заметки_о_море", "/острова/большой_остров", "/ёлка", "/יומן_המגדלור", "/日記/二日目", "/灯台日記"}
	if diff := cmp.Diff(want, p.urls); diff != "" {
		t.Error(diff)
	}
	for url, fragment := range p.fragments {
		if bytes.Contains(fragment, []byte(`class="missing"`)) {
			t.Errorf("%s leads to nothing:\n%s", url, fragment)
		}
	}
	for url, want := range map[string]string{
		"/заметки_о_море": `<h3>לילה</h3>`, "/ёлка": `href="/%D0%B7%D0%B0%D0%BC%D0%B5%D1%82%D0%BA%D0%B8_%D0%BE_%D0%BC%D0%BE%D1%80%D0%B5#%D0%BD%D0%BE%D1%87%D1%8C"`,
		"/日記/二日目": `#%E5%A4%9C"`, "/יומן_המגדלור": `<code class="language-go">`,
	} {
		if !bytes.Contains(p.fragments[url], []byte(want)) {
			t.Errorf("%s has no %s:\n%s", url, want, p.fragments[url])
		}
	}
	if len(p.warnings) > 0 {
		t.Errorf("warnings: %q", p.warnings)
	}
}

// hostileNames are valid but unexpected file names, each with its URL.
var hostileNames = map[string]string{
	"'; DROP TABLE notes; --.md": "/drop_table_notes", "<script>alert(1)<.md": "/script_alert_1", "#a^b|c.md": "/a_b_c", "CON.md": "/con",
	"\u202egnp.md": "/gnp", "..dots...md": "", "!!!.md": "/_", "a%20b.md": "/a_20b", "e\u0301.md": "/é", "ẞ.md": "/ß", "A?b&c=d.md": "/a_b_c_d",
	"deep/" + strings.Repeat("d/", 400) + "x.md": "/deep/" + strings.Repeat("d/", 400) + "x", strings.Repeat("n", 250) + ".md": "/" + strings.Repeat("n", 250),
}

// TestAHostileVaultIsPublishedAllTheSame has everything in a folder that could stop a push, a node
// or a reader. The rest must still be readable.
func TestAHostileVaultIsPublishedAllTheSame(t *testing.T) {
	s := start(t)
	dir := copyVault(t, "hostile")
	for name := range hostileNames {
		write(t, dir, name, "hostile by name\n")
	}
	write(t, dir, "deep quotes.md", strings.Repeat(">", 10_000)+" deep\n")
	write(t, dir, "deep lists.md", strings.Repeat("- ", 10_000)+"deep\n")
	write(t, dir, "deep html.md", strings.Repeat("<div>", 10_000)+"deep\n")
	write(t, dir, "deep brackets.md", strings.Repeat("[", 10_000)+"deep"+strings.Repeat("](x)", 10_000)+"\n")
	write(t, dir, "deep yaml.md", "---\na: "+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)+"\n---\ndeep\n")
	write(t, dir, "line of 15 MB.md", strings.Repeat("a long line ", 15<<20/12))
	write(t, dir, "line of 20 MB.md", strings.Repeat("a long line ", 20<<20/12))
	write(t, dir, "bomb.png", string(pictureBomb(20_000)))
	p := publishVault(t, s, dir)
	for name, url := range hostileNames {
		if url == "" {
			continue // its name begins with a dot: no note
		}
		if page, _ := p.Page(url, trip2g.Anonymous); page == nil || !bytes.Contains(page.Body(trip2g.Identity).Bytes, []byte("hostile by name")) {
			t.Errorf("%q is not at %s", name, url)
		}
	}
	for url, want := range map[string]string{
		"/bomb": "A bomb of YAML.", "/open_frontmatter": "But the text goes on", "/tab": "tabs *everywhere*", "/cr_only": `<h1 id="one">One</h1>`,
		"/crlf": `<p class="callout-title">T</p>`, "/utf16": "saved by an old editor ✓", "/latin1": "broken bytes: \uFFFD", "/nul": "a\uFFFDb", "/empty": "",
		"/self": "This note shows itself", "/page": "<p>text</p>", "/deep_html": "deep", "/line_of_15_mb": "a long line",
	} {
		if fragment, ok := p.fragments[url]; !ok || !bytes.Contains(fragment, []byte(want)) {
			t.Errorf("%s has no %s: %.300s", url, want, fragment)
		}
	}
	for url, want := range map[string]string{"/tags": "Odd YAML.", "/dots": "Kept back by", "/never_closed": "Kept back by", "/typo": "Kept back by"} {
		if page, _ := p.Page(url, trip2g.Anonymous); page == nil || !bytes.Contains(p.fragments[url], []byte(want)) || bytes.Contains(page.Body(trip2g.Identity).Bytes, []byte(want)) {
			t.Errorf("%s can be read by everybody, or by nobody", url)
		}
	}
	if page, _ := p.Page("/no_way", trip2g.Owner); page != nil {
		t.Error("a note whose publish is neither true nor false is a page")
	}
	if notes, _, _ := s.published(); notes["line of 20 MB.md"] != "" {
		t.Error("a note larger than any server takes was published")
	}
	for url, fragment := range p.fragments {
		if limit := 1<<20 + 2*16<<20; len(fragment) > limit {
			t.Errorf("%s has %d bytes", url, len(fragment))
		}
		for _, harm := range []string{"<script", "onload", "javascript:"} {
			if bytes.Contains(fragment, []byte(harm)) {
				t.Errorf("%s has %s", url, harm)
			}
		}
	}
}

// pictureBomb returns a PNG of a few KB that decodes to side × side pixels.
func pictureBomb(side uint32) []byte {
	var out, data bytes.Buffer
	z := zlib.NewWriter(&data)
	row := make([]byte, side/8+1)
	for range side {
		z.Write(row)
	}
	z.Close()
	out.WriteString("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, content []byte) {
		binary.Write(&out, binary.BigEndian, uint32(len(content)))
		body := append([]byte(kind), content...)
		out.Write(body)
		binary.Write(&out, binary.BigEndian, crc32.ChecksumIEEE(body))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, side), side)
	chunk("IHDR", append(head, 1, 0, 0, 0, 0)) // one bit a pixel, grey
	chunk("IDAT", data.Bytes())
	chunk("IEND", nil)
	return out.Bytes()
}

// TestThePagesAboutWritingShowWhatTheySay fails if a page of the documentation promises something
// that it does not render.
func TestThePagesAboutWritingShowWhatTheySay(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../../../docs")); err != nil {
		t.Fatal(err)
	}
	p := publishVault(t, start(t), dir)
	if len(p.warnings) > 0 {
		t.Errorf("warnings: %q", p.warnings)
	}
	for url, wants := range map[string][]string{
		"/writing": {`<a href="/writing/links">Links</a>`, `<a href="/writing/urls">`},
		"/writing/formatting": {"<mark>highlight</mark>", "<del>deleted</del>", `href="#fn:2"`, "<p>Like this.", `type="checkbox"`, `<math><mrow><msup><mi>e</mi>`, "#123 is not a tag",
			`<a class="tag" href="/tags/writing/sample" rel="tag">#writing/sample</a>`, `<td align="center">b</td>`, "<hr>", "<blockquote>"},
		"/writing/links": {`<p id="^sample">`, `<a href="#%5Esample">`, `<a href="#how-links-are-resolved">`, `<a href="/writing">what a note can contain</a>`, `<a href="/guides/push#exit-codes">`,
			`<a href="/writing/sample_note">text</a>`, `<a href="/guides">`, `tides.pdf">`, `title="There is no note “no such note”">no such note</span>`, `<a href="https://example.org" rel="noopener">`},
		"/writing/embeds": {`<a href="/writing/sample_note">A sample note</a>`, `<a href="/writing/sample_note#the-horn">A sample note › The horn</a>`, "<p>Three blasts mean: <em>keep off.</em></p>",
			"<ul>\n<li>a second item</li>\n</ul>", `width="30"`, `alt="The tower" loading="lazy" width="40" height="80"`, "<audio ", `<object class="pdf"`, "tides.pdf#page=1", `title="There is no note “no such note”"`},
		"/writing/callouts":      {`<details class="callout callout-question" aria-label="Question">`},
		"/writing/code_and_math": {`<span class="hl-key">func</span>`, `<pre class="mermaid">`, `<div class="math"><math display="block">`, "$5 and $6"},
		"/writing/frontmatter":   {`<a href="/writing/frontmatter">note properties</a>`, `<a href="/writing/urls">`},
		"/writing/html":          {"<kbd>Ctrl</kbd>", "<ruby>", "<details><summary>More</summary>", `<a href="https://example.org/film" rel="noopener">example.org/film</a>`, `<a href="/writing/links">a link</a>`},
		"/writing/urls":          {`<a href="/writing">/writing</a>`},
	} {
		for _, want := range wants {
			if !bytes.Contains(p.fragments[url], []byte(want)) {
				t.Errorf("%s has no %s", url, want)
			}
		}
	}
	for _, kind := range strings.Fields("note abstract info todo tip success question warning failure danger bug example quote") {
		if !bytes.Contains(p.fragments["/writing/callouts"], []byte(`class="callout callout-`+kind+`"`)) {
			t.Errorf("no callout of type %s is shown", kind)
		}
	}
	for url, fragment := range p.fragments {
		for _, m := range missingLink.FindAllSubmatch(fragment, -1) {
			if string(m[1]) != "no such note" && string(m[1]) != "nothing that exists" {
				t.Errorf("%s leads to nothing: %s", url, m[0])
			}
		}
	}
	if bytes.Contains(bytes.ReplaceAll(p.fragments["/writing/formatting"], []byte("%%for me alone%%</code>"), nil), []byte("for me alone")) {
		t.Error("a page shows its comment")
	}
}

var missingLink = regexp.MustCompile(`class="missing" title="[^"“]*“?([^"”]*)[^>]*>`)
