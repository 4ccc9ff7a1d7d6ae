package server_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g/store/sqlite"
)

// membersVault has notes and a file for members. Public notes refer to them in every way.
var membersVault = map[string]string{
	"index.md":       "---\ntitle: Start\n---\nSee [[open]], [[secret|that]] and [[hidden/plan|another]].",
	"open.md":        "---\ntitle: Open\ntags: [common]\n---\nAn open text links [[secret|there]] and shows it: ![[secret]]\n\n![[secret#^block]]",
	"secret.md":      "---\ntitle: Hushed heading\ndescription: Hushed description\nfree: false\ntags: [common, hushedtag]\naliases: [hushedalias]\n---\n## Hushed section\nA hushed body. ^block\n\n![[secret.png]] [[open]] [[hidden/plan]]",
	"hidden/plan.md": "---\ntitle: Hushed plan\nfree: false\n---\nhushedplan [[open]]",
	"secret.png":     "\x89PNG\r\n\x1a\nhushed picture",
}

// hushed lists the texts that only members may see. The text of a public note itself is public,
// above all the path of a members' note in its link.
var hushed = []string{"hushed heading", "hushed description", "hushedtag", "hushedalias", "hushed section", "hushed body", "hushed plan", "hushedplan", "hushed picture", sha256Hex("\x89PNG\r\n\x1a\nhushed picture")}

func sha256Hex(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// readRoutes lists every kind of address of a GET: pages, files, generated ones, and the server's
// own.
var readRoutes = []string{
	"/", "/open", "/secret", "/hidden", "/hidden/", "/hidden/plan", "/hushedalias", "/nothing",
	"/tags", "/tags/common", "/tags/hushedtag",
	"/feed.xml", "/feed.json", "/sitemap.xml", "/robots.txt",
	"/_system/assets/" + sha256Hex("\x89PNG\r\n\x1a\nhushed picture") + "/secret.png",
	"/_system/tree/", "/_system/tree/hidden", "/_system/graph/", "/_system/graph/open", "/_system/graph/secret",
	"/_system/preview/", "/_system/preview/open", "/_system/preview/secret", "/_system/preview/hidden/plan",
	"/_system/search?q=hushed", "/_system/search?q=open", "/_system/search.json?q=hushed", "/_system/search.json?q=open",
	"/_system/signin", "/_system/account", "/_system/graphql", "/graphql",
	"/_system/", "/_system/members", "/_system/keys", "/_system/notes", "/_system/note?path=secret.md", "/_system/publish", "/_system/warnings",
	"/_system/404s", "/_system/redirects", "/_system/settings", "/_system/jobs", "/_system/nodes", "/_system/api",
}

// ownersRoutes lists the pages for the owner alone.
var ownersRoutes = []string{
	"/_system/", "/_system/notes", "/_system/note?path=secret.md", "/_system/warnings", "/_system/404s", "/_system/redirects", "/_system/members",
	"/_system/keys", "/_system/settings", "/_system/jobs", "/_system/nodes", "/_system/api",
}

func TestWhatIsForMembersIsSeenByNobodyElseOnAnyRouteOfAnyNode(t *testing.T) {
	t.Parallel()
	p := startPeople(t, membersVault)
	owner := p.signIn(p.leader, testOwner, "")
	id := p.invite(owner, testMember)
	for _, node := range []*servertest.Node{p.leader, p.replica} {
		member, removed, admin := p.signIn(node, testMember, ""), p.signIn(node, testMember, ""), p.signIn(node, testOwner, "")
		removed.post("/_system/signout", nil).leads(t, "/")
		for _, route := range readRoutes {
			anonymous := p.browser(node).get(route)
			wantHushed(t, "nobody", route, anonymous)
			wantHushed(t, "who signed out", route, removed.get(route))
			wantPrivate(t, route, anonymous, member.get(route), admin.get(route))
		}
		p.browser(node).get("/_system/events").want(t, http.StatusUnauthorized)
		member.get("/_system/events").want(t, http.StatusForbidden)
		member.get("/secret").want(t, http.StatusOK, "A hushed body")
		admin.get("/secret").want(t, http.StatusOK, "A hushed body")
	}

	// The session of a removed member. The removal ends it on every node, through replication.
	member := p.signIn(p.replica, testMember, "")
	member.get("/secret").want(t, http.StatusOK)
	var done struct{ RemoveMember struct{ Success bool } }
	owner.graphQL(fmt.Sprintf(`mutation { removeMember(input: {id: %d}) { ... on RemoveMemberPayload { success } } }`, id), &done)
	if !done.RemoveMember.Success {
		t.Fatal("the member was not removed")
	}
	testwait.NoFault(t, func() string {
		if status := member.get("/secret").status; status != http.StatusForbidden {
			return fmt.Sprintf("after the removal the replica answers %d", status)
		}
		return ""
	})
	for _, route := range readRoutes {
		wantHushed(t, "a member who was removed", route, member.get(route))
	}
}

// wantHushed fails if an answer contains anything for members.
func wantHushed(t *testing.T, who, route string, got page) {
	t.Helper()
	text := strings.ToLower(got.body + fmt.Sprint(got.header))
	if strings.Contains(route, "hushed") { // the requested path may be in the answer
		text = strings.ReplaceAll(text, "q=hushed", "")
	}
	for _, secret := range hushed {
		if strings.Contains(text, secret) && !strings.Contains(route, secret) {
			t.Errorf("%s sees %q at %s: %d %s", who, secret, route, got.status, got.body)
		}
	}
}

// wantPrivate fails if a shared cache could send one reader's answer to another, or if the owner's
// pages are shown to anybody else.
func wantPrivate(t *testing.T, route string, anonymous, member, owner page) {
	t.Helper()
	for who, got := range map[string]page{"a member": member, "the owner": owner} {
		if got.body == anonymous.body && got.status == anonymous.status {
			continue
		}
		if control := got.header.Get("Cache-Control"); !strings.Contains(control, "private") && !strings.Contains(control, "no-store") {
			t.Errorf("%s gets an answer of their own at %s with Cache-Control %q", who, route, control)
		}
		if vary := got.header.Get("Vary"); !strings.Contains(vary, "Cookie") {
			t.Errorf("%s gets an answer of their own at %s with Vary %q", who, route, vary)
		}
		// A shared cache may store public content. A signed-in reader's cache must revalidate it.
		vary, control := anonymous.header.Get("Vary"), anonymous.header.Get("Cache-Control")
		if !strings.Contains(vary, "Cookie") && !strings.Contains(control, "no-cache") && !strings.Contains(control, "no-store") {
			t.Errorf("a cache could give nobody's answer at %s to %s: Cache-Control %q, Vary %q", route, who, control, vary)
		}
	}
	for _, own := range ownersRoutes {
		if route == own && (anonymous.status != http.StatusSeeOther || member.status != http.StatusForbidden || owner.status != http.StatusOK) {
			t.Errorf("%s answers nobody with %d, a member with %d, the owner with %d", route, anonymous.status, member.status, owner.status)
		}
	}
}

// A former owner becomes a member at once on the leader, and on a replica once it has followed.
func TestAnotherOwnerMakesTheOneBeforeAMemberOnEveryNode(t *testing.T) {
	t.Parallel()
	p := startPeople(t, membersVault)
	before := p.signIn(p.replica, testOwner, "")
	before.get("/_system/members").want(t, http.StatusOK)
	db, err := sqlite.OpenLeader(t.Context(), p.db, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.EnsureOwner(t.Context(), "next@example.com"); err != nil {
		t.Fatal(err)
	}
	testwait.NoFault(t, func() string {
		if status := before.get("/_system/members").status; status != http.StatusForbidden {
			return fmt.Sprintf("the owner of before gets %d", status)
		}
		return ""
	})
	before.get("/secret").want(t, http.StatusOK, "A hushed body")
	before.get("/_system/account").want(t, http.StatusOK, "a member of this site")
}

func TestAPersonsPagesAreForNoCache(t *testing.T) {
	t.Parallel()
	p := startPeople(t, nil)
	owner := p.signIn(p.replica, testOwner, "")
	for _, route := range []string{"/_system/signin", "/_system/account", "/_system/", "/_system/signout"} {
		for who, b := range map[string]*browser{"nobody": p.browser(p.replica), "the owner": owner} {
			got := b.get(route)
			if control := got.header.Get("Cache-Control"); !strings.Contains(control, "no-store") {
				t.Errorf("%s gets %s with Cache-Control %q", who, route, control)
			}
		}
	}
}
