package sqlite

import (
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"trip2g/services/trip2g"
)

// Two pushes with the same key, and two programs without push ids.
var (
	pushOfMorning = trip2g.Stage{Author: "key:1", Push: "a-push-in-the-morning"}
	pushOfEvening = trip2g.Stage{Author: "key:1", Push: "a-push-in-the-evening"}
	pushOfOthers  = trip2g.Stage{Author: "key:2", Push: pushOfMorning.Push}
	laptop        = trip2g.Stage{Author: "key:1", Client: "plugin/0.12", Address: "192.0.2.1"}
	train         = trip2g.Stage{Author: "key:1", Client: "plugin/0.12", Address: "198.51.100.7"}
	phone         = trip2g.Stage{Author: "key:1", Client: "plugin/0.9", Address: "192.0.2.1"}
)

// leave sets the time since the last request of a push.
func leave(t testing.TB, db *DB, stage trip2g.Stage, ago time.Duration) {
	t.Helper()
	result, err := db.writer.Exec(`UPDATE stages SET used_at = ? WHERE author = ? AND push = ? AND client = ? AND address = ?`,
		millis(time.Now().Add(-ago)), stage.Author, stage.Push, stage.Client, stage.Address)
	ok(t, err)
	if n, _ := result.RowsAffected(); n != 1 {
		t.Fatalf("%+v has %d stages", stage, n)
	}
}

func wantCommitRefused(t testing.TB, db *DB, stage trip2g.Stage, code string) {
	t.Helper()
	_, _, err := db.Commit(t.Context(), stage)
	wantCode(t, err, code)
}

func TestAPushNeverPublishesWhatAnotherPushOfTheSameKeyHasStaged(t *testing.T) {
	for name, stages := range map[string][2]trip2g.Stage{
		"with ids": {pushOfMorning, pushOfEvening}, "with an id and without": {laptop, pushOfEvening}, "of two programs": {laptop, phone},
	} {
		t.Run(name, func(t *testing.T) {
			db := newLeader(t)
			aborted, right := stages[0], stages[1]
			ids, _ := push(t, db, right, true, "site.md=1")
			push(t, db, aborted, false, "diary.md=private", "site.md=of another folder")
			attach(t, db, aborted, ids[0], "diary.png", store(t, db, "private"), false)
			must[trip2g.Position](t)(db.HideNotes(t.Context(), aborted, []string{"site.md"}, false))
			wantSeen(t, db, right, "site.md=1")
			push(t, db, right, false, "right.md=1")
			commit(t, db, right)
			wantSite(t, db, "right.md=1", "site.md=1")
			push(t, db, right, true, "site.md=2") // and neither does a save
			if n := count(t, db, `SELECT count(*) FROM note_assets`); n != 0 {
				t.Error("the file of another push is published")
			}
		})
	}
}

func TestAPushBelongsToItsAuthor(t *testing.T) {
	db := newLeader(t)
	push(t, db, pushOfMorning, false, "n.md=1")
	commit(t, db, pushOfOthers)
	if must[bool](t)(db.Discard(t.Context(), pushOfOthers)) {
		t.Error("another author's push is said to be committed")
	}
	wantSite(t, db)
	commit(t, db, pushOfMorning)
	wantSite(t, db, "n.md=1")
}

// The response to a commit can be lost; the client then repeats the request.
func TestACommitThatIsRepeatedSucceedsAndTheFirstOneStands(t *testing.T) {
	db := newLeader(t)
	push(t, db, pushOfMorning, false, "n.md=1")
	first := commit(t, db, pushOfMorning)
	_, err := db.HideNotes(t.Context(), pushOfEvening, []string{"n.md"}, true)
	ok(t, err)
	if again := commit(t, db, pushOfMorning); again < first {
		t.Errorf("the position of the repeated commit is %d, before %d", again, first)
	}
	wantSite(t, db)
	_, _, err = db.PushNotes(t.Context(), pushOfMorning, []trip2g.NoteUpdate{{Path: "late.md"}}, false)
	wantCode(t, err, trip2g.EEXPIRED)
	if committed := must[bool](t)(db.Discard(t.Context(), pushOfMorning)); !committed {
		t.Error("a push that is visible is said to be discarded")
	}
}

// A request of a stopped push can arrive after the discard.
func TestAStoppedPushStaysStoppedWhateverComesLate(t *testing.T) {
	for name, before := range map[string][]string{"after it began": {"n.md=1"}, "before it began": nil} {
		t.Run(name, func(t *testing.T) {
			db := newLeader(t)
			ids, _ := push(t, db, stageB, true, "live.md=1")
			push(t, db, pushOfMorning, false, before...)
			if committed := must[bool](t)(db.Discard(t.Context(), pushOfMorning)); committed {
				t.Error("it is said to be committed")
			}
			_, _, err := db.PushNotes(t.Context(), pushOfMorning, []trip2g.NoteUpdate{{Path: "late.md"}}, false)
			wantCode(t, err, trip2g.EEXPIRED)
			_, err = db.HideNotes(t.Context(), pushOfMorning, []string{"live.md"}, false)
			wantCode(t, err, trip2g.EEXPIRED)
			_, err = db.AttachAsset(t.Context(), pushOfMorning, ids[0], trip2g.NoteAsset{AssetID: store(t, db, "x").ID, Ref: "x"}, false)
			wantCode(t, err, trip2g.EEXPIRED)
			wantCommitRefused(t, db, pushOfMorning, trip2g.EEXPIRED)
			wantSite(t, db, "live.md=1")
		})
	}
}

func TestAPushThatHasExpiredIsNeverCommitted(t *testing.T) {
	db := newLeader(t)
	push(t, db, pushOfMorning, false, "n.md=1")
	leave(t, db, pushOfMorning, trip2g.PushLifetime-time.Minute)
	must[trip2g.PurgeResult](t)(db.purge(t.Context(), newCutoffs(time.Now(), testTime)))
	push(t, db, pushOfMorning, false, "n.md=1") // counts as a use
	push(t, db, pushOfEvening, false, "old.md=1")
	leave(t, db, pushOfEvening, trip2g.PushLifetime+time.Minute)
	wantSeen(t, db, pushOfEvening)
	wantCommitRefused(t, db, pushOfEvening, trip2g.EEXPIRED)
	if removed := must[trip2g.PurgeResult](t)(db.purge(t.Context(), newCutoffs(time.Now(), testTime))).Staged; removed != 1 {
		t.Errorf("the purge removed %d staged notes, want that of the expired push", removed)
	}
	wantCommitRefused(t, db, pushOfEvening, trip2g.EEXPIRED)
	wantSite(t, db)
	commit(t, db, pushOfMorning)
	wantSite(t, db, "n.md=1")
}

func TestAnExpiredUnnamedPushIsReplacedByANewOne(t *testing.T) {
	db := newLeader(t)
	push(t, db, laptop, false, "diary.md=private")
	leave(t, db, laptop, trip2g.UnnamedPushLifetime+time.Second)
	wantSeen(t, db, laptop)
	push(t, db, laptop, false, "right.md=1")
	commit(t, db, laptop)
	wantSite(t, db, "right.md=1")
}

func TestAnExpiredUnnamedPushIsRejectedWithAReason(t *testing.T) {
	for name, purged := range map[string]bool{"at once": false, "after a purge": true} {
		t.Run(name, func(t *testing.T) {
			db := newLeader(t)
			push(t, db, laptop, false, "n.md=1")
			leave(t, db, laptop, trip2g.UnnamedPushLifetime+time.Second)
			if purged {
				must[trip2g.PurgeResult](t)(db.purge(t.Context(), newCutoffs(time.Now(), testTime)))
			}
			wantCommitRefused(t, db, laptop, trip2g.EEXPIRED)
			wantSite(t, db)
			push(t, db, laptop, false, "n.md=1")
			commit(t, db, laptop)
			wantSite(t, db, "n.md=1")
		})
	}
}

// A client that changes networks must not publish only what it sent from the second.
func TestAnUnnamedPushFromTwoAddressesIsNotHalfPublished(t *testing.T) {
	db := newLeader(t)
	push(t, db, laptop, false, "first.md=1")
	push(t, db, train, false, "second.md=1")
	wantCommitRefused(t, db, train, trip2g.ECONFLICT)
	wantSite(t, db)
	leave(t, db, laptop, trip2g.UnnamedPushLifetime+time.Second)
	push(t, db, train, false, "first.md=1", "second.md=1")
	commit(t, db, train)
	wantSite(t, db, "first.md=1", "second.md=1")
}

func TestAnUnnamedPushIsNotIdleWhileItSendsALargeFile(t *testing.T) {
	db := newLeader(t)
	ids, _ := push(t, db, laptop, false, "n.md=1")
	sending := laptop
	sending.ReceivedAt = time.Now().Add(-2 * trip2g.UnnamedPushLifetime)
	leave(t, db, laptop, 2*trip2g.UnnamedPushLifetime)
	attach(t, db, sending, ids[0], "film.mp4", store(t, db, "film"), false)
	commit(t, db, laptop)
	wantSite(t, db, "n.md=1")
}

// Changes that were staged before pushes had ids cannot be assigned to a push.
func TestAnUpgradeKeepsTheSiteAndDropsStagedChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	old, err := openLeader(t.Context(), path, Options{}, migrationsUpTo(t, "00003_publishing.sql"))
	ok(t, err)
	_, err = old.writer.Exec(`
		INSERT INTO notes (id, path, created_at) VALUES (1, 'n.md', 1), (2, 'diary.md', 1);
		INSERT INTO note_versions (id, note_id, hash, size, created_at, created_by, published_at) VALUES (1, 1, 'h', 1, 1, 'key:1', 1), (2, 2, 'h', 1, 1, 'key:1', NULL);
		INSERT INTO version_contents VALUES (1, '1'), (2, 'private');
		UPDATE notes SET published_version_id = 1, published_at = 1 WHERE id = 1;
		INSERT INTO changes (kind, ref, at) VALUES ('note', 1, 1);
		INSERT INTO assets (id, hash, size, content_type, created_at, used_at) VALUES (1, 'x', 0, 'text/plain', 1, 1);
		INSERT INTO staged_assets VALUES ('key:1', 2, 'x', 1, 'x', 1);
		INSERT INTO staged_notes VALUES ('key:1', 2, 2, 1), ('key:1', 1, NULL, 1);`)
	ok(t, err)
	ok(t, old.Close())
	db := openAt(t, path)
	wantSite(t, db, "n.md=1")
	wantSeen(t, db, stageA, "n.md=1")
	push(t, db, stageA, false, "new.md=1")
	commit(t, db, stageA)
	wantSite(t, db, "n.md=1", "new.md=1")
	must[trip2g.PurgeResult](t)(db.purge(t.Context(), newCutoffs(time.Now(), time.Now().Add(-time.Hour))))
	if n := count(t, db, `SELECT (SELECT count(*) FROM notes WHERE path = 'diary.md') + (SELECT count(*) FROM note_versions WHERE id = 2)`); n != 0 {
		t.Error("what was half pushed is still in the database")
	}
	must[trip2g.Asset](t)(db.Asset(t.Context(), "x"))
}

func migrationsUpTo(t testing.TB, last string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	names, err := fs.Glob(embeddedMigrations(), "*.sql")
	ok(t, err)
	for _, name := range names {
		if name <= last {
			content, err := fs.ReadFile(embeddedMigrations(), name)
			ok(t, err)
			files[name] = &fstest.MapFile{Data: content}
		}
	}
	return files
}
