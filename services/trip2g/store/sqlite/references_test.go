package sqlite

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"trip2g/services/trip2g"
)

// write publishes or stages a note whose references are the words that start with "!".
func write(t testing.TB, db *DB, stage trip2g.Stage, publish bool, path, content string) trip2g.StagedNote {
	t.Helper()
	notes, _, err := db.PushNotes(t.Context(), stage, []trip2g.NoteUpdate{{Path: path, Content: content, Refs: words(path, content)}}, publish)
	ok(t, err)
	return notes[0]
}

func words(_, content string) []string {
	refs := []string{}
	for word := range strings.FieldsSeq(content) {
		if ref, ok := strings.CutPrefix(word, "!"); ok {
			refs = append(refs, ref)
		}
	}
	return refs
}

func refsOf(assets []trip2g.NoteAsset) string {
	var refs []string
	for _, a := range assets {
		refs = append(refs, a.Ref)
	}
	return strings.Join(refs, " ")
}

// wantFiles checks the files of the note n.md in a stage and on the site.
func wantFiles(t testing.TB, db *DB, stage trip2g.Stage, staged, published string) {
	t.Helper()
	for _, n := range must[[]trip2g.NotePath](t)(db.NotePaths(t.Context(), stage, trip2g.NotePathFilter{Paths: []string{"n.md"}})) {
		if got := refsOf(n.Assets); got != staged {
			t.Errorf("%v has %q, want %q", stage, got, staged)
		}
	}
	for _, n := range must[trip2g.ChangeSet](t)(db.Changes(t.Context(), 0, 100)).Notes {
		if got := refsOf(n.Assets); n.Path == "n.md" && got != published {
			t.Errorf("readers get %q, want %q", got, published)
		}
	}
}

func wantReferenced(t testing.TB, db *DB, asset trip2g.Asset, want bool) {
	t.Helper()
	if got := must[bool](t)(db.IsReferenced(t.Context(), asset.Hash)); got != want {
		t.Errorf("referenced is %v, want %v", got, want)
	}
}

// Otherwise an image that was published by mistake would stay readable, and be pulled again.
func TestAFileRemovedFromItsNoteIsUnreferenced(t *testing.T) {
	db := newLeader(t)
	n := write(t, db, stageA, true, "n.md", "!passport !map")
	passport, mapped := store(t, db, "passport"), store(t, db, "map")
	attach(t, db, stageA, n.ID, "passport", passport, true)
	attach(t, db, stageA, n.ID, "map", mapped, true)
	wantFiles(t, db, stageA, "map passport", "map passport")

	write(t, db, stageA, false, "n.md", "only a !map")
	wantFiles(t, db, stageB, "map passport", "map passport") // nothing is published yet
	wantReferenced(t, db, passport, true)
	commit(t, db, stageA)
	wantFiles(t, db, stageA, "map", "map")
	wantReferenced(t, db, passport, false)
	wantReferenced(t, db, mapped, true)

	must[trip2g.Position](t)(db.HideNotes(t.Context(), stageA, []string{"n.md"}, true))
	wantReferenced(t, db, mapped, false)
	if got := refsOf(write(t, db, stageA, true, "n.md", "only a !map").Assets); got != "map" {
		t.Errorf("a note that is shown again has the files %q, want its map", got)
	}
	wantFiles(t, db, stageA, "map", "map")
}

func TestAFileOfTwoNotesStaysWithTheOther(t *testing.T) {
	db := newLeader(t)
	shared := store(t, db, "shared")
	for _, path := range []string{"n.md", "other.md"} {
		attach(t, db, stageA, write(t, db, stageA, true, path, "!f").ID, "f", shared, true)
	}
	write(t, db, stageA, true, "other.md", "without")
	wantFiles(t, db, stageA, "f", "f")
	wantReferenced(t, db, shared, true)
}

// Clients send files before the text that refers to them, and staged or not.
func TestAFileMayComeBeforeItsText(t *testing.T) {
	for name, publish := range map[string]bool{"staged": false, "at once": true} {
		t.Run(name, func(t *testing.T) {
			db := newLeader(t)
			n := write(t, db, stageA, true, "n.md", "text")
			attach(t, db, stageA, n.ID, "f", store(t, db, "f"), publish)
			write(t, db, stageA, publish, "n.md", "text with !f")
			commit(t, db, stageA)
			wantFiles(t, db, stageA, "f", "f")
		})
	}
}

func TestAFileStagedForAReplacedTextIsNotPublished(t *testing.T) {
	db := newLeader(t)
	n := write(t, db, stageA, false, "n.md", "!f")
	f := store(t, db, "f")
	attach(t, db, stageA, n.ID, "f", f, false)
	write(t, db, stageA, false, "n.md", "without")
	commit(t, db, stageA)
	wantFiles(t, db, stageA, "", "")
	wantReferenced(t, db, f, false)
}

// A restored version has its images, as long as they are stored.
func TestAFileIsKeptForOldVersionsUntilItIsPurged(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	f := store(t, db, "f")
	attach(t, db, stageA, write(t, db, stageA, true, "n.md", "!f").ID, "f", f, true)
	_, err := db.writer.Exec(`UPDATE assets SET used_at = 1`) // long ago, but they become unused only now
	ok(t, err)
	write(t, db, stageA, true, "n.md", "without")

	must[trip2g.PurgeResult](t)(db.purge(ctx, newCutoffs(time.Now(), time.Now().Add(-time.Hour))))
	if got := refsOf(write(t, db, stageA, true, "n.md", "!f").Assets); got != "f" {
		t.Fatalf("the restored version has the files %q", got)
	}
	wantFiles(t, db, stageA, "f", "f")

	// The server has told a push with the old text that its files exist.
	write(t, db, stageA, true, "n.md", "without again")
	write(t, db, stageB, false, "n.md", "!f")
	must[trip2g.PurgeResult](t)(db.purge(ctx, newCutoffs(time.Now(), time.Now().Add(time.Hour))))
	must[trip2g.Asset](t)(db.Asset(ctx, f.Hash))
	wantReferenced(t, db, f, true)

	must[bool](t)(db.Discard(ctx, stageB))
	if removed := must[trip2g.PurgeResult](t)(db.purge(ctx, newCutoffs(time.Now(), time.Now().Add(time.Hour)))); removed.Assets != 1 {
		t.Errorf("the purge removed %+v, want the file", removed)
	}
	_, err = db.Asset(ctx, f.Hash)
	wantCode(t, err, trip2g.ENOTFOUND)
	if got := refsOf(write(t, db, stageA, true, "n.md", "!f").Assets); got != "" {
		t.Errorf("the file was deleted and the note has %q", got)
	}
}

// A newer release opens the database. The retention of files that were already hidden starts then.
func TestFilesOfAnOlderReleaseAreKeptWithTheirNotes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	older := fstest.MapFS{}
	for _, name := range []string{"00001_initial.sql", "00002_lineages.sql", "00003_publishing.sql"} {
		content, err := fs.ReadFile(embeddedMigrations(), name)
		ok(t, err)
		older[name] = &fstest.MapFile{Data: content}
	}
	old, err := openLeader(t.Context(), path, Options{}, older)
	ok(t, err)
	_, err = old.writer.Exec(`
		INSERT INTO notes (id, path, hidden, published_at) VALUES (1, 'n.md', 0, 1), (2, 'hidden.md', 1, 1);
		INSERT INTO note_versions (id, note_id, hash, size, created_at, created_by, published_at) VALUES (1, 1, 'a', 1, 1, 'key:1', 1), (2, 2, 'b', 1, 1, 'key:1', 1);
		INSERT INTO version_contents (version_id, content) VALUES (1, '!f'), (2, '!h');
		UPDATE notes SET published_version_id = id WHERE id < 3;
		INSERT INTO changes (kind, ref, at) VALUES ('note', 1, 1);
		INSERT INTO assets (id, hash, size, content_type, created_at, used_at) VALUES (1, 'f', 0, 'x/y', 1, 1), (2, 'h', 0, 'x/y', 1, 1);
		INSERT INTO note_assets (note_id, ref, asset_id, absolute_path) VALUES (1, 'f', 1, 'f.png'), (2, 'h', 2, 'h.png');`)
	ok(t, err)
	ok(t, old.Close())

	db := openAt(t, path)
	wantFiles(t, db, stageA, "f", "f")
	must[trip2g.PurgeResult](t)(db.purge(t.Context(), newCutoffs(time.Now(), time.Now().Add(-time.Hour))))
	must[trip2g.Asset](t)(db.Asset(t.Context(), "f"))
	must[trip2g.Asset](t)(db.Asset(t.Context(), "h"))
	wantReferenced(t, db, trip2g.Asset{Hash: "h"}, false)
}

// A database of an older release does not know which files its notes refer to: FillReferences reads
// them.
func TestFileReferencesOfAnOldDatabaseAreFilledIn(t *testing.T) {
	db := newLeader(t)
	kept, gone, hidden := store(t, db, "kept"), store(t, db, "gone"), store(t, db, "hidden")
	ids, _ := push(t, db, stageA, true, "n.md=!kept", "hidden.md=!hidden")
	for ref, asset := range map[string]trip2g.Asset{"kept": kept, "gone": gone} {
		attach(t, db, stageA, ids[0], ref, asset, true)
	}
	attach(t, db, stageA, ids[1], "hidden", hidden, true)
	must[trip2g.Position](t)(db.HideNotes(t.Context(), stageA, []string{"hidden.md"}, true))
	wantFiles(t, db, stageA, "gone kept", "gone kept")

	ok(t, db.FillReferences(t.Context(), words))
	wantFiles(t, db, stageA, "kept", "kept")
	wantReferenced(t, db, gone, false)
	wantReferenced(t, db, hidden, false)
	asked := []string{}
	ok(t, db.FillReferences(t.Context(), func(path, content string) []string {
		asked = append(asked, path)
		return nil
	}))
	if !slices.Equal(asked, []string{}) {
		t.Errorf("a second time it reads %q", asked)
	}
	push(t, db, stageA, true, "hidden.md=!hidden")
	wantReferenced(t, db, hidden, true)
}
