package site_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

func TestSystemPagesLookLikeTheSite(t *testing.T) {
	db := openDB(t)
	push(t, db, "index.md", "---\ntitle: <My> garden\nlang: de\n---\n")
	f := newFollower(db, 0)
	frame := trip2g.SystemPageRenderer(f.Frame)
	page := trip2g.SystemPage{Title: "Keys & more", Path: "/_system/keys", Body: "<p>body</p>", Scripts: []string{"/_system/x.js"}, Stylesheets: []string{"site.css"},
		Nav: []trip2g.NavItem{{Title: "Notes", URL: "/_system/notes"}, {Title: "Keys", URL: "/_system/keys", Group: "People"}, {Title: "Members", URL: "/_system/members", Group: "People"}}}
	wantIn(t, string(frame(page)), "<h1>Keys &amp; more</h1>", "Untitled site</title>", "<p>body</p>")

	refresh(t, f)
	text := string(frame(page))
	wantIn(t, text, "<title>Keys &amp; more – &lt;My&gt; garden</title>", `<a href="/_system/keys" aria-current="page">Keys</a>`, `<a href="/_system/notes">Notes</a>`,
		`<script type="module" src="/_system/x.js">`, `content="noindex"`)
	if n := strings.Count(text, `<li class="group">People</li>`); n != 1 {
		t.Errorf("a group of the menu has %d headings", n)
	}
	if strings.Contains(text, `href="/_system/account"`) {
		t.Error("one who is not signed in has an account")
	}
	page.Visitor = trip2g.Member
	if text = string(frame(page)); !strings.Contains(text, `href="/_system/account"`) || strings.Contains(text, `href="/_system/"`) {
		t.Errorf("a member's header is not theirs:\n%s", text)
	}
	page.Visitor = trip2g.Owner
	wantIn(t, string(frame(page)), `href="/_system/account"`, `href="/_system/"`)
}

// TestTheVaultsStylesheetAndFooterAreNotOnSystemPages has a vault with both: they apply to notes,
// not to what the owner clicks and reads below /_system/.
func TestTheVaultsStylesheetAndFooterAreNotOnSystemPages(t *testing.T) {
	source := newMemory("index.md", "x", "secret.md", "---\nfree: false\n---\nx")
	source.put(trip2g.SettingsPath, "---\ntitle: Mine\nstylesheet: my.css\nfooter: By <b>me</b>\nraw_html: true\n---\n", trip2g.NoteAsset{Ref: "my.css", AbsolutePath: "my.css", Hash: "h1"})
	f := newFollower(source, 0)
	s := refresh(t, f)
	wantIn(t, body(t, s, "/"), "my.css", "By <b>me</b>")
	gate, _ := s.Page("/_system/preview/secret", trip2g.Anonymous)
	for name, page := range map[string]string{
		"the owner's":          string(f.Frame(trip2g.SystemPage{Title: "Keys", Path: "/_system/keys", Visitor: trip2g.Owner})),
		"sign-in":              string(f.Frame(trip2g.SystemPage{Title: "Sign in", Path: "/_system/signin"})),
		"search":               string(f.SearchFrame(trip2g.SearchPage{Query: "x"})),
		"no such page":         text(s.NotFound("/_system/nothing", trip2g.Owner)),
		"a file for members":   text(s.Withheld(trip2g.Anonymous)),
		"a preview for others": text(gate),
	} {
		wantIn(t, page, "Mine")
		if strings.Contains(page, "my.css") || strings.Contains(page, "By <b>me</b>") {
			t.Errorf("%s has the vault's look:\n%s", name, page)
		}
	}
	wantIn(t, text(s.NotFound("/nothing", trip2g.Owner)), "my.css")
}
