package render

import (
	"bytes"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/index"
	"trip2g/services/trip2g/i18n"
)

// eachFile calls f with every file of an embedded folder.
func eachFile(t *testing.T, files fs.FS, f func(name string, content []byte)) {
	t.Helper()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		f(name, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTemplatesAndScriptsObeyTheContentPolicy finds inline scripts and styles and foreign URLs,
// which the browser would block.
func TestTemplatesAndScriptsObeyTheContentPolicy(t *testing.T) {
	forbidden := map[string]*regexp.Regexp{
		".html": regexp.MustCompile(`(?i)<style|\sstyle=|\son[a-z]+=|javascript:|<script[^>]*>[^<]|//[a-z0-9-]+\.[a-z]`),
		".js":   regexp.MustCompile(`\beval\(|new Function|style=|setAttribute\("style"|\.cssText|https?://(www\.w3\.org/2000/svg)?[^w"]|\son[a-z]+=`),
		".css":  regexp.MustCompile(`@import|url\("?(https?:)?//`),
		".svg":  regexp.MustCompile(`(?i)<script|<style|href=`),
	}
	look := func(name string, content []byte) {
		pattern, ok := forbidden[path.Ext(name)]
		if !ok {
			t.Errorf("%s is of no kind that is served", name)
		} else if found := pattern.Find(content); found != nil {
			t.Errorf("%s has %q", name, found)
		}
	}
	eachFile(t, staticFiles, look)
	eachFile(t, templateFiles, look)
}

func TestStylesAndScriptsAreSmall(t *testing.T) {
	const most = 40 << 10 // per file type, uncompressed
	sizes := make(map[string]int)
	eachFile(t, staticFiles, func(name string, content []byte) { sizes[path.Ext(name)] += len(content) })
	for _, kind := range []string{".css", ".js"} {
		if sizes[kind] == 0 || sizes[kind] > most {
			t.Errorf("the %s files have %d bytes, want at most %d", kind, sizes[kind], most)
		}
	}
}

// fullPage has data for every part of the templates.
func fullPage() *pageData {
	return &pageData{
		Lang: "en", SiteName: "Garden", Stylesheet: stylesheetURL, OwnerStyle: "/_system/assets/x/theme.css", Icon: iconURL, Footer: "<p>mine</p>",
		Feeds: []feedLink{{"RSS", "application/rss+xml", "/feed.xml"}}, Reader: trip2g.Owner, SignIn: "/_system/signin?next=%2Fa",
		Explorer: []treeNode{{ListItem: index.ListItem{Title: "Folder", URL: "/f", Folder: true, Current: true}, Open: true, TreeURL: "/_system/tree/f", More: true, Children: []treeNode{
			{ListItem: index.ListItem{Title: "Below", URL: "/f/below", Current: true}, IsPage: true}, {ListItem: index.ListItem{Title: "Closed", URL: "/f/c", Folder: true}, TreeURL: "/_system/tree/f/c"}}}},
		Address: "/f/below", Title: "Below", Heading: "Below", Canonical: "https://example.org/f/below",
		Alternates: []alternate{{"de", "https://example.org/de"}}, OpenGraph: &openGraph{Title: "Below", Type: "article", Image: "https://example.org/i.png", URL: "https://example.org/f/below", Description: "D"},
		Crumbs: []index.ListItem{{Title: "Folder", URL: "/f"}}, Body: "<p>text</p>", Contents: []heading{{2, "a", "A"}, {3, "b", "B"}},
		Tags: []tagLink{{"x/y", "/tags/x/y"}}, Backlinks: []backlink{{"Other", "/other", "says so"}}, GraphURL: "/_system/graph/f/below", Access: "Members", OffersSignIn: true,
		Items: []index.ListItem{{Title: "I", URL: "/i"}}, Message: "A message", Suggestions: []index.ListItem{{Title: "S", URL: "/s"}},
	}
}

// TestEveryPageWorksWithAScreenReader checks each template: one main part and one first heading,
// and a unique name for each landmark, button, link and field.
func TestEveryPageWorksWithAScreenReader(t *testing.T) {
	found := trip2g.SearchPage{Query: "q", Total: 2, Indexing: true, Next: "/_system/search?q=q&page=2", Results: []trip2g.SearchResult{{Title: "R", URL: "/r", Snippet: "a b", Marks: [][2]int{{2, 3}}, MembersOnly: true}}}
	member := fullPage() // for a page that is not a note
	member.Contents = nil
	anyone := *member
	anyone.Access, anyone.OffersSignIn, anyone.Reader = "", false, trip2g.Anonymous
	system := *member
	system.Explorer = nil
	for texts := range templates {
		pages := map[string][]byte{
			"note": executeTemplate(texts, "note.html", fullPage()), "folder": executeTemplate(texts, "folder.html", member), "notice": executeTemplate(texts, "notice.html", member), "not found": executeTemplate(texts, "notice.html", &anyone),
			"welcome": executeTemplate(texts, "welcome.html", &welcomeData{&anyone, trip2g.WelcomePage{URL: "http://my.test", Replica: true}}), "search": executeTemplate(texts, "search.html", &searchData{pageData: member, Found: found}),
			"system": executeTemplate(texts, "system.html", &systemData{pageData: &system, Page: trip2g.SystemPage{Title: "T", Path: "/_system/keys", Nav: []trip2g.NavItem{{Title: "Keys", URL: "/_system/keys"}}}}),
		}
		for name, page := range pages {
			t.Run(texts.Tag()+"/"+name, func(t *testing.T) {
				doc, err := html.Parse(bytes.NewReader(page))
				if err != nil {
					t.Fatal(err)
				}
				checkUsable(t, doc)
			})
		}
	}
}

func checkUsable(t *testing.T, doc *html.Node) {
	t.Helper()
	ids, counts, names := make(map[string]bool), make(map[string]int), make(map[string]bool)
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		counts[n.Data]++
		if id := attribute(n, "id"); id != "" && ids[id] {
			t.Errorf("the id %q is there twice", id)
		} else {
			ids[id] = true
		}
		switch n.Data {
		case "nav", "aside", "form":
			name := attribute(n, "aria-label") + attribute(n, "aria-labelledby")
			if name == "" || names[n.Data+name] {
				t.Errorf("a <%s> has no name of its own: %q", n.Data, name)
			}
			names[n.Data+name] = true
		case "a", "button":
			if strings.TrimSpace(textOf(n)) == "" && attribute(n, "aria-label") == "" {
				t.Errorf("a <%s> has no name: %v", n.Data, n.Attr)
			}
		case "input":
			if attribute(n, "aria-label") == "" {
				t.Errorf("a field has no name: %v", n.Attr)
			}
		case "svg":
			if attribute(n, "aria-hidden") != "true" {
				t.Error("an icon is read aloud")
			}
		}
	}
	for n := range doc.Descendants() {
		for _, key := range []string{"aria-labelledby", "popovertarget"} {
			if id := attribute(n, key); id != "" && !ids[id] {
				t.Errorf("%s=%q leads nowhere", key, id)
			}
		}
	}
	for element, want := range map[string]int{"main": 1, "h1": 1, "header": 1, "footer": 1, "title": 1} {
		if counts[element] != want {
			t.Errorf("there are %d <%s>, want %d", counts[element], element, want)
		}
	}
	if !ids["_content"] {
		t.Error("the skip link leads nowhere")
	}
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func TestTheOwnersStylesheetIsLoadedLast(t *testing.T) {
	page := string(executeTemplate(i18n.English, "note.html", fullPage()))
	if own, look := strings.Index(page, "theme.css"), strings.Index(page, stylesheetURL); own < look {
		t.Errorf("the owner's stylesheet is at %d, the look's at %d", own, look)
	}
}

func TestAPageHasTheDirectionOfItsLanguage(t *testing.T) {
	for tag, want := range map[string]string{
		"": "", "en": "", "ja": "", "az": "", "ar": "rtl", "AR-eg": "rtl", "he": "rtl", "fa-IR": "rtl", "ur": "rtl", "ar-Latn": "", "az-Arab": "rtl", "yi-Hebr-US": "rtl",
	} {
		if got := textDirection(tag); got != want {
			t.Errorf("%q runs %q, want %q", tag, got, want)
		}
	}
}

// TestASnippetIsMarkedAtItsMarks includes letters that take two UTF-16 units.
func TestASnippetIsMarkedAtItsMarks(t *testing.T) {
	for _, tt := range []struct {
		snippet string
		marks   [][2]int
		want    string
	}{
		{"plain", nil, "plain"},
		{"a b c", [][2]int{{2, 3}}, "a [b] c"},
		{"𝒜 b", [][2]int{{0, 2}, {3, 4}}, "[𝒜] [b]"},
		{"abc", [][2]int{{0, 1}, {1, 3}}, "[a][bc]"},
		{"abc", [][2]int{{2, 9}, {-1, 2}, {2, 1}, {1, 2}, {0, 1}}, "a[b]c"},
		{"", [][2]int{{0, 1}}, ""},
	} {
		got := ""
		for _, p := range highlight(trip2g.SearchResult{Snippet: tt.snippet, Marks: tt.marks}) {
			if p.Mark {
				got += "[" + p.Text + "]"
			} else {
				got += p.Text
			}
		}
		if got != tt.want {
			t.Errorf("%q marked at %v is %q, want %q", tt.snippet, tt.marks, got, tt.want)
		}
	}
}
