package site_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

func TestA404SuggestsSimilarPages(t *testing.T) {
	s := memory("index.md", "", "Guides/Installation.md", "", "Guides/Config file.md", "", "Notes/Apple pie.md", "", "Guides/Secret.md", "---\nfree: false\n---\n")
	for _, tt := range []struct {
		asked  string
		reader trip2g.Visitor
		want   string
	}{
		{"/guides/instalation", trip2g.Anonymous, "Installation, Guides"},
		{"/installation", trip2g.Anonymous, "Installation"},
		{"/Guides/Konfig-file", trip2g.Anonymous, "Config file, Guides"},
		{"/notes/apple", trip2g.Anonymous, "Apple pie, Notes"},
		{"/guides/secrets", trip2g.Anonymous, "Guides"},
		{"/guides/secrets", trip2g.Member, "Secret, Guides"},
		{"/quite/another/thing", trip2g.Anonymous, ""},
		{"/" + strings.Repeat("x", 5000), trip2g.Anonymous, ""},
		{"/\xff", trip2g.Anonymous, ""},
		{"/", trip2g.Anonymous, ""},
	} {
		_, text, _ := strings.Cut(text(s.NotFound(tt.asked, tt.reader)), "<main")
		_, text, _ = strings.Cut(text, `<ul class="listing">`)
		text, _, _ = strings.Cut(text, "</ul>")
		if got := strings.Join(texts(text), ", "); got != tt.want {
			t.Errorf("%.40q suggests %q to %v, want %q", tt.asked, got, tt.reader, tt.want)
		}
	}
}

// TestNotFoundPagesShareBodies bounds the memory for 404s.
func TestNotFoundPagesShareBodies(t *testing.T) {
	s := memory("a.md", "x")
	first := s.NotFound("/nothing/1", trip2g.Anonymous).Body(trip2g.Gzip)
	if s.NotFound("/something/else", trip2g.Anonymous).Body(trip2g.Gzip) != first {
		t.Error("each has one of its own")
	}
}
