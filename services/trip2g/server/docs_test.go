package server_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"golang.org/x/net/html"

	"trip2g/services/trip2g"
)

// isFault reports whether a missing link is not one of the documentation's demonstrations.
func isFault(link string) bool { return !demonstrated.MatchString(link) }

// linksOf lists the URLs that a page refers to.
func linksOf(page string) (urls []string) {
	for z := html.NewTokenizer(strings.NewReader(page)); z.Next() != html.ErrorToken; {
		for _, a := range z.Token().Attr {
			if slices.Contains([]string{"href", "src", "data", "action", "data-tree", "data-graph"}, a.Key) {
				urls = append(urls, a.Val)
			}
		}
	}
	return urls
}

// missingLink matches a rendered reference to a missing note or file. The pages about links show
// one.
var missingLink = regexp.MustCompile(`<span class="missing" title="There is no (note|file) “[^”]*”`)

var demonstrated = regexp.MustCompile(`“(no such note|nothing that exists)”$`)

func TestEveryLinkOfTheServedDocumentationLeadsToSomething(t *testing.T) {
	n := servertest.Start(t, "DB_FILE="+filepath.Join(t.TempDir(), "data.sqlite3"))
	n.WaitReady(t)
	seen, files, pages := map[string]bool{}, 0, 0
	for queue := []string{trip2g.DocsURL}; len(queue) > 0; queue = queue[1:] {
		u, err := url.Parse(queue[0])
		if err != nil {
			t.Fatal(err)
		}
		if u.Host != "" || seen[u.Path] || u.Path == "" {
			continue
		}
		seen[u.Path] = true
		status, body := servertest.Get(n.Public + u.EscapedPath())
		inside := strings.HasPrefix(u.Path, trip2g.DocsURL)
		switch {
		case status != http.StatusOK:
			t.Errorf("%s is %d", u.Path, status)
		case !inside && u.Path != "/" && !strings.HasPrefix(u.Path, "/_system/"):
			t.Errorf("the documentation leads to %s, which is the owner's", u.Path)
		case inside && strings.HasPrefix(body, "<!doctype"):
			pages++
			if slices.ContainsFunc(missingLink.FindAllString(body, -1), isFault) {
				t.Errorf("%s has a reference that leads to nothing: %s", u.Path, missingLink.FindAllString(body, -1))
			}
			queue = append(queue, linksOf(body)...)
		case inside:
			files++
		}
	}
	if pages < 20 || files < 5 {
		t.Errorf("%d pages and %d files were found", pages, files)
	}
}

func TestTheDocumentationIsOnEveryNodeAndNoPartOfTheOwnersSite(t *testing.T) {
	p := startPeople(t, map[string]string{"Garden.md": "---\nfree: true\n---\nMy axolotl lives in [[operate/docker]]."}, "PUBLIC_URL=http://garden.test")
	for _, n := range []*servertest.Node{p.leader, p.replica} {
		guest := p.browser(n)
		docs := guest.get("/_system/docs/guides/start").want(t, http.StatusOK, "<h1", `name="robots" content="noindex"`,
			"Documentation of trip2g "+trip2g.Version, `href="/_system/docs/operate/docker"`, `action="/_system/docs/_/search"`)
		for _, other := range []string{"Garden", "canonical", "feed.xml", "/_system/signin?"} {
			if strings.Contains(docs.body, other) {
				t.Errorf("the page has %q", other)
			}
		}
		for from, to := range map[string]string{"": "/", "/Guides/Start.md": "/guides/start"} {
			if got := guest.get("/_system/docs" + from).header.Get("Location"); got != "/_system/docs"+to {
				t.Errorf("%s leads to %q", from, got)
			}
		}
		guest.get("/_system/docs/guides/strat").want(t, http.StatusNotFound, `href="/_system/docs/guides/start"`)
		guest.get("/_system/docs/feed.xml").want(t, http.StatusNotFound)
		guest.get("/_system/docs/_/search?q=replicas").want(t, http.StatusOK, `href="/_system/docs/operate/replicas"`, `href="/_system/docs/_/search?page=2`)
		guest.get("/_system/docs/_/search.json?q=axolotl").want(t, http.StatusOK, `"results":[]`)

		for _, path := range []string{"/", "/feed.xml", "/sitemap.xml", "/_system/tree/", "/_system/search?q=lineage"} {
			if found := guest.get(path); strings.Contains(found.body, "_system/docs") || strings.Contains(found.body, "/operate/docker") {
				t.Errorf("%s of the site has the documentation: %s", path, found.body)
			}
		}
		if page := guest.get("/garden"); !strings.Contains(page.body, "missing") {
			t.Error("a link of the owner's leads into the documentation")
		}
	}
}

// TestBookmarksOfRenamedDocumentationPagesStillWork requests the URLs that pages had before they
// were renamed.
func TestBookmarksOfRenamedDocumentationPagesStillWork(t *testing.T) {
	n := servertest.Start(t, "DB_FILE="+filepath.Join(t.TempDir(), "data.sqlite3"))
	n.WaitReady(t)
	for from, to := range map[string]string{
		"operate/stacks": "operate/docker", "operate/reads": "operate/caching", "operate/health": "operate/monitoring",
		"owner/pages": "admin", "owner/publish": "admin/publish", "owner/history": "admin/history", "owner/settings": "admin/settings",
		"people/mail": "people/email", "writing/text": "writing/formatting", "writing/names": "writing/urls", "publish/site": "publish/features",
	} {
		res, err := http.Get(n.Public + trip2g.DocsURL + from)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if want := trip2g.DocsURL + to; res.StatusCode != http.StatusOK || res.Request.URL.Path != want {
			t.Errorf("/%s ends at %s with status %d, want %s", from, res.Request.URL.Path, res.StatusCode, want)
		}
	}
}
