package site_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

// TestANoteKeepsItsOwnURL has the loser of a clash, which could take another note's URL.
func TestANoteKeepsItsOwnURL(t *testing.T) {
	s := memory("A.md", "first", "a.md", "loser", "a_2.md", "its own", "b.md", "---\nslug: /a\n---\nslug")
	for url, want := range map[string]string{"/a": "first", "/a_2": "its own", "/a_3": "loser", "/a_4": "slug"} {
		wantIn(t, body(t, s, url), want)
	}
	if warnings := s.Stats().Warnings; len(warnings) != 2 || warnings[0].Path != "a.md" || !strings.Contains(warnings[0].Text, "which A.md has; it is at /a_3") {
		t.Errorf("warnings: %+v", warnings)
	}
}

// TestURLsOfTheServerAreNotTaken has notes that would be unreachable behind the API.
func TestURLsOfTheServerAreNotTaken(t *testing.T) {
	s := memory("GraphQL.md", "about it", "evil.md", "---\nslug: /_system/graphql\n---\nelsewhere", "a/System.md", "fine")
	wantIn(t, body(t, s, "/graphql"), "about it")
	wantIn(t, body(t, s, "/evil"), "elsewhere")
	wantIn(t, body(t, s, "/a/system"), "fine")
	if n := len(s.Stats().Warnings); n != 1 {
		t.Errorf("warnings: %+v", s.Stats().Warnings)
	}
}

func TestAnAmbiguousURLRedirectsNowhere(t *testing.T) {
	s := memory(
		"x/Page.md", "---\nslug: One\npermalink: /twice\n---\n",
		"x/page!.md", "---\nslug: Two\npermalink: /twice\n---\n",
		"y.md", "---\npermalink: /x/One\n---\n",
		"z.html", "---\npermalink: Mit Leerzeichen/\n---\n",
		"_private.md", "---\npermalink: /private\n---\n",
		"gone.md", "---\npublish: false\npermalink: /was\n---\n",
	)
	for from, want := range map[string]string{
		"/x/page":                       "", // ambiguous
		"/twice":                        "",
		"/x/one":                        "/x/One",
		"/X/ONE/":                       "/x/One",
		"/z.html":                       "/z",
		"/Z.HTML":                       "/z",
		"/Mit Leerzeichen":              "/z",
		"/private":                      "",
		"/was":                          "",
		"/x/../z":                       "/z",
		"//z":                           "",
		"/index.md":                     "/",
		"/INDEX":                        "/",
		"/_system/x":                    "",
		"/z\x00":                        "/z", // the server rejects it earlier
		"/" + strings.Repeat("z", 5000): "",
	} {
		page, redirect := s.Page(from, trip2g.Anonymous)
		if page != nil || redirect.URL != want {
			t.Errorf("%.40q: page %v, redirect %q, want %q", from, page != nil, redirect.URL, want)
		}
		if page, _ := s.Page(redirect.URL, trip2g.Anonymous); redirect.URL != "" && page == nil {
			t.Errorf("%.40q leads to %s, which has no page", from, redirect.URL)
		}
	}
}

// TestTheOrderOfLoadingDecidesNothing loads one vault in many orders and chunks.
func TestTheOrderOfLoadingDecidesNothing(t *testing.T) {
	notes := [][2]string{
		{"a b.md", "[[A]]"}, {"A B.md", "[[a b]]"}, {"a_b.md", "[[x/a]]"}, {"x/a.md", "[[b]]"}, {"X/A.md", "![[pic.png]]"}, {"x!/b.md", "[[a]]"},
		{"index.md", "---\ntitle: T\nlang: de\n---\n[[b]]"}, {"y/index.md", "y"}, {"y.md", "---\nslug: /y\n---\n"}, {"z/z.html", "<a href=b>b</a>"},
		{"m/m.md", "---\nfree: false\n---\n"}, {"h.md", "---\npublish: false\n---\n"}, {"p.md", "---\npermalink: /q\n---\n"}, {"p2.md", "---\npermalink: /q\n---\n"},
	}
	urls := []string{"/", "/a_b", "/a_b_2", "/a_b_3", "/x", "/x/a", "/x/a_2", "/x/b", "/y", "/y_2", "/z", "/z/z", "/m/m", "/p"}
	var first []string
	for range 20 {
		rand.Shuffle(len(notes), func(i, j int) { notes[i], notes[j] = notes[j], notes[i] })
		source := newMemory()
		for _, n := range notes {
			source.put(n[0], n[1])
		}
		f := newFollower(source, 1+rand.IntN(5))
		if _, err := f.Refresh(context.Background()); err != nil {
			t.Fatal(err)
		}
		var pages []string
		for _, url := range urls {
			page, redirect := f.Current().Page(url, trip2g.Anonymous)
			if page == nil {
				t.Fatalf("%s has no page but leads to %q", url, redirect.URL)
			}
			pages = append(pages, etag(page)+text(page))
		}
		for _, w := range f.Current().Stats().Warnings {
			pages = append(pages, w.Path+w.Text)
		}
		if first == nil {
			first = pages
		}
		for i := range pages {
			if pages[i] != first[i] {
				t.Fatalf("page or warning %d is another one:\n%s\n%s", i, pages[i], first[i])
			}
		}
	}
}

// TestOnlyAPlainTextNoteTakesAURLOfTheServer covers slugs such as robots.txt.
func TestOnlyAPlainTextNoteTakesAURLOfTheServer(t *testing.T) {
	const open, closed = "---\nfree: true\nslug: ", "---\nfree: false\nslug: "
	source := newMemory(
		"a.md", open+"/robots.txt\n---\nmine", "b.md", open+"/tags\ncontent_type: text/plain\n---\nmine #x",
		"c.md", open+"/feed.xml\ncontent_type: text/html\n---\nmine",
	)
	f := newFollower(source, 0)
	s := refresh(t, f)
	for url, want := range map[string]string{"/robots.txt": "User-agent", "/tags": "#x", "/feed.xml": "<rss", "/a": "mine", "/b": "mine", "/c": "mine"} {
		wantIn(t, body(t, s, url), want)
	}
	var warned []string
	for _, w := range s.Stats().Warnings {
		warned = append(warned, w.Path)
	}
	slices.Sort(warned)
	if !slices.Equal(warned, []string{"a.md", "b.md", "c.md", "c.md"}) {
		t.Errorf("warnings are about %q: %v", warned, s.Stats().Warnings)
	}

	source.put("a.md", open+"/robots.txt\ncontent_type: text/plain\n---\nUser-agent: *\nDisallow: /x\n")
	source.put("c.md", closed+"/feed.xml\ncontent_type: application/rss+xml\n---\n<rss>members</rss>")
	s = refresh(t, f)
	page, _ := s.Page("/robots.txt", trip2g.Anonymous)
	if got := text(page); got != "User-agent: *\nDisallow: /x\n" || page.ContentType() != "text/plain; charset=utf-8" {
		t.Errorf("robots.txt is %s: %q", page.ContentType(), got)
	}
	if got := body(t, s, "/feed.xml"); strings.Contains(got, "members") || !strings.Contains(got, "<rss") {
		t.Errorf("a guest's feed is %q", got)
	}
	if got := bodyFor(t, s, "/feed.xml", trip2g.Member); got != "<rss>members</rss>" {
		t.Errorf("a member's feed is %q", got)
	}
}
