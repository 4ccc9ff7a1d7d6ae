package sqlite

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"maragu.dev/goqite"

	"trip2g/internal/litefs/litefstest"
	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
)

// mutations are all kinds of writes. Each works once, after prepare.
func mutations(t *testing.T, db *DB) map[string]func() error {
	t.Helper()
	ctx, later := t.Context(), time.Now().Add(time.Hour)
	ids, _ := push(t, db, stageA, true, "n.md=text", "hidden.md=text")
	push(t, db, stageA, false, "staged.md=text")
	push(t, db, stageB, false, "discarded.md=text")
	asset := store(t, db, "attached")
	ok(t, db.EnsureOwner(ctx, "owner@example.com"))
	user := must[trip2g.User](t)(db.UserByEmail(ctx, "owner@example.com"))
	newSession := func(hash string) (trip2g.Session, trip2g.Position, error) {
		return db.CreateSession(ctx, trip2g.Session{TokenHash: hash, User: user, CreatedAt: time.Now(), ExpiresAt: later})
	}
	session, _, err := newSession("h")
	ok(t, err)
	key := must[trip2g.APIKey](t)(db.CreateKey(ctx, trip2g.APIKey{Name: "k", Hash: "h", CreatedAt: testTime}))
	ok(t, db.PutSignInCode(ctx, trip2g.SignInCode{Email: "taken@example.com", Hash: "h", ExpiresAt: later}))
	queue := goqite.New(goqite.NewOpts{DB: db.Writer(), Name: "jobs"})

	update := func(stage trip2g.Stage, publish bool) func() error {
		return func() error {
			_, _, err := db.PushNotes(ctx, stage, []trip2g.NoteUpdate{{Path: fmt.Sprint(stage.Author, publish, ".md"), Content: "x"}}, publish)
			return err
		}
	}
	other := trip2g.Stage{Author: "key:3"}
	return map[string]func() error{
		"stage a note":   update(other, false),
		"publish a note": update(other, true),
		"hide a note":    func() error { _, err := db.HideNotes(ctx, other, []string{"hidden.md"}, true); return err },
		"store a file": func() error {
			_, err := db.PutAsset(ctx, sha256Hex("file"), 100, strings.NewReader("file"))
			return err
		},
		"attach a file": func() error {
			_, err := db.AttachAsset(ctx, other, ids[0], trip2g.NoteAsset{AssetID: asset.ID, Ref: "f", AbsolutePath: "f"}, false)
			return err
		},
		"commit a push":  func() error { _, _, err := db.Commit(ctx, stageA); return err },
		"discard a push": func() error { _, err := db.Discard(ctx, stageB); return err },
		"sign in":        func() error { _, _, err := newSession("other"); return err },
		"sign out":       func() error { _, err := db.DeleteSession(ctx, session.ID); return err },
		"ask for a code": func() error { return db.PutSignInCode(ctx, trip2g.SignInCode{Email: "e", Hash: "h", ExpiresAt: later}) },
		"use a code": func() error {
			return db.TakeSignInCode(ctx, trip2g.SignInCode{Email: "taken@example.com", Hash: "h"}, time.Now(), 3)
		},
		"create a key": func() error {
			_, err := db.CreateKey(ctx, trip2g.APIKey{Name: "o", Hash: "o", CreatedAt: testTime})
			return err
		},
		"revoke a key":    func() error { return db.RevokeKey(ctx, key.ID, time.Now()) },
		"invite a member": func() error { _, err := db.InviteMember(ctx, "m@example.com", time.Now()); return err },
		"set a redirect":  func() error { _, _, err := db.PutRedirect(ctx, "/from", "/to"); return err },
		"count a missing page": func() error {
			return db.AddNotFound(ctx, trip2g.NotFoundBatch{Sender: "s", Number: 1, At: testTime, Counts: map[string]int64{"/m": 1}})
		},
		"note the run of a job": func() error { return db.PutJobRun(ctx, trip2g.JobRun{Name: "j", StartedAt: testTime}) },
		"queue a job":           func() error { return queue.Send(ctx, goqite.Message{Body: []byte("x")}) },
	}
}

// reuseLog makes the next transactions overwrite the write-ahead log, so that they need no room
// there.
func reuseLog(t *testing.T, db *DB) {
	t.Helper()
	_, err := db.writer.Exec(`PRAGMA wal_checkpoint(RESTART)`)
	ok(t, err)
}

func openOnDisk(t *testing.T, leader *litefstest.Node, reserve int64) *DB {
	t.Helper()
	db, err := OpenLeader(t.Context(), leader.Path("data.sqlite3"), Options{DiskReserve: reserve})
	ok(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func kindsOfMutations(t *testing.T) []string {
	t.Helper()
	return slices.Sorted(maps.Keys(mutations(t, newLeader(t))))
}

// LiteFS copies a transaction when SQLite has committed it, and exits if it cannot.
func TestAWriteThatLiteFSHasNoRoomForIsNotAcknowledged(t *testing.T) {
	for _, kind := range kindsOfMutations(t) {
		t.Run(kind, func(t *testing.T) {
			leader := litefstest.StartPrimary(t, litefstest.OnDisk(32<<20))
			db := openOnDisk(t, leader, -1)
			mutate := mutations(t, db)[kind]
			reuseLog(t, db)
			before := replicated(t, leader)
			leader.FillDisk(0)
			err := mutate()
			if code := leader.Wait(); code != 99 {
				t.Fatalf("LiteFS ended with %d, want 99: it had room", code)
			}
			if err == nil {
				t.Error("acknowledged, and lost")
			}
			if kind != "queue a job" { // whose error is another package's
				wantCode(t, err, trip2g.EINDETERMINATE)
			}
			db.Close()
			leader.FreeDisk()
			leader.Start()
			if after := replicated(t, leader); after != before {
				t.Errorf("LiteFS's position went from %s to %s: the test lost nothing", before, after)
			}
		})
	}
}

func TestAFullDiskRejectsEveryWriteAndLiteFSSurvives(t *testing.T) {
	leader := litefstest.StartPrimary(t, litefstest.OnDisk(32<<20))
	db := openOnDisk(t, leader, 4<<20)
	all := mutations(t, db)
	before := replicated(t, leader)
	leader.FillDisk(0)
	for kind, mutate := range all {
		err := mutate()
		if err == nil {
			t.Errorf("%s: acknowledged on a full disk", kind)
		} else if kind != "queue a job" {
			wantCode(t, err, trip2g.EUNAVAILABLE)
			if !strings.Contains(trip2g.ErrorMessage(err), "disk is full") {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
	wantSite(t, db, "hidden.md=text", "n.md=text")
	if after := replicated(t, leader); after != before {
		t.Errorf("LiteFS's position went from %s to %s", before, after)
	}
	// A leader that starts on the full disk serves the database.
	ok(t, db.Close())
	db = openOnDisk(t, leader, 4<<20)
	wantSite(t, db, "hidden.md=text", "n.md=text")

	leader.FreeDisk()
	push(t, db, stageA, true, "after.md=text")
	wantSite(t, db, "after.md=text", "hidden.md=text", "n.md=text")
}

func TestAReplicaWhoseDiskIsFullServesWhatItHasAndCatchesUp(t *testing.T) {
	leader := litefstest.StartPrimary(t)
	node := litefstest.StartReplica(t, leader, litefstest.OnDisk(32<<20))
	db := openAt(t, leader.Path("data.sqlite3"))
	push(t, db, stageA, true, "n.md=text")
	node.WaitFor(leader, "data.sqlite3")
	replica := newReplica(t, node.Path("data.sqlite3"))

	node.FillDisk(0)
	before := replicated(t, node)
	push(t, db, stageA, true, "after.md="+strings.Repeat("text ", 50_000))
	testwait.Until(t, "LiteFS says that it has no room", func() bool { return strings.Contains(node.Log(), "no space left on device") })
	wantSite(t, replica, "n.md=text")
	if after := replicated(t, node); after != before {
		t.Errorf("LiteFS's position went from %s to %s", before, after)
	}
	node.FreeDisk()
	node.WaitFor(leader, "data.sqlite3")
	if got := len(site(t, replica)); got != 2 {
		t.Errorf("%d notes with room again, want 2", got)
	}
}
