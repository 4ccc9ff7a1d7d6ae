package trip2g_test

import (
	"testing"

	"trip2g/services/trip2g"
)

func TestNoteURL(t *testing.T) {
	for _, tt := range []struct {
		path, slug, url string
		ok              bool
	}{
		{"index.md", "", "/", true},
		{"_index.md", "", "/", true},
		{"Index.md", "", "/", true},
		{"Guides/My note (2).md", "", "/guides/my_note_2", true},
		{"Guides/index.md", "", "/guides", true},
		{"Заметки/Первая запись.md", "", "/заметки/первая_запись", true},
		{"日本語/ノート.md", "", "/日本語/ノート", true},
		{"हिन्दी.md", "", "/हिन्दी", true},
		{"Cafe\u0301.md", "", "/caf\u00e9", true},
		{"a -- b.md", "", "/a_b", true},
		{"!!!.md", "", "/_", true},
		{"page.html", "", "/page", true},
		{"guides/note.md", "Other Name", "/guides/Other Name", true},
		{"guides/note.md", "/a/b", "/a/b", true},
		{"guides/note.md", "/../../etc", "/etc", true},
		{"guides/note.md", "  ", "/guides/note", true},
		{"guides/index.md", "start", "/guides/start", true},
		{"_templates/note.md", "", "", false},
		{"guides/_sidebar.md", "/x", "", false},
		{"_index/note.md", "", "", false},
	} {
		url, ok := trip2g.NoteURL(tt.path, tt.slug)
		if url != tt.url || ok != tt.ok {
			t.Errorf("NoteURL(%q, %q) = %q, %v; want %q, %v", tt.path, tt.slug, url, ok, tt.url, tt.ok)
		}
	}
}
