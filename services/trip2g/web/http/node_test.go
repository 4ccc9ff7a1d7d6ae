package http_test

import (
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

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/content/site/render"
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
	text    string           // URL path of a longer file
	secret  string           // URL path of the members' file
}

// signer signs the URLs of files.
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
		Site: f.Current, Assets: db, Static: render.StaticHandler(), StaticPrefix: render.StaticPrefix, SessionCookie: "session_r1", Codings: render.Codings,
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

// transport returns bodies without decoding.
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

// stylesheet returns the URL of the stylesheet in a page.
func stylesheet(t *testing.T, n *node) string {
	t.Helper()
	_, page := n.ask(t, "GET", "/", "Accept-Encoding", "identity")
	path := regexp.MustCompile(render.StaticPrefix + `[0-9a-f]+/site\.css`).FindString(page)
	if path == "" {
		t.Fatalf("the page names no stylesheet: %s", page)
	}
	return path
}
