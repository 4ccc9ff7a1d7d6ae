package site

import "testing"

func TestALinkLeadsWhereObsidianLeadsIt(t *testing.T) {
	x := newIndex[string]()
	for _, path := range []string{"index", "guides/start", "guides/deep/note", "note", "other/note", "other/deep/only", "Ärger/Straße", "zoo/start"} {
		x.add(fold(path), path)
	}
	for _, tt := range []struct{ from, reference, want string }{
		{"", "note", "note"},
		{"other", "note", "other/note"},
		{"zoo", "note", "note"},
		{"", "NOTE", "note"},
		{"", "guides/start", "guides/start"},
		{"guides", "guides/start", "guides/start"},
		{"", "deep/note", "guides/deep/note"},
		{"guides", "deep/note", "guides/deep/note"},
		{"", "start", "guides/start"},
		{"zoo", "start", "zoo/start"},
		{"", "only", "other/deep/only"},
		{"", "deep/only", "other/deep/only"},
		{"guides/deep", "../start", "guides/start"},
		{"guides/deep", "./note", "guides/deep/note"},
		{"guides", "./note", ""},
		{"guides", "../../../note", ""},
		{"guides", "/note", "note"},
		{"guides", "/start", ""},
		{"", "A\u0308rger/strasse", "Ärger/Straße"},
		{"", "ote", ""},
		{"", "", ""},
		{"", ".", ""},
		{"", "..", ""},
		{"", "nothing", ""},
	} {
		if got, _ := x.find(tt.from, tt.reference); got != tt.want {
			t.Errorf("from %q, %q leads to %q, want %q", tt.from, tt.reference, got, tt.want)
		}
	}
}
