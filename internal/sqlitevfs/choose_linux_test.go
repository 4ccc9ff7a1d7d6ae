package sqlitevfs_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"trip2g/internal/litefs"
	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/sqlitevfs"
)

func TestEachFileSystemGetsTheVFSThatWorksOnIt(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	plain, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(leader.Mount, link); err != nil {
		t.Fatal(err)
	}
	linked := filepath.Join(plain, "linked.sqlite3")
	create(t, leader, "data.sqlite3", "wal")
	if err := os.Symlink(leader.Path("data.sqlite3"), linked); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		filepath.Join(plain, "data.sqlite3"): "os",
		plain:                                "os",
		leader.Path("data.sqlite3"):          sqlitevfs.Name,
		leader.Path("new.sqlite3"):           sqlitevfs.Name,
		leader.Mount:                         sqlitevfs.Name,
		filepath.Join(link, "data.sqlite3"):  sqlitevfs.Name,
		linked:                               sqlitevfs.Name,
	} {
		got, err := sqlitevfs.ForFile(file)
		if err != nil || got != want {
			t.Errorf("ForFile(%s) = %q, %v; want %q", file, got, err, want)
		}
	}
	if _, err := sqlitevfs.ForFile(filepath.Join(plain, "absent", "data.sqlite3")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a directory that does not exist: %v", err)
	}

	leader.Kill()
	if _, err := sqlitevfs.ForFile(leader.Path("data.sqlite3")); !errors.Is(err, litefs.ErrStale) {
		t.Errorf("a mount whose LiteFS was killed: %v, want litefs.ErrStale", err)
	}
}
