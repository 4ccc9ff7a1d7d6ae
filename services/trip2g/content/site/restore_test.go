package site_test

import (
	"os"
	"path/filepath"
	"testing"

	"trip2g/services/trip2g"

	"trip2g/services/trip2g/store/sqlite"
)

// TestARestoredDatabaseThatGrewPastItsOldPositionIsReloaded restores a backup and publishes more
// than was lost: the positions alone do not show the restore.
func TestARestoredDatabaseThatGrewPastItsOldPositionIsReloaded(t *testing.T) {
	dir := t.TempDir()
	live, backup := filepath.Join(dir, "live.sqlite3"), filepath.Join(dir, "backup.sqlite3")
	open := func(path string) *sqlite.DB {
		db, err := sqlite.OpenLeader(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open(live)
	push(t, db, "kept.md", "text")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	saved, err := os.ReadFile(live)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(backup, saved, 0o600); err != nil {
		t.Fatal(err)
	}
	lost, restored := open(live), open(backup)
	t.Cleanup(func() { lost.Close(); restored.Close() })
	push(t, lost, "lost.md", "text")
	push(t, restored, "one.md", "text")
	push(t, restored, "two.md", "text")

	source := &switchable{ChangeSource: lost}
	f := newFollower(source, 0)
	body(t, refresh(t, f), "/lost")
	source.ChangeSource = restored
	s := refresh(t, f)
	for _, url := range []string{"/kept", "/one", "/two"} {
		body(t, s, url)
	}
	if page, _ := s.Page("/lost", trip2g.Anonymous); page != nil {
		t.Error("a note of the lost past is still there")
	}
}
