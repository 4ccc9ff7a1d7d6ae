package history_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/history"
	"trip2g/services/trip2g/content/publish"
	"trip2g/services/trip2g/store/sqlite"
)

var stage = trip2g.Stage{Author: "user:1"}

// vault is a leader's database with the services that write to it and read its history. The title
// of a note is "Title of PATH". A note with "members" in its path is for members, one with "_" has
// no page.
type vault struct {
	t  *testing.T
	db *sqlite.DB
	*history.Service
	publisher *publish.Service
}

func newVault(t *testing.T) *vault {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	v := &vault{t: t, db: db}
	v.publisher = publish.New(publish.Options{
		Vault: db, Assets: db, References: func(string, string) []string { return nil },
		Refresh: func(ctx context.Context) (trip2g.Position, error) {
			set, err := db.Changes(ctx, 0, 1)
			return set.Head, err
		},
	})
	v.Service = history.New(history.Options{Archive: db, Publisher: v.publisher, Page: v.page})
	return v
}

func (v *vault) page(id int64) (trip2g.NotePage, bool) {
	notes, err := v.db.ArchivedNotes(context.Background())
	if err != nil {
		v.t.Error(err)
	}
	for _, n := range notes {
		if n.ID == id && !strings.Contains(n.Path, "_") {
			access := trip2g.Access{Level: trip2g.Public}
			if strings.Contains(n.Path, "members") {
				access.Level = trip2g.ForMembers
			}
			return trip2g.NotePage{URL: "/" + n.Path, Title: "Title of " + n.Path, Access: access, Doc: &trip2g.Document{Access: access}}, true
		}
	}
	return trip2g.NotePage{}, false
}

func (v *vault) push(path, content string) {
	v.t.Helper()
	if _, _, err := v.publisher.PushNotes(v.t.Context(), stage, []trip2g.NoteUpdate{{Path: path, Content: content}}, true); err != nil {
		v.t.Fatal(err)
	}
}

func (v *vault) hide(path string) {
	v.t.Helper()
	if _, err := v.publisher.HideNotes(v.t.Context(), stage, []string{path}, true); err != nil {
		v.t.Fatal(err)
	}
}

func (v *vault) find(path string) trip2g.ListedNote {
	v.t.Helper()
	n, err := v.FindNote(v.t.Context(), path)
	if err != nil {
		v.t.Fatal(err)
	}
	return n
}

// versions returns a note's versions, newest first.
func (v *vault) versions(path string) []trip2g.NoteVersion {
	v.t.Helper()
	list, err := v.Versions(v.t.Context(), v.find(path).ID, 0, trip2g.MaxListed)
	if err != nil {
		v.t.Fatal(err)
	}
	return list
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if got := trip2g.ErrorCode(err); got != code {
		t.Errorf("error %v has code %q, want %q", err, got, code)
	}
}

func TestNotesAreFoundByPathTitleAndState(t *testing.T) {
	v := newVault(t)
	for _, path := range []string{"Ünïcode.md", "_settings.md", "a.md", "b.md", "members.md"} {
		v.push(path, "text")
	}
	v.hide("b.md")
	for name, tt := range map[string]struct {
		filter trip2g.NoteFilter
		want   string
		total  int
	}{
		"all":               {trip2g.NoteFilter{Limit: 10}, "_settings.md a.md b.md members.md Ünïcode.md", 5},
		"a path":            {trip2g.NoteFilter{Text: " MEMB ", Limit: 10}, "members.md", 1},
		"a title":           {trip2g.NoteFilter{Text: "title of a", Limit: 10}, "a.md", 1},
		"decomposed":        {trip2g.NoteFilter{Text: "u\u0308ni\u0308", Limit: 10}, "Ünïcode.md", 1},
		"with a page":       {trip2g.NoteFilter{Show: trip2g.NotesWithPage, Limit: 10}, "a.md members.md Ünïcode.md", 3},
		"for members":       {trip2g.NoteFilter{Show: trip2g.NotesForMembers, Limit: 10}, "members.md", 1},
		"without a page":    {trip2g.NoteFilter{Show: trip2g.NotesWithoutPage, Limit: 10}, "_settings.md", 1},
		"hidden":            {trip2g.NoteFilter{Show: trip2g.HiddenNotes, Limit: 10}, "b.md", 1},
		"a part":            {trip2g.NoteFilter{Offset: 1, Limit: 2}, "a.md b.md", 5},
		"past the end":      {trip2g.NoteFilter{Offset: 100, Limit: 2}, "", 5},
		"nothing like that": {trip2g.NoteFilter{Text: "zzz", Limit: 2}, "", 0},
	} {
		notes, total, err := v.ListNotes(t.Context(), tt.filter)
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, n := range notes {
			paths = append(paths, n.Path)
		}
		if got := strings.Join(paths, " "); got != tt.want || total != tt.total {
			t.Errorf("%s: found %q of %d, want %q of %d", name, got, total, tt.want, tt.total)
		}
	}
	for name, filter := range map[string]trip2g.NoteFilter{
		"no limit":     {},
		"a long list":  {Limit: trip2g.MaxListed + 1},
		"before all":   {Limit: 1, Offset: -1},
		"a long text":  {Limit: 1, Text: strings.Repeat("a", trip2g.MaxFilterLength+1)},
		"below no one": {Limit: -1},
	} {
		if _, _, err := v.ListNotes(t.Context(), filter); trip2g.ErrorCode(err) != trip2g.EINVALID {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARestoredVersionIsTheNewestAndTheHistoryStays(t *testing.T) {
	v := newVault(t)
	v.push("a.md", "one")
	v.push("a.md", "two")
	before := v.versions("a.md")
	note, position, err := v.Restore(t.Context(), stage, before[1].ID)
	if err != nil {
		t.Fatal(err)
	}
	after := v.versions("a.md")
	if position == 0 || note.Versions != 3 || len(after) != 3 || after[0].Hash != trip2g.ContentHash("one") || !after[0].Current {
		t.Errorf("restored as %+v at %d: %+v", note, position, after)
	}
	if diff := cmp.Diff(before[1], after[2]); diff != "" {
		t.Error("the old version changed: ", diff)
	}
	_, _, err = v.Restore(t.Context(), stage, 4711)
	wantCode(t, err, trip2g.ENOTFOUND)
}

func TestAHiddenNoteComesBackAsItWas(t *testing.T) {
	v := newVault(t)
	v.push("a.md", "one")
	v.hide("a.md")
	if !v.find("a.md").Hidden {
		t.Fatal("not hidden")
	}
	position, err := v.ShowNotes(t.Context(), stage, []string{"a.md", "none.md", "a.md"})
	if err != nil || position == 0 {
		t.Fatal(position, err)
	}
	if n := v.find("a.md"); n.Hidden || n.Versions != 1 {
		t.Errorf("shown as %+v: the text is the same, so there is no new version", n)
	}
	if _, err := v.ShowNotes(t.Context(), stage, make([]string, trip2g.MaxListed+1)); trip2g.ErrorCode(err) != trip2g.ETOOLARGE {
		t.Error(err)
	}
}

// compared formats a difference as a unified diff.
func (v *vault) compared(from, to string) (trip2g.Difference, string) {
	v.t.Helper()
	v.push("d.md", from)
	v.push("d.md", to)
	versions := v.versions("d.md")
	d, err := v.Compare(v.t.Context(), versions[1].ID, versions[0].ID)
	if err != nil {
		v.t.Fatal(err)
	}
	var out strings.Builder
	for _, h := range d.Hunks {
		fmt.Fprintf(&out, "@@ %d %d\n", h.FromLine, h.ToLine)
		for _, l := range h.Lines {
			fmt.Fprintf(&out, "%c%s\n", " -+"[l.Kind], l.Text)
		}
	}
	return d, out.String()
}

func TestADifferenceShowsTheLinesAndTheirSurroundings(t *testing.T) {
	d, text := newVault(t).compared("1\n2\n3\n4\n5\n6\n7\n8\n9\nold\n", "1\n2\n3\n4\n5\n6\n7\n8\n9\nnew\r\nmore")
	if diff := cmp.Diff("@@ 7 7\n 7\n 8\n 9\n-old\n+new\r\n+more\n", text); diff != "" {
		t.Error(diff)
	}
	if d.Added != 2 || d.Removed != 1 || d.Cut || d.From.Hash == d.To.Hash || d.From.Content != "" {
		t.Errorf("%+v", d)
	}
}

// A comparison takes longest for two large texts that have nothing in common.
func TestAHugeDifferenceIsBounded(t *testing.T) {
	lines := func(kind string) string {
		var b strings.Builder
		for i := 0; b.Len() < 4_000_000; i++ {
			fmt.Fprintf(&b, "%s %d\n", kind, i*7919%100_003)
		}
		return b.String()
	}
	begun := time.Now()
	d, text := newVault(t).compared(lines("a"), lines("b")+strings.Repeat("я", 5000))
	if !d.Cut || len(text) > 1<<20 || d.Added < 100_000 || d.Removed < 100_000 {
		t.Errorf("%d bytes are shown of %d and %d lines, cut %v", len(text), d.Added, d.Removed, d.Cut)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestALongLineIsCutBetweenItsLetters(t *testing.T) {
	d, _ := newVault(t).compared("a", "x"+strings.Repeat("я", 5000))
	line := d.Hunks[0].Lines[1]
	if !line.Cut || len(line.Text) != 3999 || strings.ToValidUTF8(line.Text, "") != line.Text {
		t.Errorf("cut to %d bytes, %v", len(line.Text), line.Cut)
	}
}

func TestVersionsThatCannotBeComparedAreRefused(t *testing.T) {
	v := newVault(t)
	v.push("a.md", "a")
	v.push("b.md", "b")
	v.push("huge.md", strings.Repeat("x", 4<<20+1))
	a, b, huge := v.versions("a.md")[0].ID, v.versions("b.md")[0].ID, v.versions("huge.md")[0].ID
	for code, ids := range map[string][2]int64{trip2g.EINVALID: {a, b}, trip2g.ETOOLARGE: {huge, huge}, trip2g.ENOTFOUND: {a, 4711}} {
		_, err := v.Compare(t.Context(), ids[0], ids[1])
		wantCode(t, err, code)
	}
	_, err := v.Compare(t.Context(), 4711, a)
	wantCode(t, err, trip2g.ENOTFOUND)
}
