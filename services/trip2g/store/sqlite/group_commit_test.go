package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
)

// holdWriter blocks every write until release is called.
func holdWriter(t *testing.T, db *DB) (release func()) {
	t.Helper()
	held := must[interface{ Rollback() error }](t)(db.writer.BeginTx(t.Context(), nil))
	return func() { ok(t, held.Rollback()) }
}

// runAsGroup blocks the writes until all of them are enqueued, lets them run and returns their
// errors.
func runAsGroup(t *testing.T, db *DB, writes ...func() error) []error {
	t.Helper()
	release := holdWriter(t, db)
	errs := make([]error, len(writes))
	var wait sync.WaitGroup
	for i, write := range writes {
		wait.Go(func() { errs[i] = write() })
	}
	testwait.Until(t, "all writes wait", func() bool {
		db.group.mu.Lock()
		defer db.group.mu.Unlock()
		return len(db.group.waiting) == len(writes)
	})
	release()
	wait.Wait()
	return errs
}

// commitsOf counts the subsequent transactions that change something.
func commitsOf(t *testing.T, db *DB) *int {
	t.Helper()
	commits := 0
	conn, err := db.writer.Conn(t.Context())
	ok(t, err)
	defer conn.Close()
	ok(t, conn.Raw(func(raw any) error {
		raw.(interface{ Raw() *sqlite3.Conn }).Raw().CommitHook(func() bool { commits++; return true })
		return nil
	}))
	return &commits
}

// Pushing a vault with thousands of images costs one transaction, which LiteFS syncs and sends, for
// several of them.
func TestFilesAttachedAtOnceShareATransaction(t *testing.T) {
	db := newLeader(t)
	ids, _ := push(t, db, stageA, true, "n.md=text")
	asset := store(t, db, "an image")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	attachTo := func(ctx context.Context, note int64, ref string) func() error {
		return func() error {
			_, err := db.AttachAsset(ctx, stageA, note, trip2g.NoteAsset{AssetID: asset.ID, Ref: ref, AbsolutePath: ref}, true)
			return err
		}
	}
	commits := commitsOf(t, db)
	errs := runAsGroup(t, db,
		attachTo(t.Context(), ids[0], "1.png"), attachTo(t.Context(), 99, "2.png"), attachTo(gone, ids[0], "3.png"), attachTo(t.Context(), ids[0], "4.png"))
	ok(t, errs[0])
	wantCode(t, errs[1], trip2g.ENOTFOUND)
	if errs[2] == nil {
		t.Error("a file was attached for a client that disconnected")
	}
	ok(t, errs[3])
	if *commits != 1 {
		t.Errorf("%d transactions were made, want 1", *commits)
	}
	if n := count(t, db, `SELECT count(*) FROM note_assets WHERE ref IN ('1.png', '4.png')`); n != 2 || count(t, db, `SELECT count(*) FROM note_assets`) != 2 {
		t.Error("the wrong files are attached")
	}
}

// People who save a note at the same moment share a transaction and do not see each other's errors.
func TestNotesSavedAtOnceShareATransaction(t *testing.T) {
	db := newLeader(t)
	push(t, db, stageA, true, "gone.md=text")
	save := func(path, content string) func() error {
		return func() error {
			_, position, err := db.PushNotes(t.Context(), stageA, []trip2g.NoteUpdate{{Path: path, Content: content}}, true)
			if err == nil && position == 0 {
				err = errors.New("the answer has no position")
			}
			return err
		}
	}
	hide := func() error {
		_, err := db.HideNotes(t.Context(), stageA, []string{"gone.md"}, true)
		return err
	}
	commits := commitsOf(t, db)
	for i, err := range runAsGroup(t, db, save("a.md", "one"), save("b.md", "two"), hide, save("a.md", "three")) {
		if err != nil {
			t.Errorf("write %d: %v", i, err)
		}
	}
	if *commits != 1 {
		t.Errorf("%d transactions were made, want 1", *commits)
	}
	visible := count(t, db, `SELECT count(*) FROM notes WHERE hidden = 0 AND published_version_id IS NOT NULL`)
	if versions := count(t, db, `SELECT count(*) FROM note_versions`); visible != 2 || versions != 4 {
		t.Errorf("%d notes are visible and %d versions stored, want 2 and 4", visible, versions)
	}
}

// With many people publishing at once, every file that is reported as attached is attached.
func TestMoreFilesThanFitAGroupAreAllAttached(t *testing.T) {
	db := newLeader(t)
	ids, _ := push(t, db, stageA, true, "n.md=text")
	asset := store(t, db, "an image")
	var writes []func() error
	for i := range maxGroup + 4 {
		ref := fmt.Sprintf("%d.png", i)
		writes = append(writes, func() error {
			_, err := db.AttachAsset(t.Context(), stageA, ids[0], trip2g.NoteAsset{AssetID: asset.ID, Ref: ref, AbsolutePath: ref}, true)
			return err
		})
	}
	commits := commitsOf(t, db)
	for _, err := range runAsGroup(t, db, writes...) {
		ok(t, err)
	}
	if n := count(t, db, `SELECT count(*) FROM note_assets`); n != len(writes) || *commits != 2 {
		t.Errorf("%d files of %d are attached, in %d transactions; want 2", n, len(writes), *commits)
	}
}

// A write that waits during a shutdown returns an error instead of blocking.
func TestWritesThatWaitForAClosedDatabaseFail(t *testing.T) {
	db := newLeader(t)
	ok(t, db.writer.Close())
	errs := make(chan error, 2*maxGroup)
	for range cap(errs) {
		go func() { errs <- db.writeGrouped(t.Context(), "test", func(*tx) error { return nil }) }()
	}
	for range cap(errs) {
		if <-errs == nil {
			t.Error("a write to a closed database succeeded")
		}
	}
}

// No upload of a group is acknowledged when the disk was full for one of them.
func TestUploadsInOneGroupFailTogether(t *testing.T) {
	db := newLeader(t)
	var pages int
	ok(t, db.writer.QueryRow(`PRAGMA page_count`).Scan(&pages))
	_, err := db.writer.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+30))
	ok(t, err)
	var contents []string
	var uploads []func() error
	for i := range 3 {
		content := strings.Repeat(fmt.Sprint(i), 90_000)
		contents = append(contents, content)
		uploads = append(uploads, func() error {
			_, err := db.PutAsset(t.Context(), sha256Hex(content), 1<<20, strings.NewReader(content))
			return err
		})
	}
	for _, err := range runAsGroup(t, db, uploads...) {
		wantCode(t, err, trip2g.EUNAVAILABLE)
	}
	if n := count(t, db, `SELECT (SELECT count(*) FROM assets) + (SELECT count(*) FROM asset_chunks)`); n != 0 {
		t.Errorf("%d rows of rejected uploads are left", n)
	}
	_, err = db.writer.Exec(`PRAGMA max_page_count = 1000000`)
	ok(t, err)
	for _, content := range contents {
		store(t, db, content)
	}
}
