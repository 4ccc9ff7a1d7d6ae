package http_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/store/sqlite"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

var stage = trip2g.Stage{Author: "key:1"}

const (
	token     = "a-token-of-a-session"
	assetText = "0123456789"
)

var longText = strings.Repeat("a text that can be compressed\n", 1000)

// node is a leader's handler over a real database and site.
type node struct {
	*httptest.Server
	db      *sqlite.DB
	missing []string
	current func() trip2g.Site
	follow  func(*testing.T) // refreshes the site from the database
	asset   string           // URL path of the public file
	text    string           // that of a longer one
	secret  string           // that of the members' file
}

// signer signs the addresses of files.
var signer = trip2g.NewAssetSigner("a secret that all nodes share")

func newNode(t *testing.T) *node {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.SetSiteAccess(t.Context(), trip2g.AccessEveryone, trip2g.AnyPosition); err != nil {
		t.Fatal(err)
	}
	notes, _, err := db.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{
		{Path: "index.md", Content: "# Start\n"},
		{Path: "Guides/My note (2).md", Content: "![](a.txt) ![](c.txt)"},
		{Path: "GraphQL.md", Content: "a note about GraphQL"},
		{Path: "secret.md", Content: "---\nfree: false\n---\nfor members ![](b.txt)"},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{db: db}
	n.asset = attach(t, db, notes[1].ID, "a.txt", assetText)
	n.text = attach(t, db, notes[1].ID, "c.txt", longText)
	n.secret = attach(t, db, notes[3].ID, "b.txt", "secret text")
	signIn(t, db)
	f := site.NewFollower(db, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop()})
	if _, err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.current = f.Current
	n.follow = func(t *testing.T) {
		t.Helper()
		if _, err := f.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	n.Server = httptest.NewServer(trip2ghttp.NewHandler(trip2ghttp.Options{
		Site: f.Current, Assets: db, Static: site.StaticHandler(), StaticPrefix: site.StaticPrefix, SessionCookie: "session_r1", Codings: site.Codings,
		Signer:  signer,
		Missing: func(path string) { n.missing = append(n.missing, path) },
	}))
	t.Cleanup(n.Close)
	return n
}

func attach(t *testing.T, db *sqlite.DB, note int64, name, content string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(content))
	a := trip2g.NoteAsset{Ref: name, AbsolutePath: name, Hash: hex.EncodeToString(sum[:])}
	stored, err := db.PutAsset(t.Context(), a.Hash, 1<<20, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	a.AssetID = stored.ID
	if _, err := db.AttachAsset(t.Context(), stage, note, a, true); err != nil {
		t.Fatal(err)
	}
	return trip2g.AssetURL(a)
}

func signIn(t *testing.T, db *sqlite.DB) {
	t.Helper()
	if err := db.EnsureOwner(t.Context(), "owner@example.com"); err != nil {
		t.Fatal(err)
	}
	user, err := db.UserByEmail(t.Context(), "owner@example.com")
	if err != nil {
		t.Fatal(err)
	}
	s := trip2g.Session{TokenHash: trip2g.TokenHash(token), User: user, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
	if _, _, err := db.CreateSession(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

// transport gives bodies as they came.
var transport = &http.Transport{DisableCompression: true}

// ask sends a request without following redirects; headers are name, value, name, value ...
func (n *node) ask(t *testing.T, method, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, n.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestWhatAnAddressAnswers(t *testing.T) {
	n := newNode(t)
	for _, tt := range []struct {
		method, path string
		status       int
		in           string // the body
		header       string // "Name: value" of the answer
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
		{"POST", "/graphql", 405, "takes only", "Allow: OPTIONS, POST"}, // this node is wired without the API
		{"GET", "/_system/graphql", 405, "takes only", "Allow: OPTIONS, POST"},
		{"POST", "/_system/graphql", 405, "takes only", ""}, // this node is wired without the API
		{"GET", n.asset, 200, assetText, "Cache-Control: public, max-age=60, must-revalidate"},
		{"GET", n.secret, 403, "for members of this site", "Cache-Control: private, no-cache"},
		{"GET", trip2g.AssetPrefix + strings.Repeat("0", 64) + "/x", 404, "Page not found", ""},
		{"GET", trip2g.AssetPrefix, 404, "Page not found", ""},
		{"GET", site.StaticPrefix + "0/site.css", 404, "", ""},
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

// TestAFileThatIsTakenBackIsNotCurrentInACache asks as a shared cache does that has the file, after its note
// has become one for members and after it is gone.
func TestAFileThatIsTakenBackIsNotCurrentInACache(t *testing.T) {
	n := newNode(t)
	res, _ := n.ask(t, "GET", n.asset)
	etag := res.Header.Get("ETag")
	if res, _ = n.ask(t, "GET", n.asset, "If-None-Match", etag); res.StatusCode != http.StatusNotModified || res.Header.Get("Cache-Control") != "public, max-age=60, must-revalidate" {
		t.Fatalf("while it is public: %d, %q", res.StatusCode, res.Header.Get("Cache-Control"))
	}
	for _, then := range []struct {
		content string
		status  int
	}{{"---\nfree: false\n---\n![](a.txt)", http.StatusForbidden}, {"no file", http.StatusNotFound}} {
		if _, _, err := n.db.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: "Guides/My note (2).md", Content: then.content}}, true); err != nil {
			t.Fatal(err)
		}
		n.follow(t)
		if res, body := n.ask(t, "GET", n.asset, "If-None-Match", etag); res.StatusCode != then.status || strings.Contains(body, assetText) || strings.HasPrefix(res.Header.Get("Cache-Control"), "public") {
			t.Errorf("after %q: %d, %q, %q", then.content, res.StatusCode, res.Header.Get("Cache-Control"), body)
		}
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
				continue // a file has no date: its address names its content
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

func TestAPartOfAFileCanBeAskedFor(t *testing.T) {
	n := newNode(t)
	res, body := n.ask(t, "GET", n.asset, "Range", "bytes=2-4")
	if res.StatusCode != http.StatusPartialContent || body != assetText[2:5] {
		t.Errorf("bytes 2 to 4 are %d %q", res.StatusCode, body)
	}
	if res, _ := n.ask(t, "GET", n.asset, "Range", "bytes=100-"); res.StatusCode != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("bytes from 100 on are %d, want 416", res.StatusCode)
	}
}

// A reader with a slow line goes on where it broke off, in the same version or from the start.
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

// TestANoteServedAsWrittenRunsNoScript would else give whoever may publish the rights of its readers: a
// file of the vault is a script of this origin.
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

// TestAFileOfTheVaultIsNoScript has what a page of this origin could else run: its policy takes scripts from
// everywhere on it.
func TestAFileOfTheVaultIsNoScript(t *testing.T) {
	n := newNode(t)
	notes, _, err := n.db.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: "code.md", Content: "[](a.js) [](b.MJS)"}}, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.js", "b.MJS"} {
		address := attach(t, n.db, notes[0].ID, name, "alert(1) // "+name)
		n.follow(t)
		for _, headers := range [][]string{{"Sec-Fetch-Dest", "script"}, {"Accept-Encoding", "gzip"}, {"Range", "bytes=0-4"}} {
			res, _ := n.ask(t, "GET", address, headers...)
			if got := res.Header.Get("Content-Type"); res.StatusCode >= 400 || got != "text/plain; charset=utf-8" || res.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s with %q: %d, %s", address, headers, res.StatusCode, got)
			}
		}
	}
}

// TestNothingBelowSystemLoadsFromAnotherHost has each kind of page there: a stylesheet could else send away what
// stands on it.
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

// Who asks with HEAD plans with what it says.
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

// A text file takes a slow line a fraction of its size, and is not sent again to who has it.
func TestATextFileIsCompressedForWhoTakesIt(t *testing.T) {
	n := newNode(t)
	for _, path := range []string{n.text, stylesheet(t, n)} {
		_, want := n.ask(t, "GET", path, "Accept-Encoding", "identity")
		for range 2 { // made, and kept
			res, body := n.ask(t, "GET", path, "Accept-Encoding", "br, gzip")
			unzip, err := gzip.NewReader(strings.NewReader(body))
			if err != nil || res.Header.Get("Content-Encoding") != "gzip" || res.Header.Get("Vary") != "Accept-Encoding" || len(body) > len(want)/2 {
				t.Fatalf("%s is %d bytes of %d, %v: %q", path, len(body), len(want), err, res.Header)
			}
			if got, err := io.ReadAll(unzip); err != nil || string(got) != want {
				t.Errorf("%s is another file when decompressed: %v", path, err)
			}
			etag := res.Header.Get("ETag")
			res, body = n.ask(t, "GET", path, "Accept-Encoding", "gzip", "If-None-Match", etag)
			if res.StatusCode != http.StatusNotModified || body != "" || res.Header.Get("ETag") != etag {
				t.Errorf("%s again is %d with %d bytes", path, res.StatusCode, len(body))
			}
		}
		res, body := n.ask(t, "GET", path, "Accept-Encoding", "gzip", "Range", "bytes=5-9")
		if res.StatusCode != http.StatusPartialContent || body != want[5:10] {
			t.Errorf("a part of %s is %d %q", path, res.StatusCode, body)
		}
	}
	if res, body := n.ask(t, "GET", n.asset, "Accept-Encoding", "gzip"); body != assetText || res.Header.Get("Content-Encoding") != "" {
		t.Errorf("a file too short for it is %q, Content-Encoding %q", body, res.Header.Get("Content-Encoding"))
	}
}

// stylesheet finds the address of the look's stylesheet in a page.
func stylesheet(t *testing.T, n *node) string {
	t.Helper()
	_, page := n.ask(t, "GET", "/", "Accept-Encoding", "identity")
	path := regexp.MustCompile(site.StaticPrefix + `[0-9a-f]+/site\.css`).FindString(page)
	if path == "" {
		t.Fatalf("the page names no stylesheet: %s", page)
	}
	return path
}

// Files that have one tag, as those of one version have, are each compressed as what they are.
func TestFilesOfOneTagAreNotTakenForEachOther(t *testing.T) {
	n := newNode(t)
	_, page := n.ask(t, "GET", "/")
	files := regexp.MustCompile(site.StaticPrefix+`[^"]+\.(?:css|js)`).FindAllString(page, -1)
	if len(files) < 2 {
		t.Fatalf("the page has %q", files)
	}
	for _, path := range files {
		_, want := n.ask(t, "GET", path)
		res, body := n.ask(t, "GET", path, "Accept-Encoding", "gzip")
		if res.Header.Get("Content-Encoding") != "gzip" {
			continue
		}
		unzip, err := gzip.NewReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(unzip); err != nil || string(text) != want {
			t.Errorf("%s is another file when decompressed: %v", path, err)
		}
	}
}

// A reader gets a page compressed as a browser asks for it, also one that is not there.
func TestAPageIsCompressedForWhoTakesIt(t *testing.T) {
	n := newNode(t)
	for _, path := range []string{"/", "/no/such", "/secret"} {
		_, want := n.ask(t, "GET", path, "Accept-Encoding", "identity")
		res, body := n.ask(t, "GET", path, "Accept-Encoding", "gzip")
		unzip, err := gzip.NewReader(strings.NewReader(body))
		if err != nil || res.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s is no gzip: %v: %q", path, err, res.Header)
			continue
		}
		if got, err := io.ReadAll(unzip); err != nil || string(got) != want {
			t.Errorf("%s is another page when decompressed: %v", path, err)
		}
		if res, _ := n.ask(t, "GET", path, "Accept-Encoding", "gzip, br"); res.Header.Get("Content-Encoding") != "br" {
			t.Errorf("%s comes in %q to who takes brotli", path, res.Header.Get("Content-Encoding"))
		}
	}
}

func TestAFileThatCannotBeReadNowIsAskedForAgain(t *testing.T) {
	n := newNode(t)
	n.db.Close()
	res, _ := n.ask(t, "GET", n.asset)
	if res.StatusCode < http.StatusInternalServerError || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("without its database it is %d, Cache-Control %q; a cache would keep it", res.StatusCode, res.Header.Get("Cache-Control"))
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
		Site: func() trip2g.Site { return nil }, Static: site.StaticHandler(), StaticPrefix: site.StaticPrefix,
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

// TestASignedAddressGivesAMembersFile asks for the members' file as a program does that got its address
// from the API.
func TestASignedAddressGivesAMembersFile(t *testing.T) {
	n := newNode(t)
	hash, _, _ := strings.Cut(strings.TrimPrefix(n.secret, trip2g.AssetPrefix), "/")
	for name, tt := range map[string]struct {
		query  string
		status int
	}{
		"signed":       {signer.Query(hash, time.Now()), http.StatusOK},
		"too late":     {signer.Query(hash, time.Now().Add(-2*trip2g.AssetLinkFor)), http.StatusForbidden},
		"another file": {signer.Query("aa", time.Now()), http.StatusForbidden},
		"nothing":      {"", http.StatusForbidden},
	} {
		res, body := n.ask(t, "GET", n.secret+"?"+tt.query)
		if res.StatusCode != tt.status || (body == "secret text") != (tt.status == http.StatusOK) || !strings.HasPrefix(res.Header.Get("Cache-Control"), "private") {
			t.Errorf("%s: %s, %v", name, res.Status, res.Header)
		}
	}
	if res, _ := n.ask(t, "GET", trip2g.AssetPrefix+"aa/x.txt?"+signer.Query("aa", time.Now())); res.StatusCode != http.StatusNotFound {
		t.Errorf("a file that is not there: %s", res.Status)
	}
}

// TestAFileThatWasTakenBackIsServedToNobody asks again, as a browser, a cache and the holder of a signed
// address do, for what a note has no more.
func TestAFileThatWasTakenBackIsServedToNobody(t *testing.T) {
	n := newNode(t)
	hashOf := func(address string) string {
		hash, _, _ := strings.Cut(strings.TrimPrefix(address, trip2g.AssetPrefix), "/")
		return hash
	}
	for _, address := range []string{n.asset, n.secret} {
		if res, _ := n.ask(t, "GET", address+"?"+signer.Query(hashOf(address), time.Now())); res.StatusCode != http.StatusOK {
			t.Fatalf("%s is %s before it is taken back", address, res.Status)
		}
	}
	_, _, err := n.db.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{
		{Path: "Guides/My note (2).md", Content: "---\nfree: true\n---\nno files", Refs: []string{}}, {Path: "secret.md", Content: "---\nfree: false\n---\nno file", Refs: []string{}},
	}, true)
	if err != nil {
		t.Fatal(err)
	}
	n.follow(t)
	for _, address := range []string{n.asset, n.secret} {
		for _, query := range []string{"", "?" + signer.Query(hashOf(address), time.Now())} {
			for _, header := range [][]string{nil, {"If-None-Match", `"` + hashOf(address) + `"`}, {"Range", "bytes=0-1"}} {
				res, body := n.ask(t, "GET", address+query, header...)
				if res.StatusCode != http.StatusNotFound || strings.Contains(body, "secret text") || strings.Contains(body, assetText) {
					t.Errorf("%s%s with %q is %s", address, query, header, res.Status)
				}
			}
		}
	}
}
