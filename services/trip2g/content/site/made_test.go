package site_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
)

// garden has a note of each kind that lists, feeds and graphs must take or leave.
func garden() *memorySource {
	return newMemory(
		"index.md", "---\ntitle: Garden\ntranslations: {de: Start}\nlang: en\n---\nSee [[Apple]] and [[Guides/Pear|a pear]].",
		"Start.md", "---\nlang: de\ndescription: auf deutsch\n---\n# Anfang\n",
		"Apple.md", "---\ntags: [fruit/red, Food]\ncreated: 2026-03-02\nupdated: 2026-03-04\nimage: apple.png\n---\nRound & <b>sweet</b>. It grows beside the [[pear]].",
		"Guides/Pear.md", "---\ntags: fruit\ncreated: 2026-03-01\n---\n# The pear\n\nLong and green. #food",
		"Guides/Secret.md", "---\nfree: false\ntags: [fruit/hidden]\ncreated: 2026-03-05\n---\nHidden: [[apple]]",
	)
}

func TestATagHasAPageThatListsWhatHasItOrOneBelowIt(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	for _, tt := range []struct {
		url    string
		reader trip2g.Reader
		want   string
	}{
		{"/tags", trip2g.Anyone, "#Food 2, #fruit 2"},
		{"/tags", trip2g.Member, "#Food 2, #fruit 3"},
		{"/tags/fruit", trip2g.Anyone, "#fruit/red 1; Apple, The pear"},
		{"/tags/fruit", trip2g.Owner, "#fruit/hidden 1, #fruit/red 1; Apple, Secret, The pear"},
		{"/tags/fruit/red", trip2g.Anyone, "; Apple"},
		{"/tags/food", trip2g.Anyone, "; Apple, The pear"},
	} {
		_, text, _ := strings.Cut(bodyFor(t, s, tt.url, tt.reader), "<main")
		text, _, _ = strings.Cut(text, "</main>")
		tags, notes, _ := strings.Cut(text, `<ul class="listing">`)
		if !strings.Contains(text, "listing") {
			notes = ""
		}
		got := strings.Join(texts(tags[strings.Index(tags, "</h1>"):]), ", ")
		if list := texts(notes); len(list) > 0 {
			got += "; " + strings.Join(list, ", ")
		}
		if got != tt.want {
			t.Errorf("%s lists %q for %v, want %q", tt.url, got, tt.reader, tt.want)
		}
	}
	for from, want := range map[string]string{"/tags/Fruit/Red": "/tags/fruit/red", "/tags/fruit/": "/tags/fruit", "/tags/fruit/hidden": "", "/tags/none": ""} {
		if page, found := s.Page(from, trip2g.Anyone); page != nil || found.URL != want {
			t.Errorf("%s leads to %q, want %q", from, found.URL, want)
		}
	}
	if page, _ := memory("a.md", "text").Page("/tags", trip2g.Anyone); page != nil {
		t.Error("a vault without tags lists them")
	}
}

// TestANoteAtTheURLOfATagHidesNoneOfItsNotes has a vault with notes about its tags, as Tags/fruit.md.
func TestANoteAtTheURLOfATagHidesNoneOfItsNotes(t *testing.T) {
	m := newMemory("apple.md", "sweet #fruit", "fig.md", "#fruit/blue", "Tags/fruit.md", "# Fruit\nabout fruit", "Tags/nut/walnut.md", "a walnut", "hazel.md", "#nut")
	f := newFollower(m, 0)
	s := refresh(t, f)
	wantIn(t, bodyFor(t, s, "/tags/fruit", trip2g.Anyone), "about fruit", "Notes with #fruit", `<a href="/apple">`, `<a href="/fig">`, `<a href="/tags/fruit/blue">`)
	wantIn(t, bodyFor(t, s, "/tags/nut", trip2g.Anyone), `<a href="/tags/nut/walnut">`, `<a href="/hazel">`)
	wantIn(t, bodyFor(t, s, "/tags", trip2g.Anyone), `<a href="/tags/fruit">#fruit`, `<a href="/tags/nut">#nut`)

	m.put("pear.md", "#fruit")
	m.remove("apple.md")
	text := bodyFor(t, refresh(t, f), "/tags/fruit", trip2g.Anyone)
	if wantIn(t, text, `<a href="/pear">`); strings.Contains(text, "apple") {
		t.Error("the page lists a note that is gone")
	}

	m.put("Tags/fruit.md", "---\nfree: false\n---\nabout fruit")
	s = refresh(t, f)
	text = bodyFor(t, s, "/tags/fruit", trip2g.Anyone)
	if wantIn(t, text, `<a href="/pear">`); strings.Contains(text, "about fruit") {
		t.Error("a guest reads what is for members")
	}
	wantIn(t, bodyFor(t, s, "/tags/fruit", trip2g.Member), "about fruit", `<a href="/pear">`)
}

// texts gives what the links of a fragment say.
func texts(fragment string) []string {
	var list []string
	for part := range strings.SplitSeq(fragment, "<a ") {
		_, text, ok := strings.Cut(part, ">")
		if text, _, found := strings.Cut(text, "</a>"); ok && found {
			text = strings.NewReplacer(`<span class="count">`, "", "</span>", "").Replace(text)
			list = append(list, text)
		}
	}
	return list
}

func TestANoteShowsWhatLeadsToItWithTheTextAround(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	wantIn(t, body(t, s, "/guides/pear"), `<a href="/apple">Apple</a><p>Round &amp; sweet. It grows beside the pear.</p>`, `<a href="/">Garden</a><p>See Apple and a pear.</p>`)
	apple := body(t, s, "/apple")
	if strings.Contains(apple, "Secret") || strings.Contains(apple, "Hidden") {
		t.Error("everybody is told of a members' note")
	}
	wantIn(t, bodyFor(t, s, "/apple", trip2g.Member), `<a href="/guides/secret">Secret</a><p>Hidden: apple</p>`)
}

func TestBacklinksAreFoundByEveryNameOfANote(t *testing.T) {
	var vault []string
	for i, link := range []string{"[[The Note]]", "[[the note.md]]", "[[F/The note#x]]", "[l](F/The%20note.md)", "[[/f/named]]", "[[Alias]]", "![[The note]]", "[[../F/The note]]"} {
		vault = append(vault, fmt.Sprintf("g/n%d.md", i), link)
	}
	s := memory(append(vault, "F/The note.md", "---\nslug: named\naliases: alias\n---\n[[The note]]", "g/other.md", "[[F]] [[nothing]]", "F/index.md", "")...)
	text := body(t, s, "/f/named")
	_, text, _ = strings.Cut(text, `class="backlinks"`)
	if got := strings.Join(texts(text[:strings.Index(text, "</section>")]), " "); got != "n0 n1 n2 n3 n4 n5 n6 n7" {
		t.Errorf("what leads there is %s", got)
	}
	wantIn(t, body(t, memory("a.md", "[f](F/) [[sub/]]", "sub/index.md", "x", "F/README.md", "x"), "/f"), `<a href="/a">a</a>`)
}

func TestFeedsHaveTheNewestPublicNotes(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	var feed struct {
		Title, Home string
		URL         string `json:"feed_url"`
		Items       []struct {
			URL, Title string
			Text       string `json:"content_text"`
			Published  string `json:"date_published"`
			Tags       []string
		}
	}
	if err := json.Unmarshal([]byte(body(t, s, "/feed.json")), &feed); err != nil {
		t.Fatal(err)
	}
	first := feed.Items[0]
	if feed.Title != "Garden" || feed.URL != "https://garden.example/feed.json" || len(feed.Items) != 4 || first.URL != "https://garden.example/apple" ||
		first.Text != "Round & sweet. It grows beside the pear." || first.Published != "2026-03-02T00:00:00Z" || len(first.Tags) != 2 {
		t.Errorf("the feed is %+v", feed)
	}
	var rss struct {
		Items []struct {
			Title string `xml:"title"`
			Link  string `xml:"link"`
			Date  string `xml:"pubDate"`
		} `xml:"channel>item"`
	}
	text := body(t, s, "/feed.xml")
	if err := xml.Unmarshal([]byte(text), &rss); err != nil {
		t.Fatal(err)
	}
	if len(rss.Items) != 4 || rss.Items[1].Title != "The pear" || rss.Items[1].Link != "https://garden.example/guides/pear" || rss.Items[1].Date != "Sun, 01 Mar 2026 00:00:00 GMT" {
		t.Errorf("the feed is %s", text)
	}
	page, _ := s.Page("/feed.xml", trip2g.Anyone)
	if page.ContentType() != "application/rss+xml; charset=utf-8" {
		t.Errorf("it is %s", page.ContentType())
	}
	if bodyFor(t, s, "/feed.xml", trip2g.Member) != text {
		t.Error("a member's feed is another one")
	}
}

func TestSearchEnginesAreToldOfPublicPages(t *testing.T) {
	source := garden()
	f := newFollower(source, 0)
	s := refresh(t, f)
	text := body(t, s, "/sitemap.xml")
	wantIn(t, text, "<loc>https://garden.example/</loc>", "<url><loc>https://garden.example/apple</loc><lastmod>2026-03-04</lastmod></url>")
	if strings.Contains(text, "secret") {
		t.Error("the sitemap tells of a members' note")
	}
	wantIn(t, body(t, s, "/robots.txt"), "Disallow: /_system/\n", "Sitemap: https://garden.example/sitemap.xml")
	apple := body(t, s, "/apple")
	wantIn(t, apple, `<link rel="canonical" href="https://garden.example/apple">`, `<meta property="og:title" content="Apple">`, `<meta property="og:type" content="article">`,
		`<meta property="og:description" content="Round &amp; sweet. It grows beside the pear.">`)
	wantIn(t, body(t, s, "/"), `hreflang="de" href="https://garden.example/start"`, `hreflang="en" href="https://garden.example/"`)
	source.put(trip2g.SettingsPath, "---\nindex: false\n---\n")
	s = refresh(t, f)
	wantIn(t, body(t, s, "/robots.txt"), "User-agent: *\nDisallow: /\n")
	wantIn(t, body(t, s, "/apple"), `<meta name="robots" content="noindex">`)
}

// A large vault's sitemap is in several files, each within the protocol's bound.
func TestALargeSitemapIsInSeveralFiles(t *testing.T) {
	source := newMemory()
	for i := range 50_001 {
		source.add(trip2g.Note{ID: int64(i + 1), Path: fmt.Sprintf("%d.md", i), Hash: "h"}, false)
	}
	s := refresh(t, newFollower(source, 0))
	wantIn(t, body(t, s, "/sitemap.xml"), "<sitemapindex", "https://garden.example/sitemap-1.xml", "https://garden.example/sitemap-2.xml")
	total := 0
	for url, want := range map[string]int{"/sitemap-1.xml": 50_000, "/sitemap-2.xml": 1} {
		n := strings.Count(body(t, s, url), "<url>")
		if n != want {
			t.Errorf("%s has %d pages, want %d", url, n, want)
		}
		total += n
	}
	if page, _ := s.Page("/sitemap-3.xml", trip2g.Anyone); page != nil || total != 50_001 {
		t.Errorf("there is a third file, or pages are missing: %d", total)
	}
}

func TestWithoutAnAddressOfItsOwnASiteTellsRelativeOnes(t *testing.T) {
	f := site.NewFollower(garden(), site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop()})
	s := refresh(t, f)
	wantIn(t, body(t, s, "/feed.xml"), "<link>/apple</link>", `isPermaLink="false"`)
	if text := body(t, s, "/apple"); strings.Contains(text, "canonical") || strings.Contains(body(t, s, "/robots.txt"), "Sitemap") {
		t.Error("an address is told that nobody knows")
	}
	if page, _ := s.Page("/sitemap.xml", trip2g.Anyone); page != nil {
		t.Error("there is a sitemap, whose addresses must be whole")
	}
	wantIn(t, string(s.NotFound("/sitemap.xml", trip2g.Anyone).Body(trip2g.Identity).Bytes), "set TRIP2G_PUBLIC_URL")
}

func TestTheExplorerOpensTheFoldersAboveAPageAndAsksForOthers(t *testing.T) {
	s := memory("index.md", "x", "a/b/c/note.md", "x", "a/b/other.md", "x", "z/last.md", "x", "a/members.md", "---\nfree: false\n---\n", "Z.md", "beside its folder")
	text := body(t, s, "/a/b/other")
	wantIn(t, text, `data-tree="/_system/tree/a"`, `data-tree="/_system/tree/a/b/c"`, `data-tree="/_system/tree/z"`, `<a href="/a/b/other" aria-current="page">`)
	if strings.Contains(text, `href="/a/b/c/note"`) || strings.Contains(text, `href="/z/last"`) {
		t.Error("a folder is open that is not above the page")
	}
	wantIn(t, body(t, s, "/a/b"), `<a href="/a" aria-current="true">`, `<a href="/a/b" aria-current="page">`)
	wantIn(t, body(t, s, "/z"), `<a href="/z" aria-current="page">`)
	if got := body(t, s, "/_system/tree/a"); got != `[{"title":"b","url":"/a/b","folder":true,"tree":"/_system/tree/a/b"}]`+"\n" {
		t.Errorf("the folder has %s", got)
	}
	wantIn(t, bodyFor(t, s, "/_system/tree/a", trip2g.Member), `{"title":"members","url":"/a/members"}`)
	wantIn(t, body(t, s, "/_system/tree/"), `{"title":"Z","url":"/z","folder":true,"tree":"/_system/tree/z"}`)
	for _, url := range []string{"/_system/tree/none", "/_system/tree", "/_system/tree/a/b/other", "/_system/graph/none", "/_system/preview/a"} {
		if page, found := s.Page(url, trip2g.Owner); page != nil || found.URL != "" {
			t.Errorf("there is something at %s, or it leads to %q", url, found.URL)
		}
	}
}

func TestAFolderTooLargeForTheExplorerHasThePageAllTheSame(t *testing.T) {
	var vault []string
	for i := range 300 {
		vault = append(vault, fmt.Sprintf("f/n%03d.md", i), "x")
	}
	s := memory(vault...)
	wantIn(t, body(t, s, "/f/n299"), `<a href="/f/n299" aria-current="page"><bdi>n299</bdi></a>`, "More …")
	if n := strings.Count(body(t, s, "/f/n299"), `href="/f/n`); n > 210 {
		t.Errorf("the explorer has %d notes", n)
	}
}

func TestAGraphHasTheNotesAround(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	var g struct {
		Nodes []struct {
			URL   string
			Depth int
		}
		Edges [][2]int
	}
	read := func(reader trip2g.Reader) string {
		if err := json.Unmarshal([]byte(bodyFor(t, s, "/_system/graph/guides/pear", reader)), &g); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(g.Nodes, g.Edges)
	}
	if got, want := read(trip2g.Anyone), "[{/guides/pear 0} {/apple 1} {/ 1}] [[0 1] [1 2] [0 2]]"; got != want {
		t.Errorf("the graph is %s, want %s", got, want)
	}
	if got := read(trip2g.Member); !strings.Contains(got, "/guides/secret 2") {
		t.Errorf("a member's graph is %s", got)
	}
}

func TestAPreviewIsANoteInShort(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	text := body(t, s, "/_system/preview/apple")
	wantIn(t, text, "<strong>Apple</strong>", "<p>Round &amp; sweet. It grows beside the pear.</p>")
	if strings.Contains(text, "<html") {
		t.Error("it is a whole page")
	}
	wantIn(t, body(t, s, "/_system/preview/start"), "auf deutsch")
}

// Whatever is made of a note is kept from those who may not have it, as the note is.
func TestWhatIsMadeOfAMembersNoteIsForMembers(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	for _, url := range []string{"/guides/secret", "/_system/graph/guides/secret", "/_system/preview/guides/secret", "/Guides/Secret.md"} {
		page, found := s.Page(url, trip2g.Anyone)
		if page == nil || !page.Withheld() || found.URL != "" || strings.Contains(text(page), "Hidden") || page.ContentType() != "text/html; charset=utf-8" {
			t.Errorf("%s is told to everybody", url)
		}
		if page, _ := s.Page(url, trip2g.Member); strings.HasPrefix(url, "/_system") && (page == nil || page.Withheld()) {
			t.Errorf("%s is not for members", url)
		}
	}
	if _, ok := s.NoteByID(5, trip2g.Anyone); ok {
		t.Error("everybody finds it by its number")
	}
	want := trip2g.NotePage{ID: 5, Title: "Secret", URL: "/guides/secret", Access: trip2g.Access{Level: trip2g.ForMembers}}
	got, _ := s.NoteByID(5, trip2g.Member)
	if got.Doc = nil; got != want {
		t.Errorf("a member finds %+v", got)
	}
}

func TestAPageThatIsNotThereSuggestsOthers(t *testing.T) {
	s := memory("index.md", "", "Guides/Installation.md", "", "Guides/Config file.md", "", "Notes/Apple pie.md", "", "Guides/Secret.md", "---\nfree: false\n---\n")
	for _, tt := range []struct {
		asked  string
		reader trip2g.Reader
		want   string
	}{
		{"/guides/instalation", trip2g.Anyone, "Installation, Guides"},
		{"/installation", trip2g.Anyone, "Installation"},
		{"/Guides/Konfig-file", trip2g.Anyone, "Config file, Guides"},
		{"/notes/apple", trip2g.Anyone, "Apple pie, Notes"},
		{"/guides/secrets", trip2g.Anyone, "Guides"},
		{"/guides/secrets", trip2g.Member, "Secret, Guides"},
		{"/quite/another/thing", trip2g.Anyone, ""},
		{"/" + strings.Repeat("x", 5000), trip2g.Anyone, ""},
		{"/\xff", trip2g.Anyone, ""},
		{"/", trip2g.Anyone, ""},
	} {
		_, text, _ := strings.Cut(text(s.NotFound(tt.asked, tt.reader)), "<main")
		_, text, _ = strings.Cut(text, `<ul class="listing">`)
		text, _, _ = strings.Cut(text, "</ul>")
		if got := strings.Join(texts(text), ", "); got != tt.want {
			t.Errorf("%.40q suggests %q to %v, want %q", tt.asked, got, tt.reader, tt.want)
		}
	}
}

// However many addresses are asked for in vain, their pages are few.
func TestPagesThatAreNotThereShareBodies(t *testing.T) {
	s := memory("a.md", "x")
	first := s.NotFound("/nothing/1", trip2g.Anyone).Body(trip2g.Gzip)
	if s.NotFound("/something/else", trip2g.Anyone).Body(trip2g.Gzip) != first {
		t.Error("each has one of its own")
	}
}

func TestRedirectsLeadToWhereNotesAre(t *testing.T) {
	source := newMemory("a.md", "x", "b.md", "x", "m.md", "---\nfree: false\n---\n")
	source.lead("/old", 1, "")
	source.lead("/secret", 3, "")
	source.lead("/b", 1, "")
	source.lead("/away", 0, "https://example.com/x?y")
	source.lead("/one", 0, "/two")
	source.lead("/two", 0, "/A")
	source.lead("/round", 0, "/about")
	source.lead("/about", 0, "/round")
	source.lead("/nowhere", 0, "/nothing")
	source.lead("/look", 0, "/_system/search")
	f := newFollower(source, 0)
	check := func(want map[string]string) {
		t.Helper()
		s := refresh(t, f)
		for from, want := range want {
			page, found := s.Page(from, trip2g.Anyone)
			if got := fmt.Sprint(page != nil, " ", found.URL, " ", found.Permanent); got != want {
				t.Errorf("%s is %s, want %s", from, got, want)
			}
		}
	}
	check(map[string]string{
		"/old": "false /a true", "/old/": "false /a true", "/secret": "true  false", "/b": "true  false", "/away": "false https://example.com/x?y true",
		"/one": "false /a false", "/round": "false  false", "/nowhere": "false  false", "/look": "false /_system/search true",
	})
	source.rename("a.md", "new.md")
	source.remove("b.md")
	check(map[string]string{"/old": "false /new true", "/b": "false /new true"})
	if diff := cmp.Diff("/about", refresh(t, f).Redirects()[0].From); diff != "" {
		t.Error(diff)
	}
}

func TestAnOwnersSettingsAreOnAllPagesAtOnce(t *testing.T) {
	source := newMemory("index.md", "---\ntitle: Start\n---\nx", "a.md", "x", "members.md", "---\nfree: false\n---\n")
	f := newFollower(source, 0)
	wantIn(t, body(t, refresh(t, f), "/a"), "<title>a – Start</title>")
	source.put(trip2g.SettingsPath, "---\ntitle: My site\nlang: fr\nstylesheet: theme/my.css\nicon: i.png\nimage: p.png\nfooter: 'By [me](a.md)'\ngraph: false\n---\n",
		trip2g.NoteAsset{Ref: "theme/my.css", AbsolutePath: "theme/my.css", Hash: "h1"},
		trip2g.NoteAsset{Ref: "i.png", AbsolutePath: "i.png", Hash: "h2"},
		trip2g.NoteAsset{Ref: "p.png", AbsolutePath: "p.png", Hash: "h3"})
	s := refresh(t, f)
	text := body(t, s, "/a")
	wantIn(t, text, "<title>a – My site</title>", `<html lang="fr"`, `href="/_system/assets/h1/my.css"`, `<link rel="icon" href="/_system/assets/h2/i.png"`,
		`content="https://garden.example/_system/assets/h3/p.png"`, `By <a href="/a">me</a>`)
	if strings.Contains(text, "data-graph") {
		t.Error("there is a graph all the same")
	}
	if page, _ := s.Page("/_system/graph/a", trip2g.Owner); page != nil {
		t.Error("the graph can be had all the same")
	}
	if _, public, ok := s.Asset("h1"); !public || !ok {
		t.Error("the stylesheet is not for all")
	}
	if page, found := s.Page("/favicon.ico", trip2g.Anyone); page != nil || found != (trip2g.Location{URL: "/_system/assets/h2/i.png"}) {
		t.Errorf("a browser that looks for an icon is led to %+v", found)
	}
	if s.Settings().Title != "My site" {
		t.Errorf("they are %+v", s.Settings())
	}
	source.remove(trip2g.SettingsPath)
	s = refresh(t, f)
	wantIn(t, body(t, s, "/a"), "<title>a – Start</title>", "data-graph")
	if _, _, ok := s.Asset("h1"); ok {
		t.Error("the stylesheet is still served")
	}
	if page, found := s.Page("/favicon.ico", trip2g.Anyone); page != nil || found != (trip2g.Location{URL: site.StaticURL("icon.svg")}) {
		t.Errorf("without an icon of the owner's a browser is led to %+v", found)
	}
	source.put("f.md", "---\nslug: favicon.ico\ncontent_type: text/plain\n---\nMine")
	if page, _ := refresh(t, f).Page("/favicon.ico", trip2g.Owner); page == nil {
		t.Error("the owner's own page is not found there")
	}
}

func TestAFolderHasOnePageWhateverItsFileIsCalled(t *testing.T) {
	s := memory("README.md", "# Start", "g/README.md", "# G", "h/readme.md", "# R", "h/index.md", "# I", "h/_index.md", "# U", "i/Readme.md", "# R", "i/readme.md", "# R2", "i/sub.md", "---\nslug: readme\n---\n# Taken", "i/index.md", "# I",
		"🌱.md", "# Seedling", "❤️ notes.md", "# Heart")
	for url, want := range map[string]string{
		"/": "Start", "/g": "G", "/h": "I", "/h/readme": "R", "/h_2": "U", "/i": "I", "/i/readme": "Taken", "/i_2": "R", "/i_3": "R2", "/🌱": "Seedling", "/notes": "Heart",
	} {
		wantIn(t, body(t, s, url), "<h1", want+"</h1>")
	}
	if page, found := s.Page("/g/README.md", trip2g.Anyone); page != nil || found.URL != "/g" {
		t.Errorf("its path leads to %q", found.URL)
	}
}

// A replica has an address of its own; search engines are told the one that the leader was told.
func TestPagesNameTheAddressThatTheLeaderWasTold(t *testing.T) {
	db := openDB(t)
	push(t, db, "note.md", "A note")
	f := site.NewFollower(db, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop()})
	if page := body(t, refresh(t, f), "/note"); strings.Contains(page, "canonical") {
		t.Errorf("without an address a page names one: %s", page)
	}
	for _, address := range []string{"https://one.example", "https://two.example"} {
		if err := db.SetPublicURL(t.Context(), address); err != nil {
			t.Fatal(err)
		}
		s := refresh(t, f)
		wantIn(t, body(t, s, "/note"), `<link rel="canonical" href="`+address+`/note">`)
		wantIn(t, body(t, s, "/sitemap.xml"), "<loc>"+address+"/note</loc>")
	}
}

func TestNumbersInTitlesAreSortedAsNumbers(t *testing.T) {
	s := refresh(t, newFollower(newMemory("f/Note 10.md", "", "f/Note 2.md", "", "f/note 1.md", ""), 0))
	page := bodyFor(t, s, "/f", trip2g.Anyone)
	page = page[strings.Index(page, "<main"):]
	one, two, ten := strings.Index(page, "note 1<"), strings.Index(page, "Note 2<"), strings.Index(page, "Note 10<")
	if one < 0 || one > two || two > ten {
		t.Errorf("note 1, Note 2 and Note 10 are at %d, %d, %d of %s", one, two, ten, page)
	}
}

// TestTheFirstNoteForMembersPartsTheirListsFromThoseForAll closes a note, and opens it again, under the
// title that it has: both kinds of readers must have what a node that begins with this vault shows them.
func TestTheFirstNoteForMembersPartsTheirListsFromThoseForAll(t *testing.T) {
	const open, closed = "---\ntitle: Kept\ntags: [a/b, c]\n---\n", "---\ntitle: Kept\ntags: [a/b, c]\nfree: false\n---\n"
	source := newMemory("folder/kept.md", open, "folder/other.md", "---\ntags: [a]\n---\n", "alone/kept.md", open)
	f := newFollower(source, 0)
	refresh(t, f)
	for _, content := range []string{closed, open, closed} {
		source.put("folder/kept.md", content)
		source.put("alone/kept.md", content)
		s := refresh(t, f)
		fresh := refresh(t, newFollower(source, 0))
		for _, reader := range []trip2g.Reader{trip2g.Anyone, trip2g.Member} {
			for _, url := range []string{"/", "/folder", "/alone", "/tags", "/tags/a", "/tags/a/b", "/tags/c", "/nothing/kept", "/_system/tree/"} {
				got, want := shown(s, url, reader), shown(fresh, url, reader)
				if got != want {
					t.Errorf("%s for reader %v, after a change to %q, is\n%s\nand on a node that starts\n%s", url, reader, content, got, want)
				}
				if hidden := reader == trip2g.Anyone && content == closed; hidden && strings.Contains(got, "Kept") {
					t.Errorf("%s tells everybody of a note for members", url)
				}
			}
		}
		wantIn(t, bodyFor(t, s, "/folder", trip2g.Member), "Kept", "other")
		wantIn(t, bodyFor(t, s, "/tags/a/b", trip2g.Member), "/folder/kept", "/alone/kept")
	}
}

// shown gives what a reader has at an address, of a page that is not there too.
func shown(s trip2g.Site, url string, reader trip2g.Reader) string {
	page, found := s.Page(url, reader)
	if page == nil && found.URL == "" {
		page = s.NotFound(url, reader)
	}
	if page == nil {
		return found.URL
	}
	return text(page)
}
