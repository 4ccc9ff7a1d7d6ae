package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"trip2g/internal/testwait"
)

// TestVaultsReadAlikeOnEveryNode publishes the vaults that hold every feature, many scripts and what
// editors can do wrong, and compares each page of theirs on all nodes; then it looks at them in a browser.
func TestVaultsReadAlikeOnEveryNode(t *testing.T) {
	s := litefsStack(t)
	dir := t.TempDir()
	vaults := filepath.Join(repoRoot, "services/trip2g/testdata/vaults")
	if err := os.CopyFS(dir, os.DirFS(vaults)); err != nil {
		t.Fatal(err)
	}
	s.replica.mustPushFolder(t, dir)
	pages := crawl(t, s.app, []string{"/features", "/scripts", "/hostile"})
	var notes []string
	for path, want := range pages {
		if !strings.HasPrefix(path, "/features") && !strings.HasPrefix(path, "/scripts") && !strings.HasPrefix(path, "/hostile") {
			continue
		}
		for _, replica := range s.replicas() {
			testwait.NoError(t, "parity", func() error { return sameAnswer(t.Context(), replica, path, want) })
		}
		if want.status == 200 && strings.HasPrefix(want.header.Get("Content-Type"), "text/html") {
			notes = append(notes, path)
		}
	}
	if len(notes) < 25 {
		t.Fatalf("only %d pages of the vaults were found: %q", len(notes), notes)
	}
	slices.Sort(notes)
	for _, on := range []screen{desktop, phone.inTheDark()} {
		w := openWindow(t, s.replica2, on)
		w.expect("ERR_BLOCKED_BY_RESPONSE") // a frame that a note tries to show
		for _, path := range notes {
			w.open(path)
			w.await("main")
			w.fits()
			w.accessible()
			w.shot(on.name + strings.ReplaceAll(path, "/", "_"))
		}
	}
}

// TestReadersSeeTheDocumentationOnEveryNode opens pages as a reader does, on a desk and a phone, in
// light and dark.
func TestReadersSeeTheDocumentationOnEveryNode(t *testing.T) {
	s := litefsStack(t)
	for _, n := range s.nodes() {
		for _, on := range []screen{desktop, desktop.inTheDark(), phone, phone.inTheDark()} {
			t.Run(n.service+"/"+on.name, func(t *testing.T) {
				w := openWindow(t, n, on)
				for name, path := range map[string]string{"start": "/", "folder": "/operate", "note": "/operate/replicas"} {
					w.open(path)
					w.await("main h1")
					w.fits()
					w.accessible()
					w.shot(name)
				}
			})
		}
	}
}
