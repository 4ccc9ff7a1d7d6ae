package sqlite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
)

// addressed returns an update for "path url text"; a url of "-" means none.
func addressed(said string) trip2g.NoteUpdate {
	path, rest, _ := strings.Cut(said, " ")
	url, text, _ := strings.Cut(rest, " ")
	return trip2g.NoteUpdate{Path: path, Content: text, URL: strings.TrimPrefix(url, "-")}
}

// forwards lists the redirects as "from → path of the note, or URL".
func forwards(t *testing.T, db *DB) []string {
	t.Helper()
	var list []string
	for _, r := range must[[]trip2g.Redirect](t)(db.Redirects(t.Context())) {
		to := r.To
		if r.NoteID != 0 {
			err := db.read(t.Context(), "find a note", func(t *tx) error {
				_, err := t.get(`SELECT path FROM notes WHERE id = ?`, []any{r.NoteID}, &to)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		list = append(list, r.From+" → "+to)
	}
	return list
}

// A bookmark leads to the note after it gets another slug, a new name, or both.
func TestOldURLsOfNotesRedirectToThem(t *testing.T) {
	for _, tt := range []struct {
		name  string
		steps []string // one commit each: pushed notes, and after "hide" the removed paths
		want  []string
	}{
		{"another slug", []string{"a.md /a one", "a.md /b two"}, []string{"/a → a.md"}},
		{"and back", []string{"a.md /a one", "a.md /b two", "a.md /a three"}, []string{"/a → a.md", "/b → a.md"}},
		{"the same address", []string{"a.md /a one", "a.md /a two"}, nil},
		{"a rename", []string{"a.md /a one", "b.md /b one|hide a.md"}, []string{"/a → b.md"}},
		{"two renames", []string{"a.md /a one", "b.md /b one|hide a.md", "c.md /c one|hide b.md"}, []string{"/a → c.md", "/b → c.md"}},
		{"a rename after another slug", []string{"a.md /a one", "a.md /s two", "b.md /b two|hide a.md"}, []string{"/a → b.md", "/s → b.md"}},
		{"a rename that keeps its address", []string{"a.md /s one", "b.md /s one|hide a.md"}, nil},
		{"a folder of equal notes", []string{"x/a.md /x/a |x/b.md /x/b ", "y/a.md /y/a |y/b.md /y/b |hide x/a.md x/b.md"}, []string{"/x/a → y/a.md", "/x/b → y/b.md"}},
		{"equal notes that cannot be told apart", []string{"a.md /a |b.md /b ", "c.md /c |d.md /d |hide a.md b.md"}, nil},
		{"another text", []string{"a.md /a one", "b.md /b two|hide a.md"}, nil},
		{"a copy", []string{"a.md /a one", "b.md /b one"}, nil},
		{"no page any more", []string{"a.md /a one", "a.md - two"}, nil},
		{"nobody asked for the address", []string{"a.md - one", "a.md /b two"}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			db := newLeader(t)
			for _, step := range tt.steps {
				var updates []trip2g.NoteUpdate
				for part := range strings.SplitSeq(step, "|") {
					if gone, ok := strings.CutPrefix(part, "hide "); ok {
						must[trip2g.Position](t)(db.HideNotes(t.Context(), stageA, strings.Fields(gone), false))
						continue
					}
					updates = append(updates, addressed(part))
				}
				if _, _, err := db.PushNotes(t.Context(), stageA, updates, false); err != nil {
					t.Fatal(err)
				}
				commit(t, db, stageA)
			}
			if diff := cmp.Diff(tt.want, forwards(t, db)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestANoteThatIsPublishedAtOnceLeavesARedirectToo(t *testing.T) {
	db := newLeader(t)
	for _, said := range []string{"a.md /a one", "a.md /b two"} {
		if _, _, err := db.PushNotes(t.Context(), stageA, []trip2g.NoteUpdate{addressed(said)}, true); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"/a → a.md"}, forwards(t, db)); diff != "" {
		t.Error(diff)
	}
}

// A rename never changes a redirect that the owner has set, and every node receives it.
func TestAnOwnersRedirectsAreKeptAndFollowed(t *testing.T) {
	db := newLeader(t)
	first, position, err := db.PutRedirect(t.Context(), " /old/ ", "/new")
	if err != nil || first.From != "/old" || first.To != "/new" {
		t.Fatalf("it is %+v, %v", first, err)
	}
	set := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), 0, 10))
	if len(set.Redirects) != 1 || set.Redirects[0].From != "/old" || set.Position != position {
		t.Errorf("followers receive %+v", set)
	}
	if _, again, err := db.PutRedirect(t.Context(), "/old", "/new"); err != nil || again != position {
		t.Errorf("the same again is at position %d, %v; want %d", again, err, position)
	}
	for _, said := range []string{"a.md /old one", "a.md /b two"} {
		if _, _, err := db.PushNotes(t.Context(), stageA, []trip2g.NoteUpdate{addressed(said)}, true); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"/old → /new"}, forwards(t, db)); diff != "" {
		t.Error(diff)
	}
	changed, _, err := db.PutRedirect(t.Context(), "/old", "https://example.com/new")
	if err != nil || changed.ID != first.ID {
		t.Errorf("changed it is %+v, %v", changed, err)
	}
	gone := must[trip2g.Position](t)(db.DeleteRedirect(t.Context(), first.ID))
	set = must[trip2g.ChangeSet](t)(db.Changes(t.Context(), position, 10))
	if len(set.RemovedRedirects) != 1 || set.RemovedRedirects[0] != first.ID || set.Position != gone {
		t.Errorf("followers receive %+v", set)
	}
	_, err = db.DeleteRedirect(t.Context(), first.ID)
	wantCode(t, err, trip2g.ENOTFOUND)
}

func TestARedirectThatCannotWorkIsRejected(t *testing.T) {
	db := newLeader(t)
	for i := range 3 {
		if _, _, err := db.PutRedirect(t.Context(), fmt.Sprintf("/%d", i), fmt.Sprintf("/%d", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range [][2]string{
		{"/3", "/0"}, {"/a", "/a"}, {"/a/", "/a"}, {"", "/a"}, {"a", "/b"}, {"//a", "/b"}, {"/_system/x", "/b"}, {"/a?b", "/c"}, {"/a", ""},
		{"/a", "b"}, {"/a", "//b.example"}, {"/a", "javascript:alert(1)"}, {"/a", "https://"}, {"/a\n", "/b\x00"}, {"/" + strings.Repeat("a", 3000), "/b"},
	} {
		_, _, err := db.PutRedirect(t.Context(), tt[0], tt[1])
		wantCode(t, err, trip2g.EINVALID)
	}
}
