package dbwatch_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	_ "github.com/ncruces/go-sqlite3/driver"
	"github.com/rs/zerolog"

	"trip2g/services/trip2g/replication/dbwatch"
)

func TestEachCommitIsSeenByAReaderThatLooksWhenWoken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	writer, reader := open(t, path), open(t, path)
	for _, stmt := range []string{"PRAGMA journal_mode=WAL", "CREATE TABLE t (n INTEGER)"} {
		if _, err := writer.Exec(stmt); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	wake, err := dbwatch.Watch(ctx, path, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 50; n++ {
		if _, err := writer.Exec("INSERT INTO t VALUES (?)", n); err != nil {
			t.Fatal(err)
		}
		for seen := 0; seen < n; {
			if _, open := <-wake; !open {
				t.Fatalf("commit %d was never seen", n)
			}
			if err := reader.QueryRow("SELECT max(n) FROM t").Scan(&seen); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestTheChannelIsClosedWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	wake, err := dbwatch.Watch(ctx, filepath.Join(t.TempDir(), "data.sqlite3"), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range wake {
	}
}

func TestAMissingFolderIsAnError(t *testing.T) {
	if _, err := dbwatch.Watch(t.Context(), filepath.Join(t.TempDir(), "no", "data.sqlite3"), zerolog.Nop()); err == nil {
		t.Error("it was watched")
	}
}

func open(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}
