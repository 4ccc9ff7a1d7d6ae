package server_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"trip2g/services/trip2g/server/servertest"

	"golang.org/x/sys/unix"

	"trip2g/internal/testwait"
)

// lockReaders takes every read lock of a database in WAL mode, as LiteFS does to apply a
// transaction: bytes 123 to 127 of the shared memory (https://sqlite.org/walformat.html#wal_locks).
func lockReaders(t *testing.T, db string) (unlock func()) {
	t.Helper()
	shm, err := os.OpenFile(db+"-shm", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shm.Close() }) // frees the lock
	lock := unix.Flock_t{Type: unix.F_WRLCK, Start: 123, Len: 5}
	testwait.NoFault(t, func() string { // nobody reads at the moment
		if err := unix.FcntlFlock(shm.Fd(), unix.F_OFD_SETLK, &lock); err != nil {
			return err.Error()
		}
		return ""
	})
	return func() { shm.Close() }
}

// TestAReplicaThatCatchesUpStaysReady holds every lock of the database, as LiteFS does while it
// applies a backlog. The replica serves its copy, so a balancer must keep it.
func TestAReplicaThatCatchesUpStaysReady(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "data.sqlite3")
	leader := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=app")
	leader.WaitReady(t)
	leader.PushNote(t, servertest.NewKey(t, db), "hello.md", "---\nfree: true\n---\n# Hello")
	replica := servertest.Start(t, "DB_FILE="+db, "NODE_NAME=r1", "LEADER_ADDR="+leader.InternalAddr)
	replica.WaitReady(t)
	awaitNote(t, replica, "/hello")

	unlock := lockReaders(t, db)
	testwait.NoFault(t, func() string {
		d := askReadyz(t, replica)
		if !d.Ready {
			t.Fatalf("it is not ready: %+v", d)
		}
		if d.Impaired["database"] == "" {
			return fmt.Sprintf("nothing is told: %+v", d)
		}
		return ""
	})
	awaitNote(t, replica, "/hello")
	unlock()
	testwait.NoFault(t, func() string {
		if d := askReadyz(t, replica); !d.Ready || len(d.Impaired) > 0 {
			return fmt.Sprintf("%+v", d)
		}
		return ""
	})
}
