package sqlite

import (
	"slices"
	"testing"

	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
)

// versionsOf returns the texts of a note's history, the newest first.
func versionsOf(t testing.TB, db *DB, path string) (texts []string) {
	t.Helper()
	n := must[trip2g.ArchivedNote](t)(db.ArchivedNote(t.Context(), path))
	for _, v := range must[[]trip2g.NoteVersion](t)(db.NoteVersions(t.Context(), n.ID, 0, 100)) {
		texts = append(texts, must[trip2g.NoteVersion](t)(db.NoteVersion(t.Context(), v.ID)).Content)
	}
	return texts
}

func wantVersions(t testing.TB, db *DB, path string, want ...string) {
	t.Helper()
	if got := versionsOf(t, db, path); !slices.Equal(got, want) {
		t.Errorf("the history of %s is %q, want %q", path, got, want)
	}
}

// Otherwise a note whose name changes its letter case on one machine would be deleted on another.
func TestANoteThatIsRenamedInLetterCaseKeepsItsHistory(t *testing.T) {
	for name, rename := range map[string]func(db *DB, content string){
		"in one commit": func(db *DB, content string) {
			push(t, db, stageA, false, "Sub/NOTE.md="+content)
			must[trip2g.Position](t)(db.HideNotes(t.Context(), stageA, []string{"sub/Note.md"}, false))
			commit(t, db, stageA)
		},
		"hidden first": func(db *DB, content string) {
			must[trip2g.Position](t)(db.HideNotes(t.Context(), stageA, []string{"sub/Note.md"}, true))
			push(t, db, stageA, true, "Sub/NOTE.md="+content)
		},
		"hidden by a commit before": func(db *DB, content string) {
			must[trip2g.Position](t)(db.HideNotes(t.Context(), stageA, []string{"sub/Note.md"}, true))
			push(t, db, stageA, false, "Sub/NOTE.md="+content)
			commit(t, db, stageA)
		},
	} {
		t.Run(name, func(t *testing.T) {
			db := newLeader(t)
			ids, _ := push(t, db, stageA, true, "sub/Note.md=one", "other.md=x")
			attach(t, db, stageA, ids[0], "f", store(t, db, "f"), true)
			late := follow(db)
			ok(t, late.catchUp(t.Context(), 100))
			rename(db, "one")
			wantSite(t, db, "Sub/NOTE.md=one", "other.md=x")
			push(t, db, stageA, true, "Sub/NOTE.md=two")
			wantVersions(t, db, "Sub/NOTE.md", "two", "one")
			rename = func(db *DB, content string) {
				push(t, db, stageB, false, "sub/note.md="+content)
				must[trip2g.Position](t)(db.HideNotes(t.Context(), stageB, []string{"Sub/NOTE.md"}, false))
				commit(t, db, stageB)
			}
			rename(db, "three")
			wantSite(t, db, "other.md=x", "sub/note.md=three")
			wantVersions(t, db, "sub/note.md", "three", "two", "one")
			if got := must[trip2g.ArchivedNote](t)(db.ArchivedNote(t.Context(), "sub/note.md")).ID; got != ids[0] {
				t.Errorf("the note is %d now, and was %d", got, ids[0])
			}
			ok(t, late.catchUp(t.Context(), 100))
			if len(late.notes) != 2 || late.notes[ids[0]].Path != "sub/note.md" {
				t.Errorf("a site that followed has %+v", late.notes)
			}
			set := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), 0, 100))
			for _, n := range set.Notes {
				if n.ID == ids[0] && refsOf(n.Assets) != "f" {
					t.Errorf("its files are %v", n.Assets)
				}
			}
		})
	}
}

// On a case-sensitive file system, two notes can differ only in letter case.
func TestNotesThatDifferInLetterCaseStayTwo(t *testing.T) {
	db := newLeader(t)
	push(t, db, stageA, true, "a.md=1")
	push(t, db, stageA, false, "A.md=2")
	commit(t, db, stageA)
	wantSite(t, db, "A.md=2", "a.md=1")
	push(t, db, stageA, true, "Á.md=3")
	must[trip2g.Position](t)(db.HideNotes(t.Context(), stageA, []string{"a.md"}, true))
	wantSite(t, db, "A.md=2", "Á.md=3")
	wantVersions(t, db, "a.md", "1")
}

// A version that another client has staged under the new name becomes a version of the merged note.
func TestARenameInLetterCaseTakesOtherStagesAlong(t *testing.T) {
	db := newLeader(t)
	push(t, db, stageA, true, "Note.md=one")
	push(t, db, stageA, false, "NOTE.md=of A")
	push(t, db, stageB, false, "NOTE.md=of B")
	for _, stage := range []trip2g.Stage{stageA, stageB} {
		must[trip2g.Position](t)(db.HideNotes(t.Context(), stage, []string{"Note.md"}, false))
	}
	commit(t, db, stageA)
	wantSite(t, db, "NOTE.md=of A")
	commit(t, db, stageB)
	wantSite(t, db, "NOTE.md=of B")
	wantVersions(t, db, "NOTE.md", "of B", "of A", "one")
}

// A database to which a Mac and a Linux machine published can have notes twice.
func TestNotesInTwoUnicodeFormsBecomeOne(t *testing.T) {
	db := newLeader(t)
	nfd := norm.NFD.String
	ids, _ := push(t, db, stageA, true, "Café.md=of Linux", nfd("Übung/Größe.md")+"=only of a Mac", "plain.md=x")
	push(t, db, stageA, true, nfd("Café.md")+"=of a Mac")
	attach(t, db, stageA, ids[1], "f", store(t, db, "f"), true)
	_, err := db.writer.Exec(`UPDATE notes SET published_at = published_at + 1000 WHERE path = ?; `, nfd("Café.md"))
	ok(t, err)
	_, err = db.writer.Exec(`UPDATE note_assets SET absolute_path = ?`, nfd("Bild ä.png"))
	ok(t, err)
	late := follow(db)
	ok(t, late.catchUp(t.Context(), 100))

	if merged := must[[]string](t)(db.NormalizePaths(t.Context())); !slices.Equal(merged, []string{"Café.md"}) {
		t.Errorf("merged are %q", merged)
	}
	want := []string{"Café.md=of a Mac", "plain.md=x", "Übung/Größe.md=only of a Mac"}
	wantSite(t, db, want...)
	wantVersions(t, db, "Café.md", "of a Mac", "of Linux")
	ok(t, late.catchUp(t.Context(), 100))
	if len(late.notes) != 3 {
		t.Errorf("a site that followed has %+v", late.notes)
	}
	if n := count(t, db, `SELECT count(*) FROM note_assets WHERE absolute_path = 'Bild ä.png'`); n != 1 {
		t.Error("the file's path is as it was")
	}
	head := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), 0, 100)).Head
	if merged := must[[]string](t)(db.NormalizePaths(t.Context())); len(merged) != 0 {
		t.Errorf("a second time merges %q", merged)
	}
	if again := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), 0, 100)).Head; again != head {
		t.Errorf("a second time moves the position from %d to %d", head, again)
	}
}
