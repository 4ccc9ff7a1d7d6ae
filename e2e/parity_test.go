package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"trip2g/internal/testwait"
)

// maxCrawl bounds a walk over a site's links.
const maxCrawl = 2000

// TestPagesAreAlikeOnAllNodes walks every link from the start page and every note that the server
// lists, and reads each from all three nodes.
func TestPagesAreAlikeOnAllNodes(t *testing.T) {
	s := litefsStack(t)
	s.replica2.mustPushFolder(t, "testdata/vault")
	listed, err := s.replica.api().notePaths(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(listed) < 10 {
		t.Fatalf("the server lists %d notes: %q", len(listed), listed)
	}
	pages := crawl(t, s.app, []string{"/", "/no/such/page", "/vault/hidden", "/vault/members"})
	for _, path := range vaultPages {
		pages[path] = s.app.mustGet(t, path)
	}
	t.Logf("%d notes, %d addresses", len(listed), len(pages))
	for path, want := range pages {
		for _, replica := range s.replicas() {
			testwait.NoError(t, "parity", func() error { return sameAnswer(t.Context(), replica, path, want) })
		}
		checkValidators(t, s, path, want)
	}
}

// vaultPages are the addresses of testdata/vault's notes by the sync API's rule, section "URLs of
// notes".
var vaultPages = []string{
	"/vault", "/vault/guides/my_note_2", "/vault/%D0%B7%D0%B0%D0%BC%D0%B5%D1%82%D0%BA%D0%B0",
	"/vault/renamed", "/elsewhere/entirely", "/vault/same", "/vault/same_2", "/vault/broken_yaml", "/vault/nothing_but_null",
}

// TestNotesHaveTheAddressesOfTheSyncAPI reads testdata/vault's notes where the rule puts them.
func TestNotesHaveTheAddressesOfTheSyncAPI(t *testing.T) {
	s := litefsStack(t)
	s.replica.mustPushFolder(t, "testdata/vault")
	for _, path := range vaultPages {
		awaitText(t, s.nodes(), path, "<main")
	}
	mustBeGone(t, s.nodes(), "/vault/_templates/daily")
	mustBeGone(t, s.nodes(), "/vault/hidden")
}

// sameAnswer tells, as an error, how a node's answer differs from what is wanted.
func sameAnswer(ctx context.Context, n *node, path string, want answer) error {
	got, err := n.get(ctx, path)
	if err != nil {
		return err
	}
	if got.status != want.status {
		return fmt.Errorf("%s of %s: status %d, want %d", path, n.service, got.status, want.status)
	}
	for _, name := range []string{"Content-Type", "Etag", "Last-Modified", "Cache-Control", "Location", "Content-Length"} {
		if g, w := got.header.Values(name), want.header.Values(name); !slices.Equal(g, w) {
			return fmt.Errorf("%s of %s: %s %q, want %q", path, n.service, name, g, w)
		}
	}
	if got.body != want.body {
		return fmt.Errorf("%s of %s: the body differs: %s", path, n.service, firstDifference(got.body, want.body))
	}
	return nil
}

// checkValidators reads a page again on every node by its validators: HEAD has the same header
// and no body, and who has the page already gets 304. Each coding has validators of its own, and the
// client asks for gzip by itself with GET alone. The look's files may do without: their
// address changes with their content.
func checkValidators(t *testing.T, s *stack, path string, want answer) {
	t.Helper()
	if want.status != http.StatusOK || strings.Contains(want.header.Get("Cache-Control"), "no-store") {
		return // nobody may have kept it
	}
	tag := want.header.Get("Etag")
	if tag == "" {
		if !strings.Contains(want.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s has no ETag", path)
		}
		return
	}
	for _, n := range s.nodes() {
		head, err := fetch(t.Context(), http.MethodHead, n.public+path, http.Header{"Accept-Encoding": {"gzip"}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if head.status != http.StatusOK || head.body != "" || head.header.Get("Etag") != tag {
			t.Errorf("HEAD %s of %s: status %d, ETag %s, %d bytes", path, n.service, head.status, head.header.Get("Etag"), len(head.body))
		}
		known, err := fetch(t.Context(), http.MethodGet, n.public+path, http.Header{"If-None-Match": {tag}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if known.status != http.StatusNotModified || known.body != "" {
			t.Errorf("GET %s of %s with its ETag: status %d, %d bytes", path, n.service, known.status, len(known.body))
		}
	}
}

// crawl reads the given paths and whatever they link to on the same node.
func crawl(t *testing.T, n *node, paths []string) map[string]answer {
	t.Helper()
	pages := make(map[string]answer)
	for len(paths) > 0 {
		path := paths[0]
		paths = paths[1:]
		if _, seen := pages[path]; seen {
			continue
		}
		if len(pages) == maxCrawl {
			t.Fatalf("more than %d addresses on one site", maxCrawl)
		}
		a := n.mustGet(t, path)
		pages[path] = a
		if strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
			paths = append(paths, links(t, path, a.body)...)
		}
	}
	return pages
}

// links gives the addresses that a page refers to on its own site, without fragments.
func links(t *testing.T, page, body string) []string {
	t.Helper()
	base, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	tokens := html.NewTokenizer(strings.NewReader(body))
	for tokens.Next() != html.ErrorToken {
		for _, attribute := range tokens.Token().Attr {
			if attribute.Key != "href" && attribute.Key != "src" {
				continue
			}
			target, err := base.Parse(attribute.Val)
			if err != nil {
				t.Errorf("%s links to %q: %v", page, attribute.Val, err)
				continue
			}
			if target.Host == "" && target.Scheme == "" {
				found = append(found, target.RequestURI())
			}
		}
	}
	return found
}

func firstDifference(got, want string) string {
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	return fmt.Sprintf("at byte %d of %d and %d: %.60q, want %.60q", at, len(got), len(want), got[at:], want[at:])
}
