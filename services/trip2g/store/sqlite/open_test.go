package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
)

func TestAFileThatIsNotADatabaseIsRejectedWithItsName(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		ok(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	foreign := filepath.Join(dir, "foreign.sqlite3")
	pool, err := openWritePool(foreign, 0)
	ok(t, err)
	_, err = pool.Exec(`CREATE TABLE theirs (x)`)
	ok(t, err)
	ok(t, pool.Close())

	for name, tt := range map[string]struct{ path, says string }{
		"nothing":            {"", "is empty"},
		"a folder":           {dir, "is a folder"},
		"a text file":        {write("text.sqlite3", strings.Repeat("hello ", 1000)), "is not an SQLite database"},
		"a damaged database": {write("damaged.sqlite3", damagedDatabase(t)), "is a damaged database"},
		"another program's":  {foreign, "another program"},
		"below a file":       {filepath.Join(write("file", "x"), "data.sqlite3"), "is inside something that is not a directory"},
		"a device":           {"/dev/null", "not a regular file"},
		"a name with NUL":    {"a\x00b", "without NUL"},
		"a log's name":       {filepath.Join(dir, "data-wal"), "ends in -wal"},
		"shared memory":      {filepath.Join(dir, "data-shm"), "ends in -shm"},
		"a journal's name":   {filepath.Join(dir, "data-journal"), "ends in -journal"},
		"a position's name":  {filepath.Join(dir, "data-pos"), "ends in -pos"},
		"a lock's name":      {filepath.Join(dir, "data-lock"), "ends in -lock"},
	} {
		before, _ := os.ReadFile(tt.path)
		_, leaderErr := OpenLeader(t.Context(), tt.path, Options{})
		_, readerErr := OpenReplica(t.Context(), tt.path, Options{})
		for _, err := range []error{leaderErr, readerErr} {
			if err == nil || !strings.Contains(err.Error(), tt.says) || !strings.HasPrefix(trip2g.ErrorMessage(err), "TRIP2G_DB_FILE: ") {
				t.Errorf("%s: the error is %v, want one of TRIP2G_DB_FILE that says %q", name, err, tt.says)
			}
		}
		if after, _ := os.ReadFile(tt.path); !bytes.Equal(before, after) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	for name, path := range map[string]string{
		"a folder that is not there":    filepath.Join(dir, "no", "data.sqlite3"),
		"a folder that takes no files":  "/proc/data.sqlite3",
		"a folder that nobody can fill": "/sys/data.sqlite3",
	} {
		if _, err := OpenLeader(t.Context(), path, Options{}); err == nil || !strings.HasPrefix(trip2g.ErrorMessage(err), "TRIP2G_DB_FILE: ") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

// damagedDatabase is a database whose pages after the first kilobyte are noise.
func damagedDatabase(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "whole.sqlite3")
	db, err := OpenLeader(t.Context(), path, Options{})
	ok(t, err)
	ok(t, db.Close())
	content, err := os.ReadFile(path)
	ok(t, err)
	for i := 100; i < len(content); i++ {
		content[i] = byte(i * 31)
	}
	return string(content)
}

func TestAnyFileNameNamesThatFile(t *testing.T) {
	for _, name := range []string{"a b.db", "q?mode=memory.db", "h#x.db", "p%20c.db", "plus+.db", "ü.db", "&vfs=x.db", "'\".db", `back\slash.db`, "file:x.db"} {
		path := filepath.Join(t.TempDir(), name)
		db := openAt(t, path)
		push(t, db, stageA, true, "n.md=text")
		wantSite(t, newReplica(t, path), "n.md=text")
		if _, err := os.Stat(path); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	t.Chdir(t.TempDir())
	openAt(t, "relative.sqlite3")
	if _, err := os.Stat("relative.sqlite3"); err != nil {
		t.Error(err)
	}
}

// Folder permissions do not apply to root, so this tests the rules of the pool.
func TestEveryConnectionOfAReplicaRejectsWrites(t *testing.T) {
	db := newLeader(t)
	push(t, db, stageA, true, "n.md=text")
	r := newReplica(t, db.path)
	var conns []*sql.Conn
	for range defaultReaders {
		conn, err := r.pool.Conn(t.Context())
		ok(t, err)
		defer conn.Close()
		conns = append(conns, conn)
	}
	for _, conn := range conns {
		for _, statement := range []string{
			`INSERT INTO users (email, created_at) VALUES ('x', 1)`,
			`UPDATE notes SET hidden = 1`,
			`DELETE FROM changes`,
			`CREATE TABLE t (x)`,
			`DROP TABLE notes`,
			`PRAGMA user_version = 7`,
		} {
			if _, err := conn.ExecContext(t.Context(), statement); err == nil {
				t.Errorf("a replica's connection ran %s", statement)
			}
		}
	}
}

// A method that writes would have to be added to this list.
func TestAReplicaHasNoMethodThatWrites(t *testing.T) {
	want := []string{"Asset", "Changes", "CheckEncryptionKey", "Close", "IsReferenced", "OpenAsset", "Ready", "Shrink"}
	var got []string
	for method := range reflect.TypeFor[*ReadDB]().Methods() {
		got = append(got, method.Name)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the methods of a ReadDB are %v, want %v", got, want)
	}
}

func TestAReplicaLeavesTheFilesAsTheyAre(t *testing.T) {
	db := newLeader(t)
	ids, _ := push(t, db, stageA, true, "n.md=text")
	asset := store(t, db, strings.Repeat("file", 100_000))
	attach(t, db, stageA, ids[0], "f", asset, true)
	watch := watchCommits(t, db.path)
	before := fileContents(t, db.path)

	r, err := OpenReplica(t.Context(), db.path, Options{})
	ok(t, err)
	ok(t, r.Ready(t.Context()))
	ok(t, follow(r).catchUp(t.Context(), 1))
	_, err = r.Asset(t.Context(), asset.Hash)
	ok(t, err)
	file, err := r.OpenAsset(t.Context(), asset.Hash)
	ok(t, err)
	ok(t, drain(file))
	ok(t, r.CheckEncryptionKey(t.Context(), [32]byte{1}))
	ok(t, r.Close())

	if after := fileContents(t, db.path); !reflect.DeepEqual(before, after) {
		t.Error("reading changed the database or its log")
	}
	if watch.changed(t) {
		t.Error("reading committed something")
	}
}

// By default the last process to close a database checkpoints the log.
func TestAReplicaDoesNotCheckpointWhenItCloses(t *testing.T) {
	source := newLeader(t)
	push(t, source, stageA, true, "n.md=text")
	path := filepath.Join(t.TempDir(), "copy.sqlite3")
	for suffix, content := range fileContents(t, source.path) {
		ok(t, os.WriteFile(path+suffix, content, 0o600))
	}
	before := fileContents(t, path)
	r, err := OpenReplica(t.Context(), path, Options{})
	ok(t, err)
	wantSite(t, r, "n.md=text")
	ok(t, r.Close())
	if after := fileContents(t, path); !reflect.DeepEqual(before, after) {
		t.Error("closing the replica changed the database or its log")
	}
}

func fileContents(t *testing.T, path string) map[string][]byte {
	contents := map[string][]byte{}
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		ok(t, err)
		contents[suffix] = content
	}
	return contents
}

// reasons collects the reported reasons.
type reasons struct {
	mu   sync.Mutex
	list []string
}

func (r *reasons) add(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, reason)
}

func (r *reasons) has(text string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.list, func(reason string) bool { return strings.Contains(reason, text) })
}

func TestAReplicaReportsWhatItWaitsForAndThenOpens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	newest := newestSchema(embeddedMigrations())
	var reported reasons
	opened := make(chan *ReadDB, 1)
	go func() {
		defer close(opened)
		r, err := openReplica(t.Context(), path, Options{Waiting: reported.add}, newest+1)
		if err != nil {
			t.Error(err)
			return
		}
		opened <- r
	}()
	testwait.Until(t, "the replica says that the file is missing", func() bool { return reported.has(path + " to exist") })
	ok(t, os.WriteFile(path, nil, 0o600))
	testwait.Until(t, "the replica says that the tables are missing", func() bool { return reported.has("make the tables") })
	openAt(t, path)
	testwait.Until(t, "the replica says that the schema is old", func() bool {
		return reported.has(fmt.Sprintf("has schema %d and this binary needs %d", newest, newest+1))
	})
	select {
	case <-opened:
		t.Fatal("the replica opened an older schema")
	default:
	}
	newer, err := openLeader(t.Context(), path, Options{}, oneMoreMigration(t))
	ok(t, err)
	defer newer.Close()
	r := <-opened
	ok(t, r.Ready(t.Context()))
	wantSite(t, r)
	ok(t, r.Close())
	// A leader migrates step by step, and each observed step is a new reason.
	for i, reason := range reported.list {
		if slices.Contains(reported.list[:i], reason) {
			t.Errorf("%q was reported more than once: %q", reason, reported.list)
		}
	}
}

// oneMoreMigration returns the migrations of a newer binary.
func oneMoreMigration(t *testing.T) fs.FS {
	names, err := fs.Glob(embeddedMigrations(), "*.sql")
	ok(t, err)
	files := fstest.MapFS{
		fmt.Sprintf("%05d_more.sql", newestSchema(embeddedMigrations())+1): {Data: []byte("-- +goose Up\nCREATE TABLE more (x INTEGER) STRICT;\n")},
	}
	for _, name := range names {
		content, err := fs.ReadFile(embeddedMigrations(), name)
		ok(t, err)
		files[name] = &fstest.MapFile{Data: content}
	}
	return files
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := OpenReplica(ctx, filepath.Join(t.TempDir(), "no", "data.sqlite3"), Options{Waiting: func(string) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("the wait ended with %v", err)
	}
}

func TestANewerSchemaIsRejectedWithBothVersionsAndTheRemedy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	running := openAt(t, path)
	newer, err := openLeader(t.Context(), path, Options{}, oneMoreMigration(t))
	ok(t, err)
	push(t, newer, stageA, true, "n.md=text")

	_, leaderErr := OpenLeader(t.Context(), path, Options{})
	_, readerErr := OpenReplica(t.Context(), path, Options{})
	_, changesErr := running.Changes(t.Context(), 0, 10)
	known := newestSchema(embeddedMigrations())
	for name, err := range map[string]error{
		"a leader": leaderErr, "a replica": readerErr, "a running node": running.Ready(t.Context()), "a running node's site": changesErr,
	} {
		wantCode(t, err, trip2g.EUNAVAILABLE)
		for _, part := range []string{fmt.Sprintf("schema %d", known+1), fmt.Sprintf("up to %d", known), "upgrade this node's trip2g"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s says %q without %q", name, err, part)
			}
		}
	}
	ok(t, newer.Close())
}

func TestServersThatStartTogetherMigrateOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			db, err := OpenLeader(t.Context(), path, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			db.Close()
		})
	}
	wg.Wait()
	db := openAt(t, path)
	if n := count(t, db, `SELECT count(*) FROM `+schemaTable+` WHERE version_id = 1`); n != 1 {
		t.Errorf("the schema was made %d times", n)
	}
}

func TestTheDatabaseKeepsItsIdAndItsPosition(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	db := openAt(t, path)
	_, position := push(t, db, stageA, true, "n.md=text")
	first := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), 0, 10))
	ok(t, db.Close())
	again := must[trip2g.ChangeSet](t)(openAt(t, path).Changes(t.Context(), 0, 10))
	if !reflect.DeepEqual(first, again) || again.Head != position || len(again.DatabaseID) != 32 || again.Schema != newestSchema(embeddedMigrations()) {
		t.Errorf("before %+v, after %+v", first, again)
	}
	other := must[trip2g.ChangeSet](t)(newLeader(t).Changes(t.Context(), 0, 10))
	if other.DatabaseID == first.DatabaseID {
		t.Error("two databases have one id")
	}
}

func TestAnotherEncryptionKeyIsRejected(t *testing.T) {
	db := newLeader(t)
	r := newReplica(t, db.path)
	key, other := [32]byte{1}, [32]byte{2}
	ok(t, r.CheckEncryptionKey(t.Context(), other))
	ok(t, db.CheckEncryptionKey(t.Context(), key))
	for range 2 {
		ok(t, db.CheckEncryptionKey(t.Context(), key))
		ok(t, r.CheckEncryptionKey(t.Context(), key))
		for _, err := range []error{db.CheckEncryptionKey(t.Context(), other), r.CheckEncryptionKey(t.Context(), other)} {
			wantCode(t, err, trip2g.EINVALID)
			if !strings.Contains(err.Error(), "TRIP2G_DATA_ENCRYPTION_KEY") {
				t.Errorf("the error %q does not name the setting", err)
			}
		}
	}
}
