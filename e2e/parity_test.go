package e2e

import (
	"net/http"
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// TestPagesAreAlikeOnAllNodes walks every link from the start page and every note that the server
// lists, and reads each from all three nodes.
func TestPagesAreAlikeOnAllNodes(t *testing.T) {
	s := stack.LiteFS(t)
	s.Replica2.MustPushFolder(t, "testdata/vault")
	listed, err := s.Replica.API().NotePaths(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(listed) < 10 {
		t.Fatalf("the server lists %d notes: %q", len(listed), listed)
	}
	pages := stack.Crawl(t, s.App, []string{"/", "/no/such/page", "/vault/hidden", "/vault/members"})
	for _, path := range vaultPages {
		pages[path] = s.App.MustGet(t, path)
	}
	t.Logf("%d notes, %d addresses", len(listed), len(pages))
	for path, want := range pages {
		for _, replica := range s.Replicas() {
			testwait.NoError(t, "parity", func() error { return stack.SameAnswer(t.Context(), replica, path, want) })
		}
		checkValidators(t, s, path, want)
	}
}

// vaultPages are the URLs of testdata/vault's notes by the rules of the sync API, section "URLs of
// notes".
var vaultPages = []string{
	"/vault", "/vault/guides/my_note_2", "/vault/%D0%B7%D0%B0%D0%BC%D0%B5%D1%82%D0%BA%D0%B0",
	"/vault/renamed", "/elsewhere/entirely", "/vault/same", "/vault/same_2", "/vault/broken_yaml", "/vault/nothing_but_null",
}

// TestNotesHaveTheAddressesOfTheSyncAPI reads testdata/vault's notes where the rule puts them.
func TestNotesHaveTheAddressesOfTheSyncAPI(t *testing.T) {
	s := stack.LiteFS(t)
	s.Replica.MustPushFolder(t, "testdata/vault")
	for _, path := range vaultPages {
		stack.AwaitText(t, s.Nodes(), path, "<main")
	}
	stack.MustNotBeFound(t, s.Nodes(), "/vault/_templates/daily")
	stack.MustNotBeFound(t, s.Nodes(), "/vault/hidden")
}

// checkValidators reads a page again on every node by its validators: HEAD has the same header
// and no body, and who has the page already gets 304. Each coding has validators of its own, and the
// client asks for gzip by itself with GET alone. The look's files may do without: their
// address changes with their content.
func checkValidators(t *testing.T, s *stack.Stack, path string, want stack.Answer) {
	t.Helper()
	if want.Status != http.StatusOK || strings.Contains(want.Header.Get("Cache-Control"), "no-store") {
		return // nobody may have kept it
	}
	tag := want.Header.Get("Etag")
	if tag == "" {
		if !strings.Contains(want.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s has no ETag", path)
		}
		return
	}
	for _, n := range s.Nodes() {
		head, err := stack.Fetch(t.Context(), http.MethodHead, n.Public+path, http.Header{"Accept-Encoding": {"gzip"}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if head.Status != http.StatusOK || head.Body != "" || head.Header.Get("Etag") != tag {
			t.Errorf("HEAD %s of %s: status %d, ETag %s, %d bytes", path, n.Service, head.Status, head.Header.Get("Etag"), len(head.Body))
		}
		known, err := stack.Fetch(t.Context(), http.MethodGet, n.Public+path, http.Header{"If-None-Match": {tag}}, "")
		if err != nil {
			t.Fatal(err)
		}
		if known.Status != http.StatusNotModified || known.Body != "" {
			t.Errorf("GET %s of %s with its ETag: status %d, %d bytes", path, n.Service, known.Status, len(known.Body))
		}
	}
}
