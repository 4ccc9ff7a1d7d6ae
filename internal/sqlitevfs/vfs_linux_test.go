package sqlitevfs_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/sqlitevfs"
	"trip2g/internal/testwait"
)

const (
	writers      = 4
	transactions = 500 // of each writer
)

var journalModes = []string{"delete", "wal"}

// The test binary is its own second process: with this variable set it does
// what the variable says to the database that the next one names, and exits.
const (
	roleVariable = "SQLITEVFS_TEST_ROLE"
	fileVariable = "SQLITEVFS_TEST_FILE"
)

func TestMain(m *testing.M) {
	role, file := os.Getenv(roleVariable), os.Getenv(fileVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(role, file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// play does one role on the database in file:
//
//	write-NAME  commits the transactions of one writer
//	quit        begins one and closes the connection when standard input ends
//	serve-MODE  makes the table if need be, begins one and stays until SIGTERM
func play(role, file string) error {
	verb, argument, _ := strings.Cut(role, "-")
	db, err := open(file, "busy_timeout(60000)")
	if err != nil {
		return err
	}
	defer db.Close()
	if verb == "write" {
		return insertMany(db, argument)
	}
	if verb == "serve" {
		if err := db.Exec(`PRAGMA journal_mode=` + argument + `; CREATE TABLE IF NOT EXISTS t (writer TEXT, n INT)`); err != nil {
			return err
		}
	}
	if err := db.Exec(`BEGIN IMMEDIATE; INSERT INTO t VALUES ('` + verb + `', 1)`); err != nil {
		return err
	}
	fmt.Println("in transaction, process", os.Getpid())
	if verb == "serve" {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		<-stop
		return nil
	}
	bufio.NewReader(os.Stdin).ReadByte()
	return nil
}

func insertMany(db *sqlite3.Conn, writer string) error {
	for i := range transactions {
		statement := fmt.Sprintf(`BEGIN IMMEDIATE; INSERT INTO t VALUES ('%s', %d); COMMIT`, writer, i)
		if err := db.Exec(statement); err != nil {
			return fmt.Errorf("writer %s, transaction %d: %w", writer, i, err)
		}
	}
	return nil
}

// open opens a database file with the VFS that its file system needs.
func open(file string, pragmas ...string) (*sqlite3.Conn, error) {
	name, err := sqlitevfs.ForFile(file)
	if err != nil {
		return nil, err
	}
	query := url.Values{"vfs": {name}, "_pragma": pragmas}
	return sqlite3.Open("file:" + file + "?" + query.Encode())
}

func mustOpen(t *testing.T, file string, pragmas ...string) *sqlite3.Conn {
	t.Helper()
	db, err := open(file, pragmas...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func mustExec(t *testing.T, db *sqlite3.Conn, sql string) {
	t.Helper()
	if err := db.Exec(sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// ask returns the first column of the first row.
func ask(t *testing.T, db *sqlite3.Conn, sql string) string {
	t.Helper()
	s, _, err := db.Prepare(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer s.Close()
	if !s.Step() {
		t.Fatalf("%s: no row: %v", sql, s.Err())
	}
	return s.ColumnText(0)
}

// create makes a database with one table on the leader.
func create(t *testing.T, leader *litefstest.Node, name, mode string) {
	t.Helper()
	db := mustOpen(t, leader.Path(name))
	if got := ask(t, db, "PRAGMA journal_mode="+mode); got != mode {
		t.Fatalf("journal mode is %s, want %s", got, mode)
	}
	mustExec(t, db, `CREATE TABLE t (writer TEXT, n INT)`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// process is this test binary in one of its roles.
func process(t *testing.T, role, file string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), roleVariable+"="+role, fileVariable+"="+file)
	c.Stderr = os.Stderr
	return c
}

func TestWritersInFourProcessesLoseNothing(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	replica := litefstest.StartReplica(t, leader)
	for _, mode := range journalModes {
		t.Run(mode, func(t *testing.T) {
			name := mode + ".sqlite3"
			create(t, leader, name, mode)
			var running []*exec.Cmd
			for i := range writers {
				c := process(t, fmt.Sprintf("write-%d", i), leader.Path(name))
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				running = append(running, c)
			}
			for _, c := range running {
				if err := c.Wait(); err != nil {
					t.Error(err)
				}
			}
			replica.WaitFor(leader, name)
			for _, node := range []*litefstest.Node{leader, replica} {
				db := mustOpen(t, node.Path(name), "busy_timeout(60000)")
				if got := ask(t, db, `PRAGMA integrity_check`); got != "ok" {
					t.Errorf("%s: integrity_check: %s", node.Path(name), got)
				}
				got := ask(t, db, `SELECT group_concat(c, ' ') FROM (SELECT writer, count(DISTINCT n) || '/' || count(*) AS c FROM t GROUP BY writer)`)
				want := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%d/%[1]d ", transactions), writers), " ")
				if got != want {
					t.Errorf("%s: transactions of each writer: %s, want %s", node.Path(name), got, want)
				}
			}
		})
	}
}

func TestASecondWriterFailsWithBusy(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	for _, mode := range journalModes {
		t.Run(mode, func(t *testing.T) {
			name := mode + ".sqlite3"
			create(t, leader, name, mode)
			first, second := mustOpen(t, leader.Path(name), "busy_timeout(0)"), mustOpen(t, leader.Path(name), "busy_timeout(0)")
			mustExec(t, first, `BEGIN IMMEDIATE; INSERT INTO t VALUES ('first', 1)`)
			if err := second.Exec(`BEGIN IMMEDIATE`); !errors.Is(err, sqlite3.BUSY) {
				t.Errorf("second writer: %v, want SQLITE_BUSY", err)
			}
			mustExec(t, first, `COMMIT`)
			mustExec(t, second, `INSERT INTO t VALUES ('second', 1)`)
		})
	}
}

// With a rollback journal a commit has to wait for readers, and holds new ones
// off while it does: the lock for which the driver's own VFS would wait.
func TestCommitWaitsForReadersWithoutAnError(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	create(t, leader, "data.sqlite3", "delete")
	file := leader.Path("data.sqlite3")
	reader, late, writer := mustOpen(t, file, "busy_timeout(0)"), mustOpen(t, file, "busy_timeout(0)"), mustOpen(t, file, "busy_timeout(0)")

	mustExec(t, reader, `BEGIN`)
	ask(t, reader, `SELECT count(*) FROM t`)
	wantLock(t, reader, vfs.LOCK_SHARED)

	mustExec(t, writer, `BEGIN IMMEDIATE; INSERT INTO t VALUES ('writer', 1)`)
	wantLock(t, writer, vfs.LOCK_RESERVED)
	if err := writer.Exec(`COMMIT`); !errors.Is(err, sqlite3.BUSY) {
		t.Fatalf("commit beside a reader: %v, want SQLITE_BUSY", err)
	}
	wantLock(t, writer, vfs.LOCK_PENDING)
	if err := late.Exec(`SELECT count(*) FROM t`); !errors.Is(err, sqlite3.BUSY) {
		t.Errorf("reader that comes after the commit began: %v, want SQLITE_BUSY", err)
	}

	mustExec(t, reader, `COMMIT`)
	mustExec(t, writer, `COMMIT`)
	wantLock(t, writer, vfs.LOCK_NONE)
	if got := ask(t, late, `SELECT count(*) FROM t`); got != "1" {
		t.Errorf("%s rows after the commit, want 1", got)
	}
}

func wantLock(t *testing.T, db *sqlite3.Conn, want vfs.LockLevel) {
	t.Helper()
	got, err := db.FileControl("main", sqlite3.FCNTL_LOCKSTATE)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("lock is %v, want %v", got, want)
	}
}

func TestWriterThatExitsInATransactionFreesItsLock(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	for _, mode := range journalModes {
		t.Run(mode, func(t *testing.T) {
			name := mode + ".sqlite3"
			create(t, leader, name, mode)
			c := process(t, "quit", leader.Path(name))
			stop, err := c.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := c.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
				t.Fatalf("other process says %q: %v", line, err)
			}
			db := mustOpen(t, leader.Path(name), "busy_timeout(0)")
			if err := db.Exec(`BEGIN IMMEDIATE`); !errors.Is(err, sqlite3.BUSY) {
				t.Errorf("while the other process writes: %v, want SQLITE_BUSY", err)
			}
			stop.Close()
			if err := c.Wait(); err != nil {
				t.Fatal(err)
			}
			mustExec(t, db, `INSERT INTO t VALUES ('next', 1)`)
			if got := ask(t, db, `SELECT group_concat(writer) FROM t`); got != "next" {
				t.Errorf("rows of %s, want of next alone", got)
			}
		})
	}
}

// LiteFS keeps the locks of a killed process, so its node has to end with it.
func TestServerKilledInATransactionLeavesNoLockOnceItsNodeRestarts(t *testing.T) {
	for _, mode := range journalModes {
		t.Run(mode, func(t *testing.T) {
			leader := litefstest.StartPrimary(t, func(n *litefstest.Node) {
				litefstest.Exec("/usr/bin/env", roleVariable+"=serve-"+mode, fileVariable+"="+n.Path("data.sqlite3"), os.Args[0])(n)
			})
			if err := syscall.Kill(serverProcess(t, leader), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			if code := leader.Wait(); code == 0 {
				t.Error("the node whose server was killed reports success, so that nothing would restart it")
			}
			leader.Start()
			// It is a writer again, on a database without what the dead one left.
			serverProcess(t, leader)
			db := mustOpen(t, leader.Path("data.sqlite3"), "busy_timeout(0)")
			if got := ask(t, db, `SELECT count(*) FROM t`); got != "0" {
				t.Errorf("%s rows of a transaction that was never committed", got)
			}
			if got := ask(t, db, `PRAGMA integrity_check`); got != "ok" {
				t.Errorf("integrity_check: %s", got)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if code := leader.Stop(); code != 0 {
				t.Errorf("exit code %d after SIGTERM, want 0", code)
			}
		})
	}
}

// serverProcess waits until the server that LiteFS started is in its
// transaction and returns its process id.
func serverProcess(t *testing.T, node *litefstest.Node) (pid int) {
	t.Helper()
	testwait.Until(t, "the server to begin its transaction", func() bool {
		_, after, found := strings.Cut(node.Log(), "in transaction, process ")
		if !found {
			return false
		}
		_, err := fmt.Sscanln(after, &pid)
		return err == nil
	})
	return pid
}

func TestAReplicaRejectsAWriteAndStaysIntact(t *testing.T) {
	// LiteFS refuses to make a journal, and fails a write to the log.
	refusal := map[string]error{"delete": sqlite3.READONLY, "wal": sqlite3.IOERR}
	leader := litefstest.StartPrimary(t)
	replica := litefstest.StartReplica(t, leader)
	for _, mode := range journalModes {
		t.Run(mode, func(t *testing.T) {
			name := mode + ".sqlite3"
			create(t, leader, name, mode)
			on := mustOpen(t, leader.Path(name))
			mustExec(t, on, `INSERT INTO t VALUES ('leader', 1)`)
			replica.WaitFor(leader, name)

			db := mustOpen(t, replica.Path(name))
			if err := db.Exec(`INSERT INTO t VALUES ('replica', 1)`); !errors.Is(err, refusal[mode]) {
				t.Errorf("insert on a replica: %v, want %v", err, refusal[mode])
			}

			mustExec(t, on, `INSERT INTO t VALUES ('leader', 2)`)
			replica.WaitFor(leader, name)
			if got := ask(t, db, `PRAGMA integrity_check`); got != "ok" {
				t.Errorf("integrity_check: %s", got)
			}
			if got := ask(t, db, `SELECT group_concat(writer || n) FROM t`); got != "leader1,leader2" {
				t.Errorf("the replica has %s, want leader1,leader2", got)
			}
		})
	}
}

// The driver's own file answers these on any file system.
func TestFileControlsWorkLikeTheDriversOwnFile(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	create(t, leader, "data.sqlite3", "wal")
	db := mustOpen(t, leader.Path("data.sqlite3"))
	mustExec(t, db, `INSERT INTO t VALUES ('a', 1)`)

	for _, test := range []struct {
		op   sqlite3.FcntlOpcode
		arg  []any
		want any
	}{
		{sqlite3.FCNTL_VFSNAME, nil, sqlitevfs.Name},
		{sqlite3.FCNTL_PERSIST_WAL, nil, false},
		{sqlite3.FCNTL_PERSIST_WAL, []any{true}, true},
		{sqlite3.FCNTL_PERSIST_WAL, nil, true},
		{sqlite3.FCNTL_POWERSAFE_OVERWRITE, nil, true},
		{sqlite3.FCNTL_POWERSAFE_OVERWRITE, []any{false}, false},
		{sqlite3.FCNTL_POWERSAFE_OVERWRITE, nil, false},
		{sqlite3.FCNTL_LOCKSTATE, nil, vfs.LOCK_SHARED},
	} {
		got, err := db.FileControl("main", test.op, test.arg...)
		if err != nil || got != test.want {
			t.Errorf("file control %v %v: %v, %v; want %v", test.op, test.arg, got, err, test.want)
		}
	}
	if got := ask(t, db, `PRAGMA mmap_size=65536`); got != "65536" {
		t.Errorf("mmap_size is %s, want 65536", got)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(leader.Path("data.sqlite3-wal")); err != nil {
		t.Errorf("the write-ahead log that was to persist: %v", err)
	}
}
