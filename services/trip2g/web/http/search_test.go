package http_test

import (
	"context"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/search"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/content/site/render"
	"trip2g/services/trip2g/store/sqlite"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// newSearchNode serves the search of a database with these notes. searcher, if given, replaces the
// index.
func newSearchNode(t *testing.T, searcher trip2g.Searcher, notes ...trip2g.NoteUpdate) *node {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.SetSiteAccess(t.Context(), trip2g.AccessEveryone, trip2g.AnyPosition); err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.PushNotes(t.Context(), stage, notes, true); err != nil {
		t.Fatal(err)
	}
	signIn(t, db)
	var f *site.Follower
	index := search.New(search.Options{
		Site: func() trip2g.Site { return f.Current() }, Text: markdown.Text, FreshWait: time.Minute, Log: zerolog.Nop(),
	})
	f = site.NewFollower(db, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop(), Observe: index.Observe})
	if _, err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- index.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	if searcher == nil {
		searcher = index
	}
	n := &node{db: db}
	n.Server = httptest.NewServer(trip2ghttp.NewHandler(trip2ghttp.Options{
		Site: f.Current, Assets: db, Static: render.StaticHandler(), StaticPrefix: render.StaticPrefix, SessionCookie: "session_r1", Codings: render.Codings,
		Routes: trip2ghttp.SearchRoutes(trip2ghttp.SearchOptions{
			Search: searcher, Site: f.Current, Identity: trip2ghttp.NewIdentity(f.Current, "session_r1"), Frame: f.SearchFrame,
		}),
	}))
	t.Cleanup(n.Close)
	return n
}

// searched is the JSON response of a search.
type searched struct {
	Query    string
	Indexing bool
	Progress *int
	Total    int
	Page     int
	Results  []trip2g.SearchResult
	Error    string
}

// searchJSON repeats a search until the index is complete.
func (n *node) searchJSON(t *testing.T, query string, headers ...string) (a searched, header http.Header) {
	t.Helper()
	testwait.Until(t, "the index is complete", func() bool {
		res, body := n.ask(t, "GET", trip2ghttp.SearchJSONPath+"?"+query, headers...)
		a = searched{}
		if err := json.Unmarshal([]byte(body), &a); err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("search %s: %d %s", query, res.StatusCode, body)
		}
		if a.Indexing && a.Progress == nil {
			t.Errorf("an index that is being made does not tell its progress: %s", body)
		}
		header = res.Header
		return !a.Indexing
	})
	return a, header
}

func TestSearchAnswersForScripts(t *testing.T) {
	n := newSearchNode(t, nil,
		trip2g.NoteUpdate{Path: "Guides/A b.md", Content: "---\ntags: [x/y]\n---\nSome <b>bold</b> apple."},
		trip2g.NoteUpdate{Path: "secret.md", Content: "---\nfree: false\n---\nAn apple for members."})
	a, header := n.searchJSON(t, "q=APPLE")
	want := searched{Query: "APPLE", Total: 1, Page: 1, Results: []trip2g.SearchResult{{
		Title: "A b", URL: "/guides/a_b", Snippet: "Some bold apple.", Marks: [][2]int{{10, 15}}, Tags: []string{"x/y"},
	}}}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-cache", "Vary": "Accept-Encoding, Cookie, Authorization", "X-Robots-Tag": "noindex",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}

	a, header = n.searchJSON(t, "q=apple", "Cookie", "session_r1="+token)
	if a.Total != 2 || header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("the owner's answer is %+v with %q", a, header.Get("Cache-Control"))
	}
	for _, query := range []string{"", "q=", "q=%ff%00%zz", "q=%22", "q=apple&page=x", "q=apple&page=-1", "q=apple&page=99999999999999999999"} {
		if a, _ := n.searchJSON(t, query); a.Results == nil {
			t.Errorf("search %q has no list of results", query)
		}
	}
	if res, _ := n.ask(t, "POST", trip2ghttp.SearchJSONPath); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a POST answers %d", res.StatusCode)
	}
}

// The page works without a script: it has the field, the results with marks, and a link to the next
// ones.
func TestSearchPageWorksWithoutAScript(t *testing.T) {
	notes := make([]trip2g.NoteUpdate, 25)
	for i := range notes {
		notes[i] = trip2g.NoteUpdate{Path: string(rune('a'+i)) + ".md", Content: "a &lt;script&gt; of apples & pears"}
	}
	n := newSearchNode(t, nil, notes...)
	n.searchJSON(t, "q=x") // waits for the index
	seen, path := map[string]bool{}, trip2ghttp.SearchPath+"?q=apple+pears"
	for page := range 4 {
		res, body := n.ask(t, "GET", path)
		if res.StatusCode != http.StatusOK || !strings.Contains(body, `name="robots" content="noindex"`) || !strings.Contains(body, `value="apple pears"`) {
			t.Fatalf("the page is %d %s", res.StatusCode, body)
		}
		if !strings.Contains(body, "<mark>apples</mark> &amp; <mark>pears</mark>") {
			t.Errorf("page %d marks nothing: %s", page, body)
		}
		for i := range notes {
			if strings.Contains(body, `<li dir="auto"><a href="/`+string(rune('a'+i))+`"`) {
				seen[notes[i].Path] = true
			}
		}
		_, next, more := strings.Cut(body, `<a class="button" href="`)
		if !more {
			break
		}
		next, _, _ = strings.Cut(next, `"`)
		path = html.UnescapeString(next)
	}
	if len(seen) != len(notes) {
		t.Errorf("the pages of results have %d of %d notes", len(seen), len(notes))
	}
	res, body := n.ask(t, "GET", trip2ghttp.SearchPath+"?"+url.Values{"q": {`"><script>alert(1)</script>`}}.Encode())
	if res.StatusCode != http.StatusOK || strings.Contains(body, "<script>alert") {
		t.Errorf("the query is in the page as it is: %s", body)
	}
}

// failing is a search that always fails.
type failing struct{ err error }

func (f failing) Search(context.Context, trip2g.SearchRequest) (trip2g.SearchResponse, error) {
	return trip2g.SearchResponse{Query: "apple"}, f.err
}

func TestASearchThatCannotAnswerSaysSo(t *testing.T) {
	for _, tt := range []struct {
		err        error
		status     int
		page, json string // texts of the page and of the JSON response
	}{
		{trip2g.Errorf(trip2g.EUNAVAILABLE, "too many search"), http.StatusServiceUnavailable, "Search is not available at the moment", "too many search"},
		{http.ErrAbortHandler, http.StatusInternalServerError, "Internal error", "internal error"},
	} {
		n := newSearchNode(t, failing{tt.err}, trip2g.NoteUpdate{Path: "a.md", Content: "apple"})
		for path, text := range map[string]string{trip2ghttp.SearchPath: tt.page, trip2ghttp.SearchJSONPath: tt.json} {
			res, body := n.ask(t, "GET", path+"?q=apple")
			if res.StatusCode != tt.status || !strings.Contains(body, text) {
				t.Errorf("%s with %v: %d %s", path, tt.err, res.StatusCode, body)
			}
			if wait := res.Header.Get("Retry-After"); (wait != "") != (tt.status == http.StatusServiceUnavailable) {
				t.Errorf("%s with %v: Retry-After is %q", path, tt.err, wait)
			}
		}
	}
}
