package http_test

import (
	"net/http"
	"strings"
	"testing"
)

// A cache between a node and its readers must not serve a page for one kind of reader to another,
// whatever kind of page it is.
func TestWhatIsMadeOfTheNotesIsKeptApartByItsReaders(t *testing.T) {
	n := newNode(t)
	const private = "private, no-cache Accept-Encoding, Cookie, Authorization"
	for _, tt := range []struct {
		path, cookie string
		status       int
		contentType  string
		cache        string // Cache-Control and Vary
	}{
		{"/", "", 200, "text/html; charset=utf-8", "public, no-cache Accept-Encoding"},
		{"/", token, 200, "text/html; charset=utf-8", private},
		{"/secret", "", 403, "text/html; charset=utf-8", private},
		{"/secret", token, 200, "text/html; charset=utf-8", private},
		{"/Secret.md", "", 403, "text/html; charset=utf-8", private},
		{"/Secret.md", token, 302, "text/html; charset=utf-8", private},
		{"/nothing", "", 404, "text/html; charset=utf-8", "no-cache Accept-Encoding"},
		{"/nothing", token, 404, "text/html; charset=utf-8", private},
		{"/feed.xml", "", 200, "application/rss+xml; charset=utf-8", "public, no-cache Accept-Encoding"},
		{"/feed.json", token, 200, "application/feed+json", private},
		{"/robots.txt", "", 200, "text/plain; charset=utf-8", "public, no-cache Accept-Encoding"},
		{"/sitemap.xml", "", 404, "text/html; charset=utf-8", "no-cache Accept-Encoding"}, // the site's public URL is unknown
		{"/_system/tree/", "", 200, "application/json", "public, no-cache Accept-Encoding"},
		{"/_system/tree/", token, 200, "application/json", private},
		{"/_system/graph/secret", "", 403, "text/html; charset=utf-8", private},
		{"/_system/graph/secret", token, 200, "application/json", private},
		{"/_system/preview/secret", "", 403, "text/html; charset=utf-8", private},
		{"/_system/preview/secret", token, 200, "text/html; charset=utf-8", private},
		{"/_system/preview/nothing", "", 404, "text/html; charset=utf-8", "no-cache Accept-Encoding"},
	} {
		res, body := n.ask(t, http.MethodGet, tt.path, "Cookie", "session_r1="+tt.cookie)
		cache := res.Header.Get("Cache-Control") + " " + res.Header.Get("Vary")
		if res.StatusCode != tt.status || res.Header.Get("Content-Type") != tt.contentType || cache != tt.cache {
			t.Errorf("%s with session %q is %d, %s, %s; want %d, %s, %s", tt.path, tt.cookie, res.StatusCode, res.Header.Get("Content-Type"), cache, tt.status, tt.contentType, tt.cache)
		}
		if tt.cookie == "" && strings.Contains(body, "b.txt") {
			t.Errorf("%s tells everybody the text of a members' note", tt.path)
		}
	}
	if len(n.missing) != 3 {
		t.Errorf("counted as missing are %v", n.missing)
	}
}

// A conditional request with a page from before signing in returns the page for members.
func TestAPageFromBeforeSigningInIsNotTakenForTheMembersOne(t *testing.T) {
	n := newNode(t)
	before, _ := n.ask(t, http.MethodGet, "/")
	after, _ := n.ask(t, http.MethodGet, "/", "Cookie", "session_r1="+token, "If-None-Match", before.Header.Get("ETag"), "If-Modified-Since", before.Header.Get("Last-Modified"))
	if after.StatusCode != http.StatusOK {
		t.Errorf("it is answered %d", after.StatusCode)
	}
}

// The redirect of a moved page is permanent but revalidated, because the page can move back.
func TestAnAddressThatANoteHasLeftAnswersWithARedirect(t *testing.T) {
	n := newNode(t)
	if _, _, err := n.db.PutRedirect(t.Context(), "/old", "/guides/my_note_2"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := n.db.PutRedirect(t.Context(), "/away", "https://example.com/a?b"); err != nil {
		t.Fatal(err)
	}
	n.follow(t)
	for path, want := range map[string]string{"/old?x=y": "/guides/my_note_2?x=y", "/away?x": "https://example.com/a?b"} {
		res, _ := n.ask(t, http.MethodGet, path)
		if res.StatusCode != http.StatusMovedPermanently || res.Header.Get("Location") != want || res.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s is %d to %q, %s", path, res.StatusCode, res.Header.Get("Location"), res.Header.Get("Cache-Control"))
		}
	}
}
