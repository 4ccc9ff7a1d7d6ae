package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/testwait"
)

// TestVaultsReadAlikeOnEveryNode publishes the vaults that hold every feature, many scripts and what
// editors can do wrong, and compares each page of theirs on all nodes; then it looks at them in a browser.
func TestVaultsReadAlikeOnEveryNode(t *testing.T) {
	s := stack.LiteFS(t)
	dir := t.TempDir()
	vaults := filepath.Join(stack.Root, "services/trip2g/testdata/vaults")
	if err := os.CopyFS(dir, os.DirFS(vaults)); err != nil {
		t.Fatal(err)
	}
	s.Replica.MustPushFolder(t, dir)
	pages := stack.Crawl(t, s.App, []string{"/features", "/scripts", "/hostile"})
	var notes []string
	for path, want := range pages {
		if !strings.HasPrefix(path, "/features") && !strings.HasPrefix(path, "/scripts") && !strings.HasPrefix(path, "/hostile") {
			continue
		}
		for _, replica := range s.Replicas() {
			testwait.NoError(t, "parity", func() error { return stack.SameAnswer(t.Context(), replica, path, want) })
		}
		if want.Status == 200 && strings.HasPrefix(want.Header.Get("Content-Type"), "text/html") {
			notes = append(notes, path)
		}
	}
	if len(notes) < 25 {
		t.Fatalf("only %d pages of the vaults were found: %q", len(notes), notes)
	}
	slices.Sort(notes)
	for _, on := range []stack.Screen{stack.Desktop, stack.Phone.Dark()} {
		w := stack.OpenWindow(t, s.Replica2, on)
		w.ExpectFault("ERR_BLOCKED_BY_RESPONSE") // a frame that a note tries to show
		for _, path := range notes {
			w.Open(path)
			w.Await("main")
			w.Fits()
			w.Accessible()
			w.Screenshot(on.Name + strings.ReplaceAll(path, "/", "_"))
		}
	}
}

// TestReadersSeeTheDocumentationOnEveryNode opens pages as a reader does, on a desk and a phone, in
// light and dark.
func TestReadersSeeTheDocumentationOnEveryNode(t *testing.T) {
	s := stack.LiteFS(t)
	for _, n := range s.Nodes() {
		for _, on := range []stack.Screen{stack.Desktop, stack.Desktop.Dark(), stack.Phone, stack.Phone.Dark()} {
			t.Run(n.Service+"/"+on.Name, func(t *testing.T) {
				w := stack.OpenWindow(t, n, on)
				for name, path := range map[string]string{"start": "/", "folder": "/operate", "note": "/operate/replicas"} {
					w.Open(path)
					w.Await("main h1")
					w.Fits()
					w.Accessible()
					w.Screenshot(name)
				}
			})
		}
	}
}
