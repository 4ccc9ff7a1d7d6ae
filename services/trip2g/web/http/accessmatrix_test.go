package http_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

// spellings are ways to set a note's access. said is their meaning; "" means the site's default.
var spellings = []struct{ frontmatter, said string }{
	{"", ""},
	{"draft: false", ""},
	{"draft:", ""},
	{"x: [broken\nfree: true", ""},

	{"free: true", "public"},
	{"publish: true", "public"},
	{"FREE: Yes", "public"},
	{"free: 'on'", "public"},
	{"free: true\nsubgraph: a", "public"},
	{"free: true\nsubgraph:", "public"},
	{"free: true\ndraft: false", "public"},

	{"free: false", "members"},
	{"free: OFF", "members"},
	{"free: flase", "members"},
	{"free:", "members"},
	{"free: ''", "members"},
	{"free: []", "members"},
	{"publish:", "members"},
	{"subgraph:", "members"},
	{"subgraphs: []", "members"},
	{"publish: true\nfree: false", "members"},
	{"free: false\nfree: true", "members"},
	{"x: [broken\nfree: false", "members"},
	{"{x: broken, free: true", "members"},

	{"subgraph: A", "group"},
	{"subgraphs: [' a ', b]", "group"},
	{"subgraph: a\npublish: true", "group"},
	{"subgraph: a\nfree: false", "group"},
	{"x: [broken\nsubgraph: a", "group"},

	{"subgraph: unknown", "owner"},
	{"subgraph: {a: b}", "owner"},

	{"publish: false", "nobody"},
	{"publish: maybe", "nobody"},
	{"draft: true", "nobody"},
	{"draft: perhaps", "nobody"},
	{"free: true\ndraft: true", "nobody"},
	{"free: true\npublish: no", "nobody"},
}

// matrixReaders are the readers, by their sessions' tokens.
var matrixReaders = []string{"guest", "member", "grouped", "owner"}

// mayRead reports whether a reader can read a note on a site with a default.
func mayRead(said string, site trip2g.SiteAccess, reader string) bool {
	if said == "" {
		said = "members"
		if site == trip2g.AccessEveryone {
			said = "public"
		}
	}
	switch said {
	case "public":
		return true
	case "members":
		return reader != "guest"
	case "group":
		return reader == "grouped" || reader == "owner"
	case "owner":
		return reader == "owner"
	}
	return false
}

// matrixNote is the note with a spelling. Its parts differ from those of all other notes.
type matrixNote struct {
	said, title, word, tag, path, file string
}

func (m *matrixNote) url() string { return "/" + strings.TrimSuffix(m.path, ".md") }

type matrixNode struct {
	*node
	follower *site.Follower
	notes    []matrixNote
}

// newMatrixNode serves a vault with every spelling to a guest, two members, one of them in the
// group a, and the owner.
func newMatrixNode(t *testing.T) *matrixNode {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := db.SetPublicURL(t.Context(), "https://garden.example"); err != nil {
		t.Fatal(err)
	}
	m := &matrixNode{node: &node{db: db}}
	m.push(t)
	m.signInAll(t)
	index := search.New(search.Options{
		Site: func() trip2g.Site { return m.follower.Current() }, Text: markdown.Text, FreshWait: time.Minute, Log: zerolog.Nop(),
	})
	m.follower = site.NewFollower(db, site.Options{
		Parse: markdown.Parse, Render: markdown.Render, Excerpt: markdown.Excerpt, Context: markdown.Context, Log: zerolog.Nop(), Observe: index.Observe,
	})
	m.refresh(t)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- index.Run(ctx) }()
	t.Cleanup(func() { stop(); <-done })
	current := m.follower.Current
	m.Server = httptest.NewServer(trip2ghttp.NewHandler(trip2ghttp.Options{
		Site: current, Assets: db, Static: render.StaticHandler(), StaticPrefix: render.StaticPrefix, SessionCookie: "session_r1", Codings: render.Codings,
		Routes: trip2ghttp.SearchRoutes(trip2ghttp.SearchOptions{
			Search: index, Site: current, Identity: trip2ghttp.NewIdentity(current, "session_r1"), Frame: m.follower.SearchFrame,
		}),
	}))
	t.Cleanup(m.Close)
	return m
}

func (m *matrixNode) push(t *testing.T) {
	t.Helper()
	hub := "---\nfree: true\n---\n"
	updates := []trip2g.NoteUpdate{{Path: "target.md", Content: "---\nfree: true\n---\ntext"}}
	for i, s := range spellings {
		n := matrixNote{
			said: s.said, title: fmt.Sprintf("Title%02dx", i), word: fmt.Sprintf("word%02dx", i), tag: fmt.Sprintf("tag%02dx", i),
			path: fmt.Sprintf("f%02dx/s%02dx.md", i, i),
		}
		m.notes = append(m.notes, n)
		content := fmt.Sprintf("# %s\n\n%s #%s [[target]] [file](file%02d.txt)", n.title, n.word, n.tag, i)
		if s.frontmatter != "" {
			content = "---\n" + s.frontmatter + "\n---\n" + content
		}
		updates = append(updates, trip2g.NoteUpdate{Path: n.path, Content: content})
		hub += fmt.Sprintf("\n![[s%02dx]]\n", i)
	}
	updates = append(updates, trip2g.NoteUpdate{Path: "hub.md", Content: hub})
	stored, _, err := m.db.PushNotes(t.Context(), stage, updates, true)
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.notes {
		m.notes[i].file = attach(t, m.db, stored[i+1].ID, fmt.Sprintf("file%02d.txt", i), fmt.Sprintf("a file %d", i))
	}
}

func (m *matrixNode) signInAll(t *testing.T) {
	t.Helper()
	if err := m.db.EnsureOwner(t.Context(), "owner@example.com"); err != nil {
		t.Fatal(err)
	}
	for _, reader := range matrixReaders[1:] {
		email := reader + "@example.com"
		if reader != "owner" {
			if _, err := m.db.InviteMember(t.Context(), email, time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		user, err := m.db.UserByEmail(t.Context(), email)
		if err != nil {
			t.Fatal(err)
		}
		s := trip2g.Session{TokenHash: trip2g.TokenHash(reader), User: user, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
		if _, _, err := m.db.CreateSession(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	m.setGroups(t, "grouped", "A ", "z")
}

func (m *matrixNode) setGroups(t *testing.T, reader string, groups ...string) {
	t.Helper()
	user, err := m.db.UserByEmail(t.Context(), reader+"@example.com")
	if err == nil {
		_, _, err = m.db.SetMemberGroups(t.Context(), user.ID, trip2g.NewGroups(groups...), time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (m *matrixNode) refresh(t *testing.T) {
	t.Helper()
	if _, err := m.follower.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// as requests a page as a reader.
func (m *matrixNode) as(t *testing.T, reader, path string) (status int, body string) {
	t.Helper()
	var headers []string
	if reader != "guest" {
		headers = []string{"Cookie", "session_r1=" + reader}
	}
	res, body := m.ask(t, "GET", path, headers...)
	return res.StatusCode, body
}

// check requests every route for every note as every reader.
func (m *matrixNode) check(t *testing.T, name string, access trip2g.SiteAccess) {
	t.Helper()
	for _, reader := range matrixReaders {
		pages := map[string]string{}
		for _, path := range []string{"/hub", "/target", "/_system/graph/target", "/_system/tree/", "/", "/tags", "/feed.xml", "/feed.json", "/sitemap.xml"} {
			status, body := m.as(t, reader, path)
			if status != http.StatusOK && path != "/tags" { // there may be no tag
				t.Errorf("%s, %s: %s answers %d", name, reader, path, status)
			}
			pages[path] = body
		}
		for i := range m.notes {
			m.checkNote(t, fmt.Sprintf("%s, %s, %q", name, reader, spellings[i].frontmatter), &m.notes[i], reader, access, pages)
		}
	}
}

func (m *matrixNode) checkNote(t *testing.T, name string, n *matrixNote, reader string, access trip2g.SiteAccess, pages map[string]string) {
	t.Helper()
	readable, public := mayRead(n.said, access, reader), mayRead(n.said, access, "guest")
	has := func(what, text, part string, want bool) {
		t.Helper()
		if strings.Contains(text, part) != want {
			t.Errorf("%s: %s has %s: %t, want %t", name, what, part, !want, want)
		}
	}
	has("an embed", pages["/hub"], n.word, readable)
	has("backlinks", pages["/target"], n.title, readable)
	has("a graph", pages["/_system/graph/target"], n.title, readable)
	has("the explorer", pages["/_system/tree/"], strings.Split(n.path, "/")[0], readable)
	has("the home page", pages["/"], strings.Split(n.path, "/")[0], readable)
	has("the tags", pages["/tags"], n.tag, readable)
	for _, path := range []string{"/feed.xml", "/feed.json", "/sitemap.xml"} {
		has(path, pages[path], n.url(), public)
	}

	kept := http.StatusForbidden
	if n.said == "nobody" {
		kept = http.StatusNotFound
	}
	want := http.StatusOK
	if !readable {
		want = kept
	}
	for _, path := range []string{n.url(), "/_system/preview" + n.url(), "/_system/graph" + n.url(), n.file} {
		status, body := m.as(t, reader, path)
		if status != want {
			t.Errorf("%s: %s answers %d, want %d", name, path, status, want)
		}
		if !readable {
			has(path, body, n.word, false)
			has(path, body, n.title, false)
		}
	}
	_, text := m.as(t, reader, n.url())
	has("its page", text, n.word, readable)
	for _, path := range []string{"/tags/" + n.tag, "/" + strings.Split(n.path, "/")[0]} {
		status, body := m.as(t, reader, path)
		if (status == http.StatusOK) != readable {
			t.Errorf("%s: %s answers %d", name, path, status)
		}
		has(path, body, n.title, readable)
	}
	_, missing := m.as(t, reader, n.url()+"y")
	has("a suggestion", missing, n.title, readable)

	var headers []string
	if reader != "guest" {
		headers = []string{"Cookie", "session_r1=" + reader}
	}
	found, _ := m.searchJSON(t, url.Values{"q": {n.word}}.Encode(), headers...)
	if (found.Total == 1) != readable || (len(found.Results) == 1) != readable {
		t.Errorf("%s: the search finds %d", name, found.Total)
	}
	_, page := m.as(t, reader, trip2ghttp.SearchPath+"?q="+n.word)
	has("the search page", page, n.url()+`"`, readable)
}

// TestEveryRouteGivesANoteToWhomItIsForAndToNobodyElse requests every route for a note of every
// spelling, as every kind of reader, on a site with every default. The default and the groups
// change meanwhile.
func TestEveryRouteGivesANoteToWhomItIsForAndToNobodyElse(t *testing.T) {
	m := newMatrixNode(t)
	m.check(t, "no default", trip2g.AccessNotChosen)
	for _, access := range []trip2g.SiteAccess{trip2g.AccessEveryone, trip2g.AccessMembers} {
		if _, err := m.db.SetSiteAccess(t.Context(), access, trip2g.AnyPosition); err != nil {
			t.Fatal(err)
		}
		m.refresh(t)
		m.awaitSearch(t, access)
		m.check(t, access.String(), access)
	}
	m.setGroups(t, "member", "a")
	m.setGroups(t, "grouped", "b.")
	m.refresh(t)
	for i, n := range m.notes {
		if n.said != "group" {
			continue
		}
		for reader, want := range map[string]int{"member": http.StatusOK, "grouped": http.StatusForbidden} {
			if status, _ := m.as(t, reader, n.url()); status != want {
				t.Errorf("after their groups changed, %s gets %d for %q", reader, status, spellings[i].frontmatter)
			}
		}
	}
}

// awaitSearch waits until the index has applied the default.
func (m *matrixNode) awaitSearch(t *testing.T, access trip2g.SiteAccess) {
	t.Helper()
	testwait.Until(t, "the search follows the default of the site", func() bool {
		found, _ := m.searchJSON(t, "q="+m.notes[0].word)
		return (found.Total == 1) == (access == trip2g.AccessEveryone)
	})
}
