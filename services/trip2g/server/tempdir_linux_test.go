package server_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"golang.org/x/sys/unix"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/testwait"
)

// unwritableFolder mounts a read-only file system, like /tmp in a container without one.
func unwritableFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_RDONLY, "size=64k"); err != nil {
		t.Fatalf("mount a read-only file system: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// TestWithoutAFolderForTemporaryFilesTheDatabasesIsUsed publishes a picture that is too large for
// memory and finds its note, on a machine such as a container FROM scratch. No file is left next to
// the database.
func TestWithoutAFolderForTemporaryFilesTheDatabasesIsUsed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := filepath.Join(dir, "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "FILE_CACHE_DIR="+unwritableFolder(t))
	leader.WaitReady(t)
	files := map[string]string{
		"garden.md": "---\nfree: true\n---\n# Garden\n\n![[big.png]]\n", "big.png": strings.Repeat("large ", 2<<20),
	}
	if err := leader.Push(t, servertest.NewKey(t, db), files, 0); err != nil {
		t.Fatal(err)
	}
	testwait.NoFault(t, func() string {
		if status, body := servertest.Get(leader.Public + "/_system/search.json?q=garden"); status != http.StatusOK || !strings.Contains(body, `"total":1`) {
			return body
		}
		return ""
	})
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range left {
		if !strings.HasPrefix(f.Name(), "data.sqlite3") {
			t.Errorf("%s is left beside the database", f.Name())
		}
	}
}

// TestANodeWhoseSearchCannotWorkSaysWhy has its database on a LiteFS mount, where no other file may
// be. It serves pages and is ready. Readers see that search does not work, and the operator sees
// why.
func TestANodeWhoseSearchCannotWorkSaysWhy(t *testing.T) {
	db, unwritable := litefstest.StartPrimary(t).Path("data.sqlite3"), unwritableFolder(t)
	leader := servertest.Start(t, "DB_FILE="+db, "FILE_CACHE_DIR="+unwritable, "NODE_NAME=app")
	leader.WaitReady(t)
	awaitReadyz(t, leader, http.StatusOK, `"impaired":{"search":"create the search index: no folder takes temporary files: mkdir `+unwritable)
	code, body := servertest.Get(leader.Public + "/_system/search?q=garden")
	if code != http.StatusServiceUnavailable || !strings.Contains(body, "Search is not available at the moment") || strings.Contains(body, unwritable) {
		t.Errorf("a reader is answered %d: %s", code, body)
	}
	wantProblem(t, leader, servertest.NewKey(t, db), "app: impaired: search: create the search index: no folder takes temporary files")
}
