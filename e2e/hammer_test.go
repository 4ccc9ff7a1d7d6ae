package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// TestAHammeredReplicaSeesAllWritesInOrder asks a replica for every kind of address without pause
// while the leader writes: each write is seen, one after the other, and no answer is a failure.
// Reads that went through SQLite would hold replication up until the test's patience ends.
func TestAHammeredReplicaSeesAllWritesInOrder(t *testing.T) { stack.OnBoth(t, checkHammered) }

func checkHammered(t *testing.T, s *stack.Stack) {
	const writes, clients = 100, 2
	replica, name := s.Replica, "Hammered "+stack.RandomHex(4)
	routes := hammerRoutes(t, s, name)
	path := "/" + stack.PageAddress(name) + "/counted"
	counted := stack.Note{Path: name + "/Counted.md", Content: "write none"}
	s.App.API().MustPush(t, counted)
	stack.AwaitText(t, s.Nodes(), path, "write none")

	ctx, stop := context.WithCancel(t.Context())
	var hammering sync.WaitGroup
	defer hammering.Wait()
	defer stop()
	for i := range routes {
		for range clients {
			hammering.Go(func() { routes[i].hammer(ctx, t) })
		}
	}
	watch := watchWrites(ctx, t, replica, path)
	for i := range writes {
		counted.Content = fmt.Sprintf("write %d.", i)
		s.App.API().MustPush(t, counted)
		watch.await(t, i)
	}
	for i := range routes {
		if n := routes[i].answered.Load(); n < writes/10 {
			t.Errorf("%s was asked for %d times: that is no hammering", routes[i].url, n)
		}
	}
	stop()
	hammering.Wait()
	watch.ended.Wait()
	if err := s.App.API().Hide(context.WithoutCancel(t.Context()), counted.Path, name+"/Page.md", name+"/Members.md"); err != nil {
		t.Error(err)
	}
}

// hammered is a URL that clients request without pause.
type hammered struct {
	url      string
	header   http.Header
	client   *http.Client
	status   int
	answered atomic.Int64
}

// hammerRoutes publishes a note and a file and returns one URL of each kind.
func hammerRoutes(t *testing.T, s *stack.Stack, name string) []hammered {
	t.Helper()
	dir, n := t.TempDir(), s.Replica
	stack.WriteFiles(t, filepath.Join(dir, name), map[string]string{
		"Page.md":    "# Page\n\n![small](small.txt) ![large](large.bin)\n" + strings.Repeat("\nMany words of a long page.\n", 1000),
		"Members.md": "---\nfree: false\n---\nfor members",
		"small.txt":  strings.Repeat("small ", 500), "large.bin": strings.Repeat("0123456789abcdef", 1<<19),
	})
	n.MustPushFolder(t, dir)
	base := "/" + stack.PageAddress(name)
	stack.AwaitText(t, s.Nodes(), base+"/page", "Many words")
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	member := &http.Client{Jar: jar, Timeout: stack.Client.Timeout}
	stack.SignIn(t, &stack.APIClient{Node: n, Client: member})
	small, large := fileLink(t, n, base+"/page", ".txt"), fileLink(t, n, base+"/page", ".bin")
	return []hammered{
		{url: n.Public + base + "/page", status: 200},
		{url: n.Public + base, status: 200},
		{url: n.Public + base + "/no/such", status: 404},
		{url: n.Public + "/" + strings.ReplaceAll(name, " ", "%20") + "/Page.md", status: 302},
		{url: n.Public + fileLink(t, n, base+"/page", ".css"), status: 200},
		{url: n.Public + small, status: 200},
		{url: n.Public + large, status: 206, header: http.Header{"Range": {"bytes=1000000-1999999"}}},
		{url: n.Public + large, status: 200},
		{url: n.Public + base + "/members", status: 200, client: member},
		{url: n.Public + base + "/page", status: 200, header: http.Header{"X-Trip2g-Position": {"0"}}},
		{url: n.Public + "/_system/search?q=words", status: 200},
		{url: n.Public + "/_system/search.json?q=long+pa", status: 200},
		{url: n.Public + stack.APIPath, status: 405},
		{url: n.Internal + "/readyz", status: 200},
		{url: n.Internal + "/metrics", status: 200},
	}
}

// hammer sends requests until ctx ends. An unexpected status fails the test.
func (h *hammered) hammer(ctx context.Context, t *testing.T) {
	client := h.client
	if client == nil {
		client = stack.Client
	}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url, nil)
		if err != nil {
			t.Error(err)
			return
		}
		for name, values := range h.header {
			req.Header[name] = values
		}
		a, err := stack.Send(client, req)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			t.Errorf("hammered: %v", err)
			return
		case a.Status != h.status:
			t.Errorf("hammered, %s answers %d, want %d: %.200s", h.url, a.Status, h.status, a.Body)
			return
		}
		h.answered.Add(1)
	}
}

// fileLink returns the first URL with a file extension that a page refers to.
func fileLink(t *testing.T, n *stack.Node, page, ending string) string {
	t.Helper()
	for _, link := range stack.Links(t, page, n.MustGet(t, page).Body) {
		if filepath.Ext(strings.TrimSuffix(link, "?")) == ending {
			return link
		}
	}
	t.Fatalf("%s refers to no file with the ending %s", page, ending)
	return ""
}

// writesSeen records which of the writes, numbered from 0, a reader sees.
type writesSeen struct {
	ended sync.WaitGroup
	last  atomic.Int64 // -1: none
}

// watchWrites reads a page without pause. A write that is older than one that was seen before fails
// the test.
func watchWrites(ctx context.Context, t *testing.T, n *stack.Node, path string) *writesSeen {
	w := &writesSeen{}
	w.last.Store(-1)
	w.ended.Go(func() {
		for ctx.Err() == nil {
			a, err := n.Get(ctx, path)
			if ctx.Err() != nil {
				return
			}
			if err != nil || a.Status != http.StatusOK {
				t.Errorf("%s of %s: status %d: %v", path, n.Service, a.Status, err)
				return
			}
			seen := int64(-1)
			if _, after, found := strings.Cut(a.Body, "<p>write "); found {
				fmt.Sscanf(after, "%d.", &seen)
			}
			if last := w.last.Load(); seen < last {
				t.Errorf("%s shows write %d after write %d", n.Service, seen, last)
				return
			}
			w.last.Store(seen)
		}
	})
	return w
}

// await waits until a write is seen; a later one cannot be there yet.
func (w *writesSeen) await(t *testing.T, number int) {
	t.Helper()
	testwait.NoError(t, "the write is seen", func() error {
		if last := w.last.Load(); last != int64(number) {
			return fmt.Errorf("write %d is seen, want %d", last, number)
		}
		return nil
	})
}
