package sqlite

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
)

// statements calls heard with each statement that the writer has run, in order.
func statements(t testing.TB, db *DB, heard func(query string)) {
	t.Helper()
	conn, err := db.writer.Conn(t.Context())
	ok(t, err)
	defer conn.Close()
	ok(t, conn.Raw(func(raw any) error {
		return raw.(interface{ Raw() *sqlite3.Conn }).Raw().Trace(sqlite3.TRACE_PROFILE, func(_ sqlite3.TraceEvent, statement, _ any) error {
			heard(statement.(*sqlite3.Stmt).SQL())
			return nil
		})
	}))
}

// atChunk calls do once when the nth chunk of an upload has been written, within its transaction.
func atChunk(t testing.TB, db *DB, n int, do func()) {
	statements(t, db, func(query string) {
		if strings.Contains(query, "INTO asset_chunks") {
			if n--; n == 0 {
				do()
			}
		}
	})
}

// Otherwise the upload of a long video would delay all other writes by seconds.
func TestOtherWritesRunBetweenThePartsOfALargeUpload(t *testing.T) {
	db := newLeader(t)
	pushed := make(chan error, 1)
	var order []string
	chunks := 0
	statements(t, db, func(query string) {
		switch {
		case strings.Contains(query, "INTO asset_chunks"):
			order = append(order, "chunk")
			if chunks++; chunks == 2 {
				before := db.writer.Stats().WaitCount
				go func() {
					_, _, err := db.PushNotes(context.Background(), stageA, []trip2g.NoteUpdate{{Path: "n.md", Content: "x"}}, true)
					pushed <- err
				}()
				testwait.Until(t, "the push waits for the upload", func() bool { return db.writer.Stats().WaitCount > before })
			}
		case strings.Contains(query, "INTO notes"):
			order = append(order, "note")
		}
	})
	asset := store(t, db, strings.Repeat("x", 3*chunksPerPart*chunkSize))
	ok(t, <-pushed)
	got := strings.Join(order, " ")
	if want := strings.Repeat("chunk ", chunksPerPart) + "note" + strings.Repeat(" chunk", 2*chunksPerPart); got != want {
		t.Errorf("the order was %s", got)
	}
	ok(t, drain(must[io.ReadSeekCloser](t)(db.OpenAsset(t.Context(), asset.Hash))))
}

// Half a file is never visible, neither during the upload nor after a crash.
func TestAnUnfinishedUploadIsInvisibleAndPurged(t *testing.T) {
	db := newLeader(t)
	ids, _ := push(t, db, stageA, true, "n.md=text")
	content := strings.Repeat("x", 3*chunksPerPart*chunkSize)
	ctx, cancel := context.WithCancel(t.Context())
	r := newReplica(t, db.path)
	atChunk(t, db, 2*chunksPerPart, func() {
		if n := count(t, db, `SELECT count(*) FROM assets`); n != 1 {
			t.Errorf("the upload under way has %d rows", n)
		}
		if _, err := r.OpenAsset(t.Context(), sha256Hex(content)); trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
			t.Errorf("opening a file that is being stored: %v", err)
		}
		cancel()
	})
	if _, err := db.PutAsset(ctx, sha256Hex(content), 1<<30, strings.NewReader(content)); err == nil {
		t.Error("an upload whose client went away succeeded")
	}
	if n := count(t, db, `SELECT (SELECT count(*) FROM assets) + (SELECT count(*) FROM asset_chunks)`); n != 0 {
		t.Errorf("%d rows of an upload are left", n)
	}

	_, err := db.writer.Exec(`INSERT INTO assets (id, hash, size, created_at, used_at) VALUES (77, 'upload:77', 9, 0, ?)`, millis(time.Now()))
	ok(t, err)
	_, err = db.writer.Exec(`
		WITH RECURSIVE numbers (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM numbers WHERE n < 99)
		INSERT INTO asset_chunks (asset_id, n, data) SELECT 77, n, x'00' FROM numbers`)
	ok(t, err)
	_, err = db.AttachAsset(t.Context(), stageA, ids[0], trip2g.NoteAsset{AssetID: 77, Ref: "f", AbsolutePath: "f"}, true)
	wantCode(t, err, trip2g.ENOTFOUND)
	for _, tt := range []struct {
		now  time.Time
		left int
	}{{time.Now(), 100}, {time.Now().Add(abandonedAfter + time.Minute), 0}} {
		must[trip2g.PurgeResult](t)(db.purge(t.Context(), newCutoffs(tt.now, time.Now().Add(-24*time.Hour))))
		if n := count(t, db, `SELECT count(*) FROM asset_chunks`); n != tt.left {
			t.Errorf("%d chunks are left, want %d", n, tt.left)
		}
	}
}

// Of two uploads of a video, the second one gets the stored file and its own parts are deleted.
func TestTheSecondUploadOfAFileLeavesNothing(t *testing.T) {
	db := newLeader(t)
	content := strings.Repeat("x", 2*chunksPerPart*chunkSize)
	quicker := make(chan trip2g.Asset, 1)
	atChunk(t, db, 1, func() {
		before := db.writer.Stats().WaitCount
		go func() {
			asset, err := db.PutAsset(context.Background(), sha256Hex(content), 1<<30, strings.NewReader(content))
			if err != nil {
				t.Error(err)
			}
			quicker <- asset
		}()
		testwait.Until(t, "the other upload waits", func() bool { return db.writer.Stats().WaitCount > before })
	})
	one, other := store(t, db, content), <-quicker
	if one != other || count(t, db, `SELECT count(*) FROM asset_chunks`) != 2*chunksPerPart {
		t.Errorf("one file is stored as %+v and %+v", one, other)
	}
	ok(t, drain(must[io.ReadSeekCloser](t)(db.OpenAsset(t.Context(), one.Hash))))
}
