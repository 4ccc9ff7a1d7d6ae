package site_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

// The pages of the server's own look like the site, and their header offers what their reader can do.
func TestAPageOfTheServersOwnIsInTheSitesFrame(t *testing.T) {
	db := openDB(t)
	push(t, db, "index.md", "---\ntitle: <My> garden\nlang: de\n---\n")
	f := newFollower(db, 0)
	frame := trip2g.Frame(f.Frame)
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
	page.Reader = trip2g.Member
	if text = string(frame(page)); !strings.Contains(text, `href="/_system/account"`) || strings.Contains(text, `href="/_system/"`) {
		t.Errorf("a member's header is not theirs:\n%s", text)
	}
	page.Reader = trip2g.Owner
	wantIn(t, string(frame(page)), `href="/_system/account"`, `href="/_system/"`)
}
