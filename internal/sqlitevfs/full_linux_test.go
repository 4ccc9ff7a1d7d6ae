package sqlitevfs_test

import (
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/sqlitevfs"
)

const diskSize = 32 << 20

// onFullDisk creates a database whose log has space for a transaction, and fills the disk.
func onFullDisk(t *testing.T) (*litefstest.Node, *sqlite3.Conn) {
	t.Helper()
	leader := litefstest.StartPrimary(t, litefstest.OnDisk(diskSize))
	create(t, leader, "data.sqlite3", "wal")
	db := mustOpen(t, leader.Path("data.sqlite3"))
	mustExec(t, db, `INSERT INTO t VALUES (hex(randomblob(50000)), 1); DELETE FROM t; PRAGMA wal_checkpoint(RESTART)`)
	leader.FillDisk(0)
	return leader, db
}

// SQLite ignores that LiteFS could not write its copy of a transaction.
func TestACommitThatLiteFSHasNoRoomForIsNotAcknowledged(t *testing.T) {
	leader, db := onFullDisk(t)
	if err := db.Exec(`INSERT INTO t VALUES ('lost', 1)`); !errors.Is(err, sqlite3.IOERR_UNLOCK) {
		t.Errorf("the commit returned %v, want SQLITE_IOERR_UNLOCK", err)
	}
	if code := leader.Wait(); code != 99 {
		t.Fatalf("LiteFS ended with %d, want 99: it had room", code)
	}
	db.Close()
	leader.FreeDisk()
	leader.Start()
	again := mustOpen(t, leader.Path("data.sqlite3"))
	if got := ask(t, again, `SELECT count(*) FROM t`); got != "0" {
		t.Errorf("%s rows are there: the test did not lose the commit", got)
	}
	mustExec(t, again, `INSERT INTO t VALUES ('kept', 1)`)
}

func withReserve(t *testing.T, file, reserve string) *sqlite3.Conn {
	t.Helper()
	query := url.Values{"vfs": {sqlitevfs.Name}, sqlitevfs.ReserveParameter: {reserve}}
	db, err := sqlite3.Open("file:" + file + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func TestAWriteThatNeedsTheReserveIsRejectedAndLiteFSSurvives(t *testing.T) {
	leader, _ := onFullDisk(t)
	db := withReserve(t, leader.Path("data.sqlite3"), "4194304")
	insert := func(size string) error {
		return db.Exec(`INSERT INTO t VALUES (hex(randomblob(` + size + ` / 2)), 1)`)
	}
	for range 3 {
		if err := insert("100"); !errors.Is(err, sqlite3.FULL) {
			t.Fatalf("a write on a full disk: %v, want SQLITE_FULL", err)
		}
	}
	leader.FillDisk(6 << 20)
	for range 3 {
		if err := insert("4000000"); !errors.Is(err, sqlite3.FULL) {
			t.Fatalf("a large write: %v, want SQLITE_FULL", err)
		}
	}
	if got := ask(t, db, `SELECT count(*) FROM t`); got != "0" {
		t.Errorf("%s rows after refused writes, want none", got)
	}
	leader.FreeDisk()
	for range 3 {
		if err := insert("4000000"); err != nil {
			t.Fatalf("a write once there is room: %v", err)
		}
	}
	if got := ask(t, db, `PRAGMA integrity_check`); got != "ok" {
		t.Errorf("integrity_check: %s", got)
	}
	if log := leader.Log(); strings.Contains(log, "fatal") {
		t.Errorf("LiteFS says:\n%s", log)
	}
	_, err := os.Stat(leader.Path("data.sqlite3-pos"))
	if err != nil {
		t.Error(err)
	}
}
