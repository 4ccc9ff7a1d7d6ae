package sqlite

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

func TestNotePathsFilter(t *testing.T) {
	db := newLeader(t)
	push(t, db, stageA, true,
		"a_b.md=plain", "aXb.md=Straße", "Заметки/Первая.md=Привет, МИР", "docs/a%b.md=x", "cafe\u0301.md=nothing", "hidden.md=plain")
	must[trip2g.Position](t)(db.HideNotes(t.Context(), stageA, []string{"hidden.md"}, true))
	push(t, db, stageA, false, "staged.md=plain")
	all := []string{"aXb.md", "a_b.md", "cafe\u0301.md", "docs/a%b.md", "staged.md", "Заметки/Первая.md"}
	for name, tt := range map[string]struct {
		filter trip2g.NotePathFilter
		want   []string
	}{
		"nothing asked":               {trip2g.NotePathFilter{}, all},
		"like folder":                 {trip2g.NotePathFilter{Like: "docs/%"}, []string{"docs/a%b.md"}},
		"like one character":          {trip2g.NotePathFilter{Like: "a_b.md"}, []string{"aXb.md", "a_b.md"}},
		"like any ASCII case":         {trip2g.NotePathFilter{Like: "AXB.md"}, []string{"aXb.md"}},
		"like with a quote":           {trip2g.NotePathFilter{Like: "' OR 1 --"}, nil},
		"like with NUL":               {trip2g.NotePathFilter{Like: "a%\x00"}, nil},
		"like many wildcards":         {trip2g.NotePathFilter{Like: strings.Repeat("%a", 4000) + "z"}, nil},
		"search content":              {trip2g.NotePathFilter{Search: "привет, мир"}, []string{"Заметки/Первая.md"}},
		"search path":                 {trip2g.NotePathFilter{Search: "ПЕРВАЯ"}, []string{"Заметки/Первая.md"}},
		"search folded":               {trip2g.NotePathFilter{Search: "STRASSE"}, []string{"aXb.md"}},
		"search composed":             {trip2g.NotePathFilter{Search: "CAF\u00c9"}, []string{"cafe\u0301.md"}},
		"search wildcard is text":     {trip2g.NotePathFilter{Search: "a%b"}, []string{"docs/a%b.md"}},
		"search NUL":                  {trip2g.NotePathFilter{Search: "\x00"}, nil},
		"search not UTF-8":            {trip2g.NotePathFilter{Search: "\xff\xfe"}, nil},
		"paths":                       {trip2g.NotePathFilter{Paths: []string{"a_b.md", "staged.md", "a_b.md", "unknown.md", "hidden.md"}}, []string{"a_b.md", "staged.md"}},
		"paths are exact":             {trip2g.NotePathFilter{Paths: []string{"A_B.md", "a%.md"}}, nil},
		"paths that name nothing":     {trip2g.NotePathFilter{Paths: []string{"", "..", "a_b.md\x00", "\xff.md", `"]`}}, nil},
		"paths win over search":       {trip2g.NotePathFilter{Paths: []string{"a_b.md"}, Search: "Straße", Like: "%"}, []string{"a_b.md"}},
		"search wins over like":       {trip2g.NotePathFilter{Search: "Straße", Like: "docs/%"}, []string{"aXb.md"}},
		"an empty list asks for all":  {trip2g.NotePathFilter{Paths: []string{}}, all},
		"a long list":                 {trip2g.NotePathFilter{Paths: longList(20_000, "a_b.md")}, []string{"a_b.md"}},
		"without content":             {trip2g.NotePathFilter{OmitContent: true}, all},
		"search without content":      {trip2g.NotePathFilter{Search: "Straße", OmitContent: true}, []string{"aXb.md"}},
		"like wildcard takes slashes": {trip2g.NotePathFilter{Like: "%b.md"}, []string{"aXb.md", "a_b.md", "docs/a%b.md"}},
	} {
		notes, err := db.NotePaths(t.Context(), stageA, tt.filter)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []string
		for _, note := range notes {
			got = append(got, note.Path)
			if tt.filter.OmitContent != (note.Content == "") {
				t.Errorf("%s: %s has the content %q", name, note.Path, note.Content)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
	for _, filter := range []trip2g.NotePathFilter{{Like: strings.Repeat("%", 100_000)}, {Search: strings.Repeat("x", 100_000)}} {
		_, err := db.NotePaths(t.Context(), stageA, filter)
		wantCode(t, err, trip2g.ETOOLARGE)
	}
}

func longList(n int, last string) []string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("unknown/%d.md", i))
	}
	return append(list, last)
}
