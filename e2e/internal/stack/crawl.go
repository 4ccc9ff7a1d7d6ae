package stack

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"trip2g/internal/testwait"
)

// SettledPages waits until all nodes serve the leader's site, and returns all its responses by
// path.
func SettledPages(t *testing.T, s *Stack) map[string]Answer {
	t.Helper()
	pages := Crawl(t, s.App, []string{"/"})
	for path, want := range pages {
		for _, replica := range s.Replicas() {
			testwait.NoError(t, "all nodes are level", func() error { return SameAnswer(t.Context(), replica, path, want) })
		}
	}
	return pages
}

// maxCrawl limits the number of URLs of a crawl.
const maxCrawl = 2000

// SameAnswer returns an error that describes how the node's response differs from want.
func SameAnswer(ctx context.Context, n *Node, path string, want Answer) error {
	got, err := n.Get(ctx, path)
	if err != nil {
		return err
	}
	if got.Status != want.Status {
		return fmt.Errorf("%s of %s: status %d, want %d", path, n.Service, got.Status, want.Status)
	}
	for _, name := range []string{"Content-Type", "Etag", "Last-Modified", "Cache-Control", "Location", "Content-Length"} {
		if g, w := got.Header.Values(name), want.Header.Values(name); !slices.Equal(g, w) {
			return fmt.Errorf("%s of %s: %s %q, want %q", path, n.Service, name, g, w)
		}
	}
	if got.Body != want.Body {
		return fmt.Errorf("%s of %s: the body differs: %s", path, n.Service, FirstDifference(got.Body, want.Body))
	}
	return nil
}

// Crawl reads the paths and everything they link to on the same node.
func Crawl(t *testing.T, n *Node, paths []string) map[string]Answer {
	t.Helper()
	pages := make(map[string]Answer)
	for len(paths) > 0 {
		path := paths[0]
		paths = paths[1:]
		if _, seen := pages[path]; seen {
			continue
		}
		if len(pages) == maxCrawl {
			t.Fatalf("more than %d addresses on one site", maxCrawl)
		}
		a := n.MustGet(t, path)
		pages[path] = a
		if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			paths = append(paths, Links(t, path, a.Body)...)
		}
	}
	return pages
}

// Links returns the URLs on the same site that a page refers to, without fragments.
func Links(t *testing.T, page, body string) []string {
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

// FirstDifference describes where two texts start to differ.
func FirstDifference(got, want string) string {
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	return fmt.Sprintf("at byte %d of %d and %d: %.60q, want %.60q", at, len(got), len(want), got[at:], want[at:])
}
