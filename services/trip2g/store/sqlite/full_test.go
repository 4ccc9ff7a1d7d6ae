package sqlite

import (
	"context"
	"fmt"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

func TestAFullDatabaseIsReportedAndLosesNothing(t *testing.T) {
	db := newLeader(t)
	ids, position := push(t, db, stageA, true, "n.md=text")
	key := must[trip2g.APIKey](t)(db.CreateKey(t.Context(), trip2g.APIKey{Name: "k", Hash: "h", CreatedAt: testTime}))
	var pages int
	ok(t, db.writer.QueryRow(`PRAGMA page_count`).Scan(&pages))
	_, err := db.writer.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+4))
	ok(t, err)

	large := strings.Repeat("large", 100_000)
	_, _, pushErr := db.PushNotes(t.Context(), stageA, []trip2g.NoteUpdate{{Path: "small.md", Content: "x"}, {Path: "large.md", Content: large}}, true)
	_, uploadErr := db.PutAsset(t.Context(), sha256Hex(large), 1<<20, strings.NewReader(large))
	for _, err := range []error{pushErr, uploadErr} {
		wantCode(t, err, trip2g.EUNAVAILABLE)
		if !strings.Contains(trip2g.ErrorMessage(err), "disk is full") {
			t.Errorf("the message is %q", trip2g.ErrorMessage(err))
		}
	}
	wantSite(t, db, "n.md=text")
	wantSeen(t, db, stageA, "n.md=text")
	if set := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), 0, 10)); set.Head != position {
		t.Errorf("the position is %d, want %d", set.Head, position)
	}
	if found := must[trip2g.APIKey](t)(db.KeyByHash(t.Context(), "h", time.Now())); found.ID != key.ID {
		t.Errorf("a key is not found while the disk is full: %+v", found)
	}

	_, err = db.writer.Exec(`PRAGMA max_page_count = 1000000`)
	ok(t, err)
	attach(t, db, stageA, ids[0], "f", store(t, db, large), true)
	push(t, db, stageA, true, "small.md=x", "large.md="+large)
	wantSite(t, db, "large.md="+large, "n.md=text", "small.md=x")
}

// A limit on the length of files (https://man7.org/linux/man-pages/man2/setrlimit.2.html) makes
// the system refuse writes half way through, as a full disk does.
func TestAFullDiskIsReportedAndLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	output, err := child("fill", path).Output()
	ok(t, err)
	var kept int
	_, err = fmt.Sscanf(string(output), "kept %d", &kept)
	ok(t, err)
	db := openAt(t, path)
	var verdict string
	ok(t, db.writer.QueryRow(`PRAGMA integrity_check`).Scan(&verdict))
	if got := len(site(t, db)); kept == 0 || got != kept || verdict != "ok" {
		t.Errorf("%d notes were acknowledged, %d are there, integrity %s", kept, got, verdict)
	}
}

// writeUntilFull publishes until the disk is full, checks the errors, frees space and continues. It
// prints the number of acknowledged notes.
func writeUntilFull(path string) error {
	ctx := context.Background()
	db, err := OpenLeader(ctx, path, Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	signal.Ignore(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	small := syscall.Rlimit{Cur: 600_000, Max: limit.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small); err != nil {
		return err
	}
	kept := 0
	write := func() error {
		update := trip2g.NoteUpdate{Path: fmt.Sprintf("%d.md", kept), Content: strings.Repeat("x", 50_000)}
		_, _, err := db.PushNotes(ctx, stageA, []trip2g.NoteUpdate{update}, true)
		if err == nil {
			kept++
		}
		return err
	}
	for err == nil && kept < 100 {
		err = write()
	}
	if trip2g.ErrorCode(err) != trip2g.EUNAVAILABLE || !strings.Contains(trip2g.ErrorMessage(err), "disk") {
		return fmt.Errorf("after %d notes a write failed with %w", kept, err)
	}
	if notes, err := db.NotePaths(ctx, stageA, trip2g.NotePathFilter{}); err != nil || len(notes) != kept {
		return fmt.Errorf("%d notes are there, not %d: %w", len(notes), kept, err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for range 3 {
		if err := write(); err != nil {
			return fmt.Errorf("with space again: %w", err)
		}
	}
	fmt.Println("kept", kept)
	return nil
}
