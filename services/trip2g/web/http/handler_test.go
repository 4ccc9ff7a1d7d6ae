package http_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/render"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

func TestWhatAnAddressAnswers(t *testing.T) {
	n := newNode(t)
	for _, tt := range []struct {
		method, path string
		status       int
		in           string // in the body
		header       string // "Name: value" of the response
	}{
		{"GET", "/", 200, "<main", "Content-Type: text/html; charset=utf-8"},
		{"HEAD", "/", 200, "", "Cache-Control: public, no-cache"},
		{"GET", "/guides/my_note_2", 200, "<main", "Vary: Accept-Encoding"},
		{"GET", "/guides/my_note_2?utm=1", 200, "<main", ""},
		{"GET", "/Guides/My%20note%20(2).md?a=b", 302, "", "Location: /guides/my_note_2?a=b"},
		{"GET", "/no/such", 404, "Page not found", "Content-Type: text/html; charset=utf-8"},
		{"HEAD", "/no/such", 404, "", "Vary: Accept-Encoding"},
		{"GET", "/%00", 404, "Page not found", ""},
		{"GET", "/%ff%fe", 404, "Page not found", ""},
		{"GET", "//", 404, "Page not found", ""},
		{"GET", "/../../etc/passwd", 404, "Page not found", ""},
		{"GET", "/" + strings.Repeat("a", 10_000), 404, "Page not found", ""},
		{"GET", "/secret", 403, "for members of this site", "Cache-Control: private, no-cache"},
		{"POST", "/", 405, "takes only", "Allow: GET, HEAD, OPTIONS"},
		{"DELETE", "/guides/my_note_2", 405, "takes only", "Allow: GET, HEAD, OPTIONS"},
		{"OPTIONS", "/", 204, "", "Allow: GET, HEAD, OPTIONS"},
		{"GET", "/graphql", 200, "a note about GraphQL", ""},
		{"POST", "/graphql", 405, "takes only", "Allow: OPTIONS, POST"}, // this node has no API
		{"GET", "/_system/graphql", 405, "takes only", "Allow: OPTIONS, POST"},
		{"POST", "/_system/graphql", 405, "takes only", ""}, // this node has no API
		{"GET", n.asset, 200, assetText, "Cache-Control: public, max-age=60, must-revalidate"},
		{"GET", n.secret, 403, "for members of this site", "Cache-Control: private, no-cache"},
		{"GET", trip2g.AssetPrefix + strings.Repeat("0", 64) + "/x", 404, "Page not found", ""},
		{"GET", trip2g.AssetPrefix, 404, "Page not found", ""},
		{"GET", render.StaticPrefix + "0/site.css", 404, "", ""},
	} {
		t.Run(tt.method+" "+tt.path[:min(len(tt.path), 40)], func(t *testing.T) {
			res, body := n.ask(t, tt.method, tt.path)
			if res.StatusCode != tt.status {
				t.Errorf("the status is %d, want %d", res.StatusCode, tt.status)
			}
			if !strings.Contains(body, tt.in) || tt.method == "HEAD" && body != "" {
				t.Errorf("the body is %q, want %q in it", body, tt.in)
			}
			if name, value, _ := strings.Cut(tt.header, ": "); name != "" && res.Header.Get(name) != value {
				t.Errorf("%s is %q, want %q", name, res.Header.Get(name), value)
			}
			if res.Header.Get("X-Content-Type-Options") != "nosniff" || res.Header.Get("Content-Security-Policy") == "" {
				t.Error("the headers that keep a browser in bounds are missing")
			}
		})
	}
}

func TestAPageIsSentOnceAVersion(t *testing.T) {
	n := newNode(t)
	for _, path := range []string{"/", n.asset} {
		res, body := n.ask(t, "GET", path)
		etag, modified := res.Header.Get("ETag"), res.Header.Get("Last-Modified")
		if etag == "" || body == "" {
			t.Fatalf("%s has ETag %q and %d bytes", path, etag, len(body))
		}
		for _, headers := range [][]string{{"If-None-Match", etag}, {"If-None-Match", `"other", W/` + etag}, {"If-Modified-Since", modified}} {
			if headers[1] == "" {
				continue // a file has no date: its URL identifies its content
			}
			res, body := n.ask(t, "GET", path, headers...)
			if res.StatusCode != http.StatusNotModified || body != "" || res.Header.Get("ETag") != etag {
				t.Errorf("%s with %q: %d, %d bytes, ETag %s", path, headers, res.StatusCode, len(body), res.Header.Get("ETag"))
			}
		}
		if res, _ := n.ask(t, "GET", path, "If-None-Match", `"other"`); res.StatusCode != http.StatusOK {
			t.Errorf("%s with another ETag: %d, want 200", path, res.StatusCode)
		}
	}
}

// A reader with a slow connection continues an interrupted download in the same version, or
// restarts.
func TestAPartOfAPageCanBeAskedFor(t *testing.T) {
	n := newNode(t)
	res, whole := n.ask(t, "GET", "/")
	etag := res.Header.Get("ETag")
	for _, tt := range []struct {
		headers []string
		status  int
		body    string
	}{
		{[]string{"Range", "bytes=2-4"}, 206, whole[2:5]},
		{[]string{"Range", "bytes=2-4", "Accept-Encoding", "gzip"}, 206, whole[2:5]},
		{[]string{"Range", "bytes=2-4", "If-Range", etag}, 206, whole[2:5]},
		{[]string{"Range", "bytes=2-4", "If-Range", `"other"`}, 200, whole},
		{[]string{"Range", "bytes=9999999-"}, 416, ""},
		{[]string{"If-Match", etag}, 200, whole},
		{[]string{"If-Match", `"other"`}, 412, ""},
		{[]string{"If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"}, 412, ""},
	} {
		res, body := n.ask(t, "GET", "/", tt.headers...)
		if res.StatusCode != tt.status || tt.body != "" && body != tt.body {
			t.Errorf("with %q: %d, %d bytes", tt.headers, res.StatusCode, len(body))
		}
		if vary := res.Header.Get("Vary"); vary != "Accept-Encoding" {
			t.Errorf("with %q: Vary is %q, so that a cache would give it to another", tt.headers, vary)
		}
	}
}

// Otherwise anyone who can publish would get the rights of the readers, because a file of the vault
// is a script of this origin.
func TestANoteServedAsWrittenRunsNoScript(t *testing.T) {
	n := newNode(t)
	_, _, err := n.db.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: "evil.md",
		Content: "---\ncontent_type: text/xml\n---\n<html xmlns=\"http://www.w3.org/1999/xhtml\"><script src=\"/_system/assets/x/p.js\"/></html>"}}, true)
	if err != nil {
		t.Fatal(err)
	}
	n.follow(t)
	for _, headers := range [][]string{nil, {"Range", "bytes=0-9"}, {"Cookie", "session_r1=" + token}} {
		res, _ := n.ask(t, "GET", "/evil", headers...)
		policy := res.Header.Get("Content-Security-Policy")
		if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/xml") || !strings.HasPrefix(policy, "sandbox;") || strings.Contains(policy, "script-src") {
			t.Errorf("with %q: %s with the policy %q", headers, res.Header.Get("Content-Type"), policy)
		}
	}
}

// TestNothingBelowSystemLoadsFromAnotherHost requests each kind of system page. Otherwise a
// stylesheet could leak its content.
func TestNothingBelowSystemLoadsFromAnotherHost(t *testing.T) {
	n := newNode(t)
	for path, headers := range map[string][]string{
		"/_system/nothing": nil, "/_system/preview/": nil, "/_system/preview/secret": nil, "/_system/graph/": nil, n.secret: nil, "/_system/signin": nil,
		"/_system/preview/guides/my_note_2": {"Range", "bytes=0-4"},
	} {
		res, _ := n.ask(t, "GET", path, headers...)
		if policy := res.Header.Get("Content-Security-Policy"); policy == "" || strings.Contains(policy, "https:") {
			t.Errorf("%s: %d with the policy %q", path, res.StatusCode, policy)
		}
	}
	if res, _ := n.ask(t, "GET", "/"); !strings.Contains(res.Header.Get("Content-Security-Policy"), "img-src 'self' https:") {
		t.Error("a note cannot show an image of another site")
	}
}

// Clients plan with the header of a HEAD response.
func TestHEADTellsWhatGETGives(t *testing.T) {
	n := newNode(t)
	for _, tt := range [][]string{{"/"}, {"/no/such"}, {"/secret"}, {n.asset}, {n.asset, "Accept-Encoding", "gzip"}, {n.text, "Accept-Encoding", "gzip"}} {
		path, headers := tt[0], tt[1:]
		get, body := n.ask(t, "GET", path, headers...)
		head, none := n.ask(t, "HEAD", path, headers...)
		get.Header.Del("Date")
		head.Header.Del("Date")
		if diff := cmp.Diff(get.Header, head.Header); diff != "" || none != "" || get.ContentLength != int64(len(body)) {
			t.Errorf("%s: %d bytes with GET, of %d announced; %d with HEAD\n%s", path, len(body), get.ContentLength, len(none), diff)
		}
	}
}

func TestASignedInReaderReadsWhatIsForMembers(t *testing.T) {
	n := newNode(t)
	for _, credentials := range [][]string{{"Cookie", "session_r1=" + token}, {"Authorization", "Bearer " + token}} {
		res, body := n.ask(t, "GET", "/secret", credentials...)
		if res.StatusCode != http.StatusOK || !strings.Contains(body, "for members") || !strings.HasPrefix(res.Header.Get("Cache-Control"), "private") {
			t.Errorf("with %s the page is %d, Cache-Control %q", credentials[0], res.StatusCode, res.Header.Get("Cache-Control"))
		}
		if res, body := n.ask(t, "GET", n.secret, credentials...); res.StatusCode != http.StatusOK || body != "secret text" {
			t.Errorf("with %s the file is %d %q", credentials[0], res.StatusCode, body)
		}
	}
	for _, cookie := range []string{"session_r1=wrong", "session=" + token, "session_r1="} {
		if res, _ := n.ask(t, "GET", "/secret", "Cookie", cookie); res.StatusCode != http.StatusForbidden {
			t.Errorf("with %s the page is %d, want 403", cookie, res.StatusCode)
		}
	}
}

func TestMissingPagesAreCountedAndNonsenseIsNot(t *testing.T) {
	n := newNode(t)
	for _, path := range []string{"/no/such", "/%00", "/%ff", "/", "/secret", trip2g.AssetPrefix + "x"} {
		n.ask(t, "GET", path)
	}
	if len(n.missing) != 1 || n.missing[0] != "/no/such" {
		t.Errorf("counted are %q, want /no/such alone", n.missing)
	}
}

func TestBeforeThereIsASiteANodeSaysSo(t *testing.T) {
	server := httptest.NewServer(trip2ghttp.NewHandler(trip2ghttp.Options{
		Site: func() trip2g.Site { return nil }, Static: render.StaticHandler(), StaticPrefix: render.StaticPrefix,
	}))
	defer server.Close()
	for _, path := range []string{"/", trip2g.AssetPrefix + "x"} {
		res, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
			t.Errorf("%s is %d, want 503 with Retry-After", path, res.StatusCode)
		}
	}
}
