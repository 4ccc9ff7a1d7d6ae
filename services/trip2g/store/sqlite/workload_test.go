package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"

	"trip2g/services/trip2g"
)

// operation is a small operation on a vault of any size. n is different for each run.
type operation struct {
	name string
	do   func(ctx context.Context, db *DB, n int) error
}

var stageAll, stageOne = trip2g.Stage{Author: "key:all"}, trip2g.Stage{Author: "key:one"}

// operations change one note of a vault from filledVault, or read one change.
var operations = []operation{
	{"publish one note", func(ctx context.Context, db *DB, n int) error {
		return pushOne(ctx, db, stageOne, n, true)
	}},
	{"stage one note and commit", func(ctx context.Context, db *DB, n int) error {
		if err := pushOne(ctx, db, stageOne, n, false); err != nil {
			return err
		}
		_, _, err := db.Commit(ctx, stageOne)
		return err
	}},
	{"stage one note more in a stage that holds the vault", func(ctx context.Context, db *DB, n int) error {
		return pushOne(ctx, db, stageAll, n, false)
	}},
	{"hide and show one note", func(ctx context.Context, db *DB, n int) error {
		if _, err := db.HideNotes(ctx, stageOne, []string{"0.md"}, true); err != nil {
			return err
		}
		return pushOne(ctx, db, stageOne, n, true)
	}},
	{"attach one file", func(ctx context.Context, db *DB, n int) error {
		content := fmt.Sprint("file ", n)
		asset, err := db.PutAsset(ctx, sha256Hex(content), 100, strings.NewReader(content))
		if err != nil {
			return err
		}
		_, err = db.AttachAsset(ctx, stageOne, firstNote, trip2g.NoteAsset{Hash: asset.Hash, Ref: "f", AbsolutePath: "f"}, true)
		return err
	}},
	{"read one change", func(ctx context.Context, db *DB, n int) error {
		set, err := db.Changes(ctx, 0, 1)
		if err != nil {
			return err
		}
		_, err = db.Changes(ctx, set.Head-1, 100)
		return err
	}},
	{"ask for three paths", func(ctx context.Context, db *DB, n int) error {
		_, err := db.NotePaths(ctx, stageOne, trip2g.NotePathFilter{Paths: []string{"0.md", "7.md", "missing.md"}})
		return err
	}},
	{"begin a lineage", func(ctx context.Context, db *DB, n int) error {
		db.begun.Store(false)
		return pushOne(ctx, db, stageOne, -n, true)
	}},
}

// firstNote is the id of the first note in a new database.
const firstNote = 1001

func pushOne(ctx context.Context, db *DB, stage trip2g.Stage, n int, publish bool) error {
	_, _, err := db.PushNotes(ctx, stage, []trip2g.NoteUpdate{{Path: "0.md", Content: fmt.Sprint("text ", n)}}, publish)
	return err
}

// filledVault returns a leader's database with size published notes, each with a file and a staged
// change in stageAll.
func filledVault(t testing.TB, size int) *DB {
	t.Helper()
	db, err := OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), Options{Readers: 1})
	ok(t, err)
	t.Cleanup(func() { db.Close() })
	asset := store(t, db, "a file of all notes")
	for begin := 0; begin < size; begin += 1000 {
		published, changed := make([]trip2g.NoteUpdate, 0, 1000), make([]trip2g.NoteUpdate, 0, 1000)
		for i := begin; i < min(begin+1000, size); i++ {
			path := fmt.Sprintf("%d.md", i)
			published = append(published, trip2g.NoteUpdate{Path: path, Content: "text of " + path})
			changed = append(changed, trip2g.NoteUpdate{Path: path, Content: "next text of " + path})
		}
		_, _, err := db.PushNotes(t.Context(), stageOne, published, true)
		ok(t, err)
		_, _, err = db.PushNotes(t.Context(), stageAll, changed, false)
		ok(t, err)
	}
	_, err = db.writer.Exec(`INSERT INTO note_assets (note_id, ref, asset_id, absolute_path) SELECT id, 'a', ?, 'a' FROM notes`, asset.ID)
	ok(t, err)
	return db
}

// stepCount counts SQLite's virtual machine steps
// (https://sqlite.org/c3ref/c_stmtstatus_counter.html), which are the same on every machine.
type stepCount struct {
	steps int
	most  int
	query string // with the most steps
}

func countSteps(t testing.TB, pools ...*sql.DB) *stepCount {
	t.Helper()
	c := &stepCount{}
	for _, pool := range pools {
		conn, err := pool.Conn(t.Context())
		ok(t, err)
		ok(t, conn.Raw(func(raw any) error {
			return raw.(interface{ Raw() *sqlite3.Conn }).Raw().Trace(sqlite3.TRACE_PROFILE, c.add)
		}))
		ok(t, conn.Close())
	}
	return c
}

func (c *stepCount) add(_ sqlite3.TraceEvent, statement, _ any) error {
	s := statement.(*sqlite3.Stmt)
	steps := s.Status(sqlite3.STMTSTATUS_VM_STEP, true)
	if steps > c.most {
		c.most, c.query = steps, s.SQL()
	}
	c.steps += steps
	return nil
}

// Correcting a word takes no longer in a vault of 100,000 notes than in one of 100.
func TestTheWorkForOneChangeDoesNotGrowWithTheVault(t *testing.T) {
	small, large := filledVault(t, 20), filledVault(t, 800)
	inSmall, inLarge := countSteps(t, small.writer.DB, small.pool.DB), countSteps(t, large.writer.DB, large.pool.DB)
	for _, op := range operations {
		// A prepared statement counts from its preparation; each report resets the count.
		ok(t, op.do(t.Context(), small, 0))
		ok(t, op.do(t.Context(), large, 0))
		*inSmall, *inLarge = stepCount{}, stepCount{}
		ok(t, op.do(t.Context(), small, 1))
		ok(t, op.do(t.Context(), large, 1))
		if inSmall.steps == 0 || inLarge.steps > 2*inSmall.steps {
			t.Errorf("%s: %d steps among 20 notes, %d among 800; the most in %s", op.name, inSmall.steps, inLarge.steps, inLarge.query)
		}
	}
}

// BenchmarkOneChange measures each operation among 100 and 100,000 notes.
func BenchmarkOneChange(b *testing.B) {
	for _, size := range []int{100, 100_000} {
		db := filledVault(b, size)
		n := 0
		for _, op := range operations {
			b.Run(fmt.Sprintf("%s/%d", strings.ReplaceAll(op.name, " ", "-"), size), func(b *testing.B) {
				for b.Loop() {
					n++
					ok(b, op.do(b.Context(), db, n))
				}
			})
		}
	}
}
