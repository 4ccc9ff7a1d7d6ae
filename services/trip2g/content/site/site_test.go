package site_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/store/sqlite"
)

var stage = trip2g.Stage{Author: "key:1"}

func openDB(t *testing.T) *sqlite.DB {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	makePublic(t, db)
	return db
}

// makePublic makes notes public that do not specify their access.
func makePublic(t *testing.T, db *sqlite.DB) {
	t.Helper()
	if _, err := db.SetSiteAccess(t.Context(), trip2g.AccessEveryone, trip2g.AnyPosition); err != nil {
		t.Fatal(err)
	}
}

// atGarden is a source with a public URL.
type atGarden struct{ trip2g.ChangeSource }

func (s atGarden) Changes(ctx context.Context, after trip2g.Position, limit int) (trip2g.ChangeSet, error) {
	set, err := s.ChangeSource.Changes(ctx, after, limit)
	set.PublicURL = "https://garden.example"
	return set, err
}

func newFollower(source trip2g.ChangeSource, chunk int) *site.Follower {
	return site.NewFollower(atGarden{source}, site.Options{
		Parse: markdown.Parse, Render: markdown.Render, Excerpt: markdown.Excerpt, Context: markdown.Context,
		Log: zerolog.Nop(), Chunk: chunk, SystemPages: []string{"/_system/", "/_system/search", "/_system/warnings"},
	})
}

// push publishes notes given as path, content, path, content, …
func push(t *testing.T, db *sqlite.DB, pairs ...string) []trip2g.StagedNote {
	t.Helper()
	var updates []trip2g.NoteUpdate
	for i := 0; i < len(pairs); i += 2 {
		updates = append(updates, trip2g.NoteUpdate{Path: pairs[i], Content: pairs[i+1]})
	}
	notes, _, err := db.PushNotes(t.Context(), stage, updates, true)
	if err != nil {
		t.Fatal(err)
	}
	return notes
}

func refresh(t *testing.T, f *site.Follower) trip2g.Site {
	t.Helper()
	if _, err := f.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return f.Current()
}

// published returns the site of a new database with these notes.
func published(t *testing.T, pairs ...string) trip2g.Site {
	t.Helper()
	db := openDB(t)
	push(t, db, pairs...)
	return refresh(t, newFollower(db, 0))
}

func body(t *testing.T, s trip2g.Site, url string) string {
	t.Helper()
	return bodyFor(t, s, url, trip2g.Anonymous)
}

func bodyFor(t *testing.T, s trip2g.Site, url string, reader trip2g.Visitor) string {
	t.Helper()
	page, redirect := s.Page(url, reader)
	if page == nil {
		t.Fatalf("%s has no page (redirect %q)", url, redirect.URL)
	}
	return text(page)
}

func text(p trip2g.Page) string { return string(p.Body(trip2g.Identity).Bytes) }

func wantIn(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("it lacks %q:\n%s", want, text)
		}
	}
}

func TestThereIsNoSiteBeforeTheFirstRefresh(t *testing.T) {
	if newFollower(openDB(t), 0).Current() != nil {
		t.Error("there is one")
	}
}

func TestAnEmptyVaultHasAWelcomePage(t *testing.T) {
	f := newFollower(openDB(t), 0)
	s := refresh(t, f)
	if page, _ := s.Page("/", trip2g.Anonymous); page != nil || !s.IsEmpty() {
		t.Error("an empty vault has a home page")
	}
	wantIn(t, string(f.WelcomeFrame(trip2g.WelcomePage{URL: "http://my.test", Node: "one"})), "trip2g push FOLDER --url http://my.test</code>", "/_system/claim")
	wantIn(t, string(f.WelcomeFrame(trip2g.WelcomePage{Owned: true, Replica: true, Node: "<two>"})), "<strong>&lt;two&gt;</strong>")
}

func TestAPageShowsItsNote(t *testing.T) {
	s := published(t,
		"index.md", "---\ntitle: My garden\n---\nSee [[one]] and [[nothing]].",
		"one.md", "# One\n\ntext\n",
		"two.md", "just text",
	)
	wantIn(t, body(t, s, "/"), "<title>My garden</title>", `<a href="/one"`, `class="missing"`, "<main", "<h1>My garden</h1>")
	one := body(t, s, "/one")
	wantIn(t, one, "<title>One – My garden</title>", `href="/_system/static/`)
	if n := strings.Count(one, "<h1"); n != 1 {
		t.Errorf("the page has %d level-1 headings, want 1:\n%s", n, one)
	}
	wantIn(t, body(t, s, "/two"), "<h1>two</h1>")
}

func TestAFolderWithoutANoteOfItsOwnListsWhatIsInIt(t *testing.T) {
	s := published(t,
		"Guides/b.md", "# Beta", "Guides/a.md", "# Alpha",
		"Guides/secret.md", "---\nfree: false\n---\n# Secret",
		"members/only.md", "---\nfree: false\n---\n# Only",
		"hidden.md", "---\npublish: false\n---\n# Hidden",
	)
	listing := body(t, s, "/guides")
	wantIn(t, listing, "<h1>Guides</h1>", `<a href="/guides/a">Alpha</a>`, `<a href="/guides/b">Beta</a>`)
	for _, url := range []string{"/", "/guides", "/guides/a"} {
		if text := body(t, s, url); strings.Contains(text, "Secret") || strings.Contains(text, "Only") || strings.Contains(text, "Hidden") {
			t.Errorf("%s tells of a note that is not public:\n%s", url, text)
		}
	}
	for _, url := range []string{"/hidden", "/members"} {
		if page, _ := s.Page(url, trip2g.Anonymous); page != nil {
			t.Errorf("%s has a page", url)
		}
	}
	if page, _ := s.Page("/guides/secret", trip2g.Anonymous); page == nil || !page.Withheld() {
		t.Error("the members' note is not theirs alone")
	}
}

func TestOldURLsRedirectToThePage(t *testing.T) {
	s := published(t, "Guides/My note (2).md", "---\npermalink: old/place\n---\nx", "Заметки/Первая.md", "y")
	for from, want := range map[string]string{
		"/Guides/My note (2)":    "/guides/my_note_2",
		"/Guides/My note (2).md": "/guides/my_note_2",
		"/guides/my_note_2/":     "/guides/my_note_2",
		"/GUIDES/MY_NOTE_2":      "/guides/my_note_2",
		"/old/place":             "/guides/my_note_2",
		"/Заметки/Первая":        "/заметки/первая",
		"/nothing":               "",
		"/guides/nothing/":       "",
	} {
		page, redirect := s.Page(from, trip2g.Anonymous)
		if page != nil || redirect.URL != want {
			t.Errorf("%s: page %v, redirect %q, want %q", from, page != nil, redirect.URL, want)
		}
	}
}

func TestOfTwoNotesWithOneURLTheFirstPathHasIt(t *testing.T) {
	s := published(t, "a b.md", "third", "A B.md", "first", "a-b.md", "last", "A_b.md", "second")
	for url, want := range map[string]string{"/a_b": "first", "/a_b_2": "second", "/a_b_3": "third", "/a_b_4": "last"} {
		wantIn(t, body(t, s, url), want)
	}
	if n := len(s.Stats().Warnings); n != 3 {
		t.Errorf("the owner has %d warnings, want 3: %v", n, s.Stats().Warnings)
	}
}

// TestALaterNoteTakesNoURL publishes C#.md after C++.md, which has /c, and changes both.
func TestALaterNoteTakesNoURL(t *testing.T) {
	db := openDB(t)
	f := newFollower(db, 0)
	for step, pairs := range [][]string{{"C++.md", "plus plus"}, {"C#.md", "sharp", "C++.md", "plus plus"}, {"C++.md", "plus plus, changed"}} {
		push(t, db, pairs...)
		for _, s := range []trip2g.Site{refresh(t, f), refresh(t, newFollower(db, 0))} {
			if wantIn(t, body(t, s, "/c"), "plus plus"); step > 0 {
				wantIn(t, body(t, s, "/c_2"), "sharp")
			}
		}
	}
}

func TestTheOwnerIsToldOfAWarningOnce(t *testing.T) {
	db := openDB(t)
	var told []string
	f := site.NewFollower(db, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop(),
		Warn: func(w trip2g.Warning) { told = append(told, w.Path) }})
	push(t, db, "a b.md", "x", "A B.md", "y")
	refresh(t, f)
	push(t, db, "other.md", "z")
	refresh(t, f)
	if len(told) != 1 || told[0] != "a b.md" {
		t.Errorf("warnings were told for %q, want once for a b.md", told)
	}
}

// TestNodesThatLoadedDifferentlyServeTheSameBytes compares a follower that saw every commit, one
// that loaded everything at the end, and one that loaded change by change.
func TestNodesThatLoadedDifferentlyServeTheSameBytes(t *testing.T) {
	db := openDB(t)
	live := newFollower(db, 0)
	names := []string{"a", "b", "A", "x/a", "x/index", "y/a b", "y/a_b", "index"}
	for range 60 {
		name := names[rand.IntN(len(names))]
		push(t, db, name+".md", fmt.Sprintf("# %s %d\n\n[[%s]] [[b]]", name, rand.IntN(1000), names[rand.IntN(len(names))]))
		if rand.IntN(4) == 0 {
			if _, err := db.HideNotes(t.Context(), stage, []string{names[rand.IntN(len(names))] + ".md"}, true); err != nil {
				t.Fatal(err)
			}
		}
		refresh(t, live)
	}
	want := refresh(t, live)
	for _, chunk := range []int{1, 500} {
		got := refresh(t, newFollower(db, chunk))
		if got.Stats().Position != want.Stats().Position {
			t.Fatalf("positions are %d and %d", got.Stats().Position, want.Stats().Position)
		}
		for _, url := range []string{"/", "/a", "/a_2", "/b", "/x", "/x/a", "/y", "/y/a_b", "/y/a_b_2"} {
			a, _ := want.Page(url, trip2g.Anonymous)
			b, _ := got.Page(url, trip2g.Anonymous)
			if (a == nil) != (b == nil) {
				t.Errorf("%s is a page on one node only", url)
			} else if a != nil && (text(a) != text(b) || a.Body(trip2g.Identity).ETag != b.Body(trip2g.Identity).ETag || !want.ModifiedAt().Equal(got.ModifiedAt())) {
				t.Errorf("%s differs:\n%s\n%s", url, text(a), text(b))
			}
		}
	}
}

// switchable is a database that can be replaced under a running node.
type switchable struct {
	mu sync.Mutex
	trip2g.ChangeSource
}

func (s *switchable) Changes(ctx context.Context, after trip2g.Position, limit int) (trip2g.ChangeSet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ChangeSource.Changes(ctx, after, limit)
}

func TestAnotherDatabaseIsReloaded(t *testing.T) {
	one, other := openDB(t), openDB(t)
	push(t, one, "old.md", "x", "both.md", "one")
	push(t, one, "old.md", "y")
	push(t, other, "both.md", "other")
	source := &switchable{ChangeSource: one}
	f := newFollower(source, 0)
	refresh(t, f)
	source.ChangeSource = other
	s := refresh(t, f)
	if page, _ := s.Page("/old", trip2g.Anonymous); page != nil {
		t.Error("a note of the first database is still there")
	}
	wantIn(t, body(t, s, "/both"), "other")
}

func TestPagesAreServedWhileTheDatabaseFails(t *testing.T) {
	db := openDB(t)
	push(t, db, "a.md", "still here")
	f := newFollower(db, 0)
	refresh(t, f)
	db.Close()
	if _, err := f.Refresh(t.Context()); err == nil || f.Err() == nil {
		t.Fatalf("reading a closed database gives %v, Err %v", err, f.Err())
	}
	wantIn(t, body(t, f.Current(), "/a"), "still here")
}

func TestAFileIsPublicIfAPublicNoteRefersToIt(t *testing.T) {
	db := openDB(t)
	notes := push(t, db, "open.md", "![](a.txt)", "closed.md", "---\nfree: false\n---\n![](a.txt) ![](b.txt)", "off.md", "---\npublish: false\n---\n![](c.txt)")
	attach := func(note int64, name string) string {
		content := "content of " + name
		hash := trip2g.TokenHash(content) // SHA-256 in hex, as of a file
		asset, err := db.PutAsset(t.Context(), hash, 1<<20, strings.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.AttachAsset(t.Context(), stage, note, trip2g.NoteAsset{AssetID: asset.ID, Ref: name, AbsolutePath: name, Hash: hash}, true)
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	a := attach(notes[0].ID, "a.txt")
	attach(notes[1].ID, "a.txt")
	b := attach(notes[1].ID, "b.txt")
	c := attach(notes[2].ID, "c.txt")
	s := refresh(t, newFollower(db, 0))
	for hash, want := range map[string][2]bool{a: {true, true}, b: {false, true}, c: {false, false}} {
		if _, public, ok := s.Asset(hash); public != want[0] || ok != want[1] {
			t.Errorf("public %v, there %v; want %v", public, ok, want)
		}
	}
	wantIn(t, body(t, s, "/open"), trip2g.AssetPrefix+a+"/a.txt")
	file, err := db.OpenAsset(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if text, err := io.ReadAll(file); err != nil || string(text) != "content of a.txt" {
		t.Errorf("the file is %q, %v", text, err)
	}
}

func TestASessionIsValidUntilItExpires(t *testing.T) {
	db := openDB(t)
	if err := db.EnsureOwner(t.Context(), "owner@example.com"); err != nil {
		t.Fatal(err)
	}
	user, err := db.UserByEmail(t.Context(), "owner@example.com")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	session, _, err := db.CreateSession(t.Context(), trip2g.Session{TokenHash: trip2g.TokenHash("t"), User: user, CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	f := newFollower(db, 0)
	s := refresh(t, f)
	if _, ok := s.Session(session.TokenHash, now); !ok {
		t.Error("the session does not count")
	}
	if _, ok := s.Session(session.TokenHash, now.Add(2*time.Hour)); ok {
		t.Error("the session counts after its time")
	}
	if _, err := db.DeleteSession(t.Context(), session.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok := refresh(t, f).Session(session.TokenHash, now); ok {
		t.Error("the session counts after it was ended")
	}
}
