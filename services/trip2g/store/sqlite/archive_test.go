package sqlite

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
)

func archived(t *testing.T, db *DB) []string {
	t.Helper()
	var list []string
	for _, n := range must[[]trip2g.ArchivedNote](t)(db.ArchivedNotes(t.Context())) {
		shown := n.Path
		if n.Hidden {
			shown += " hidden"
		}
		list = append(list, shown)
	}
	return list
}

func TestTheArchiveHasHiddenNotesAndNoStagedOnes(t *testing.T) {
	db := newLeader(t)
	push(t, db, stageA, true, "b.md=b", "a.md=a")
	push(t, db, stageA, false, "staged.md=s", "a.md=later")
	_, err := db.HideNotes(t.Context(), stageB, []string{"b.md"}, true)
	ok(t, err)
	if diff := cmp.Diff([]string{"a.md", "b.md hidden"}, archived(t, db)); diff != "" {
		t.Error(diff)
	}
	n := must[trip2g.ArchivedNote](t)(db.ArchivedNote(t.Context(), "a.md"))
	if n.Hash != trip2g.ContentHash("a") || n.Size != 1 || n.Versions != 1 || n.PublishedAt.IsZero() {
		t.Errorf("a staged text shows in the archive: %+v", n)
	}
	for _, path := range []string{"staged.md", "none.md", "", "../x.md", "a.md\x00"} {
		_, err := db.ArchivedNote(t.Context(), path)
		wantCode(t, err, trip2g.ENOTFOUND)
	}
}

func TestVersionsNameTheKeyOrUserThatPublishedThem(t *testing.T) {
	db := newLeader(t)
	ok(t, db.EnsureOwner(t.Context(), "owner@example.com"))
	user := must[trip2g.User](t)(db.UserByEmail(t.Context(), "owner@example.com"))
	key := must[trip2g.APIKey](t)(db.CreateKey(t.Context(), trip2g.APIKey{Name: "laptop", Hash: "h", CreatedAt: time.Now()}))
	ids, _ := push(t, db, trip2g.Stage{Author: trip2g.KeyAuthor(key.ID)}, true, "a.md=one")
	push(t, db, trip2g.Stage{Author: trip2g.UserAuthor(user.ID)}, true, "a.md=two!")
	push(t, db, trip2g.Stage{Author: "key:4711"}, true, "a.md=three")
	push(t, db, stageA, false, "a.md=staged")
	ok(t, db.RevokeKey(t.Context(), key.ID, time.Now()))

	versions := must[[]trip2g.NoteVersion](t)(db.NoteVersions(t.Context(), ids[0], 0, 10))
	var got []string
	for _, v := range versions {
		if v.Content != "" || v.Path != "a.md" || v.NoteID != ids[0] {
			t.Errorf("listed as %+v", v)
		}
		full := must[trip2g.NoteVersion](t)(db.NoteVersion(t.Context(), v.ID))
		line := full.Content + " by " + full.Author
		if full.ByKey {
			line += " (key)"
		}
		if full.Current {
			line += ", current"
		}
		got = append(got, line)
	}
	if diff := cmp.Diff([]string{"three by key:4711 (key), current", "two! by owner@example.com", "one by laptop (key)"}, got); diff != "" {
		t.Error(diff)
	}
	older := must[[]trip2g.NoteVersion](t)(db.NoteVersions(t.Context(), ids[0], versions[0].ID, 1))
	if len(older) != 1 || older[0].ID != versions[1].ID {
		t.Errorf("the page after the newest is %+v", older)
	}
	for _, id := range []int64{0, -1, versions[0].ID + 1} { // the last is staged
		_, err := db.NoteVersion(t.Context(), id)
		wantCode(t, err, trip2g.ENOTFOUND)
	}
}

func TestTheArchiveIsMeasured(t *testing.T) {
	db := newLeader(t)
	_, err := db.LatestVersion(t.Context())
	wantCode(t, err, trip2g.ENOTFOUND)
	push(t, db, stageA, true, "a.md="+strings.Repeat("x", 1000), "b.md=")
	push(t, db, stageA, true, "a.md="+strings.Repeat("y", 500))
	push(t, db, stageB, false, "staged.md=")
	_, err = db.HideNotes(t.Context(), stageA, []string{"b.md"}, true)
	ok(t, err)
	store(t, db, "a file")
	ok(t, db.AddNotFound(t.Context(), missed(1)))
	s := must[trip2g.ArchiveStats](t)(db.ArchiveStats(t.Context()))
	if s.Database < 4096 || s.Database%4096 != 0 || s.Free >= s.Database {
		t.Errorf("%d bytes, %d free", s.Database, s.Free)
	}
	s.Database, s.Free = 0, 0
	if diff := cmp.Diff(trip2g.ArchiveStats{Notes: 1, Hidden: 1, NotFound: 2, Versions: 1500, Assets: 6, Files: 1}, s); diff != "" {
		t.Error(diff)
	}
	if v := must[trip2g.NoteVersion](t)(db.LatestVersion(t.Context())); v.Path != "a.md" || v.Size != 500 {
		t.Errorf("the newest version is %+v", v)
	}
}

func TestADismissed404ReturnsWhenItIsRequestedAgain(t *testing.T) {
	db := newLeader(t)
	number := int64(0)
	count := func() {
		number++
		ok(t, db.AddNotFound(t.Context(), missed(number)))
	}
	count()
	ok(t, db.DeleteNotFound(t.Context(), "/a"))
	ok(t, db.DeleteNotFound(t.Context(), "/none"))
	if pages := must[[]trip2g.NotFoundPath](t)(db.NotFoundPaths(t.Context(), 10)); len(pages) != 1 || pages[0].Path != "/b" {
		t.Errorf("left: %+v", pages)
	}
	count()
	if pages := must[[]trip2g.NotFoundPath](t)(db.NotFoundPaths(t.Context(), 10)); len(pages) != 2 || pages[0].Count != 2 {
		t.Errorf("counted again: %+v", pages)
	}
}

// missed is a batch of counts, numbered as its sender does.
func missed(number int64) trip2g.NotFoundBatch {
	return trip2g.NotFoundBatch{Sender: "a", Number: number, At: time.Now(), Counts: map[string]int64{"/a": 2, "/b": 1}}
}
