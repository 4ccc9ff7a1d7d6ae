package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

var stageA, stageB = trip2g.Stage{Author: "key:1"}, trip2g.Stage{Author: "key:2"}

// newLeader opens a fresh database for the length of a test.
func newLeader(t testing.TB) *DB {
	t.Helper()
	return openAt(t, filepath.Join(t.TempDir(), "data.sqlite3"))
}

func openAt(t testing.TB, path string) *DB {
	t.Helper()
	db, err := OpenLeader(t.Context(), path, Options{})
	if err != nil {
		t.Fatalf("open the leader's database: %v", err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func newReplica(t testing.TB, path string) *ReadDB {
	t.Helper()
	r, err := OpenReplica(t.Context(), path, Options{})
	if err != nil {
		t.Fatalf("open the replica's database: %v", err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if got := trip2g.ErrorCode(err); got != code {
		t.Fatalf("error %v has code %q, want %q", err, got, code)
	}
}

// push pushes notes as "path=content" and returns their ids.
func push(t testing.TB, db *DB, stage trip2g.Stage, publish bool, notes ...string) ([]int64, trip2g.Position) {
	t.Helper()
	updates := make([]trip2g.NoteUpdate, len(notes))
	for i, note := range notes {
		updates[i].Path, updates[i].Content, _ = strings.Cut(note, "=")
	}
	staged, position, err := db.PushNotes(t.Context(), stage, updates, publish)
	if err != nil {
		t.Fatalf("push %v: %v", notes, err)
	}
	ids := make([]int64, len(staged))
	for i := range staged {
		ids[i] = staged[i].ID
	}
	return ids, position
}

func commit(t testing.TB, db *DB, stage trip2g.Stage) trip2g.Position {
	t.Helper()
	_, position, err := db.Commit(t.Context(), stage)
	return must[trip2g.Position](t)(position, err)
}

func store(t testing.TB, db *DB, content string) trip2g.Asset {
	t.Helper()
	asset, err := db.PutAsset(t.Context(), sha256Hex(content), 1<<30, strings.NewReader(content))
	if err != nil {
		t.Fatalf("store a file: %v", err)
	}
	return asset
}

func attach(t testing.TB, db *DB, stage trip2g.Stage, note int64, ref string, asset trip2g.Asset, publish bool) trip2g.Position {
	t.Helper()
	position, err := db.AttachAsset(t.Context(), stage, note, trip2g.NoteAsset{AssetID: asset.ID, Ref: ref, AbsolutePath: "img/" + ref}, publish)
	if err != nil {
		t.Fatalf("attach a file: %v", err)
	}
	return position
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// follower follows the changes like a site.
type follower struct {
	source   trip2g.ChangeSource
	position trip2g.Position
	notes    map[int64]trip2g.Note
	sessions map[int64]trip2g.Session
}

func follow(source trip2g.ChangeSource) *follower {
	return &follower{source: source, notes: map[int64]trip2g.Note{}, sessions: map[int64]trip2g.Session{}}
}

// catchUp reads sets of changes until there are no more.
func (f *follower) catchUp(ctx context.Context, limit int) error {
	for {
		set, err := f.source.Changes(ctx, f.position, limit)
		if err != nil {
			return err
		}
		for _, note := range set.Notes {
			f.notes[note.ID] = note
		}
		for _, id := range set.RemovedNotes {
			delete(f.notes, id)
		}
		for _, session := range set.Sessions {
			f.sessions[session.ID] = session
		}
		for _, id := range set.RemovedSessions {
			delete(f.sessions, id)
		}
		f.position = set.Position
		if set.Position == set.Head {
			return nil
		}
	}
}

// site returns the notes of a site that starts now as "path=content", by path.
func site(t testing.TB, source trip2g.ChangeSource) []string {
	t.Helper()
	f := follow(source)
	ok(t, f.catchUp(t.Context(), 100))
	var notes []string
	for note := range maps.Values(f.notes) {
		notes = append(notes, note.Path+"="+note.Content)
	}
	slices.Sort(notes)
	return notes
}

func wantSite(t testing.TB, source trip2g.ChangeSource, want ...string) {
	t.Helper()
	if got := site(t, source); !slices.Equal(got, want) {
		t.Fatalf("readers see %q, want %q", got, want)
	}
}

// seenNotes returns the notes visible in a stage as "path=content".
func seenNotes(t testing.TB, db *DB, stage trip2g.Stage) []string {
	t.Helper()
	notes, err := db.NotePaths(t.Context(), stage, trip2g.NotePathFilter{})
	ok(t, err)
	var seen []string
	for _, note := range notes {
		seen = append(seen, note.Path+"="+note.Content)
	}
	return seen
}

func wantSeen(t testing.TB, db *DB, stage trip2g.Stage, want ...string) {
	t.Helper()
	if got := seenNotes(t, db, stage); !slices.Equal(got, want) {
		t.Fatalf("%s sees %q, want %q", stage, got, want)
	}
}

// commitWatch detects commits to a database file.
type commitWatch struct {
	conn *sql.Conn
	last int64
}

func watchCommits(t testing.TB, path string) *commitWatch {
	t.Helper()
	pool, err := openReadPool(path, 1)
	ok(t, err)
	t.Cleanup(func() { pool.Close() })
	conn, err := pool.Conn(t.Context())
	ok(t, err)
	w := &commitWatch{conn: conn}
	w.changed(t)
	return w
}

// changed reports whether there was a commit since the last call
// (https://sqlite.org/pragma.html#pragma_data_version).
func (w *commitWatch) changed(t testing.TB) bool {
	t.Helper()
	before := w.last
	ok(t, w.conn.QueryRowContext(t.Context(), `PRAGMA data_version`).Scan(&w.last))
	return w.last != before
}

func count(t testing.TB, db *DB, query string, args ...any) int {
	t.Helper()
	var n int
	ok(t, db.pool.QueryRowContext(t.Context(), query, args...).Scan(&n))
	return n
}

var testTime = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
