package sqlitevfs_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/sqlitevfs"
)

// openReader opens a database file for reading, with the VFS that its file system needs.
func openReader(t *testing.T, file string, pragmas ...string) *sqlite3.Conn {
	t.Helper()
	name, err := sqlitevfs.ForReader(file)
	if err != nil {
		t.Fatal(err)
	}
	query := url.Values{"vfs": {name}, "_pragma": append(pragmas, "busy_timeout(60000)", "query_only(1)")}
	db, err := sqlite3.Open("file:" + file + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// The kernel writes a dirty page of a mapping back before it drops it, and LiteFS, whose request it
// is to drop it, has to answer: a LiteFS that is killed meanwhile never ends.
func TestAReaderOnAReplicaMapsNothingOfTheMount(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	replica := litefstest.StartReplica(t, leader)
	create(t, leader, "data.sqlite3", "wal")
	writer := mustOpen(t, leader.Path("data.sqlite3"))
	for i := range 3 {
		mustExec(t, writer, `INSERT INTO t VALUES ('w', 1)`)
		replica.WaitFor(leader, "data.sqlite3")
		db := openReader(t, replica.Path("data.sqlite3"))
		if got, want := ask(t, db, `SELECT count(*) FROM t`), fmt.Sprint(i+1); got != want {
			t.Errorf("%s rows, want %s", got, want)
		}
		maps, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(maps)) {
			if strings.Contains(line, replica.Mount) {
				t.Errorf("mapped: %s", line)
			}
		}
	}
}

// Two rows always have the same sum. Readers on the replica see it in each transaction, never an
// older state than before, and at last the newest.
func TestReadersOnAReplicaSeeWholeTransactionsInOrder(t *testing.T) {
	const writes, readers = 400, 3
	leader := litefstest.StartPrimary(t)
	replica := litefstest.StartReplica(t, leader)
	create(t, leader, "data.sqlite3", "wal")
	writer := mustOpen(t, leader.Path("data.sqlite3"))
	mustExec(t, writer, `CREATE TABLE pair (id INTEGER PRIMARY KEY, n INT, filler TEXT);
		INSERT INTO pair VALUES (1, 0, hex(randomblob(3000))), (2, 100000, hex(randomblob(3000)))`)
	replica.WaitFor(leader, "data.sqlite3")

	var done atomic.Bool
	var group sync.WaitGroup
	for range readers {
		db := openReader(t, replica.Path("data.sqlite3"))
		group.Go(func() { follow(t, db, done.Load) })
	}
	for i := range writes {
		mustExec(t, writer, fmt.Sprintf(`BEGIN IMMEDIATE; UPDATE pair SET n = n + 1 WHERE id = 1;
			INSERT INTO t VALUES (hex(randomblob(%d)), %d); DELETE FROM t WHERE n < %d;
			UPDATE pair SET n = n - 1, filler = hex(randomblob(3000)) WHERE id = 2; COMMIT`, 100*(i%50), i, i-20))
	}
	done.Store(true)
	group.Wait()
	replica.WaitFor(leader, "data.sqlite3")
	db := openReader(t, replica.Path("data.sqlite3"))
	if got := ask(t, db, `SELECT n FROM pair WHERE id = 1`); got != fmt.Sprint(writes) {
		t.Errorf("the replica has %s, want %d", got, writes)
	}
	if got := ask(t, db, `PRAGMA integrity_check`); got != "ok" {
		t.Errorf("integrity_check: %s", got)
	}
}

// follow reads until done, on one connection, and reports what no transaction left.
func follow(t *testing.T, db *sqlite3.Conn, done func() bool) {
	last := int64(0)
	for !done() && !t.Failed() {
		first, second, err := readPair(db)
		switch {
		case err != nil:
			t.Error(err)
		case first+second != 100000:
			t.Errorf("one transaction shows %d and %d", first, second)
		case first < last:
			t.Errorf("%d after %d", first, last)
		}
		last = first
	}
}

// readPair reads both rows by statements of their own in one transaction.
func readPair(db *sqlite3.Conn) (first, second int64, err error) {
	if err := db.Exec(`BEGIN`); err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, db.Exec(`COMMIT`)) }()
	for id, n := range map[int]*int64{1: &first, 2: &second} {
		s, _, err := db.Prepare(fmt.Sprintf(`SELECT n FROM pair WHERE id = %d`, id))
		if err != nil {
			return 0, 0, err
		}
		defer s.Close()
		if !s.Step() {
			return 0, 0, fmt.Errorf("no row %d: %w", id, s.Err())
		}
		*n = s.ColumnInt64(0)
	}
	return first, second, nil
}

func TestAReaderOnAReplicaCannotWrite(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	replica := litefstest.StartReplica(t, leader)
	create(t, leader, "data.sqlite3", "wal")
	replica.WaitFor(leader, "data.sqlite3")
	db := openReader(t, replica.Path("data.sqlite3"))
	mustExec(t, db, `PRAGMA query_only = 0`)
	if err := db.Exec(`INSERT INTO t VALUES ('replica', 1)`); !errors.Is(err, sqlite3.READONLY) {
		t.Errorf("insert: %v, want SQLITE_READONLY", err)
	}
}

// What a leader has in its write-ahead log is not in the file that a replica's reader reads.
func TestAReaderForReplicasRejectsALeadersDatabase(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	create(t, leader, "data.sqlite3", "wal")
	file := leader.Path("data.sqlite3")
	if name, err := sqlitevfs.ForReader(file); err != nil || name != sqlitevfs.Name {
		t.Errorf("ForReader on a leader: %s, %v", name, err)
	}
	writer := mustOpen(t, file)
	mustExec(t, writer, `INSERT INTO t VALUES ('w', 1)`)
	db, err := sqlite3.Open("file:" + file + "?vfs=" + sqlitevfs.ReplicaName)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Exec(`SELECT * FROM t`); !errors.Is(err, sqlite3.IOERR) {
		t.Errorf("reading a leader's database: %v, want SQLITE_IOERR", err)
	}
}
