package server_test

import (
	"net/http"
	"strings"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"trip2g/internal/testwait"
)

func TestASiteWithoutNotesWelcomesWithItsOwnAddressOnEveryNode(t *testing.T) {
	p := startPeople(t, nil)
	for name, node := range map[string]*servertest.Node{"leader": p.leader, "replica": p.replica} {
		guest := p.browser(node)
		page := guest.get("/").want(t, http.StatusOK, "trip2g push FOLDER --url "+node.Public, "<strong>"+name+"</strong>",
			`href="/_system/publish"`, `href="/_system/docs/"`, "Obsidian")
		if got := page.header.Get("Cache-Control"); got != "private, no-store" {
			t.Errorf("a page that names the host which was asked for is for caches: %q", got)
		}
		if strings.Contains(page.body, "read replica. You can publish") != (name == "replica") {
			t.Errorf("the %s calls itself something else: %s", name, page.body)
		}
		guest.get("/home").want(t, http.StatusNotFound)
	}
}

func TestTheWelcomePageNamesThePublicURLAndGoesWithTheFirstNote(t *testing.T) {
	p := startPeople(t, nil, "PUBLIC_URL=https://garden.test")
	p.browser(p.replica).get("/").want(t, http.StatusOK, "--url https://garden.test</code>")
	p.push(map[string]string{"note.md": "---\nfree: true\n---\nText."})
	for _, node := range []*servertest.Node{p.leader, p.replica} {
		testwait.NoFault(t, func() string {
			if _, body := servertest.Get(node.Public + "/"); !strings.Contains(body, `href="/note"`) {
				return body
			}
			return ""
		})
	}
}
