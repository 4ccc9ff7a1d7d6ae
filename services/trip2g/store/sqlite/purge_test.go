package sqlite

import (
	"testing"
	"time"

	"trip2g/services/trip2g"
)

func TestPurgeDeletesWhatHasExpiredAndKeepsTheRest(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	now := time.Now()
	ids, _ := push(t, db, stageA, true, "live.md=1", "hidden.md=1")
	kept, replaced, staged, orphan := store(t, db, "kept"), store(t, db, "replaced"), store(t, db, "staged"), store(t, db, "orphan")
	attach(t, db, stageA, ids[0], "f", replaced, true)
	attach(t, db, stageA, ids[0], "f", kept, true)
	attach(t, db, stageA, ids[1], "f", kept, true)
	must[trip2g.Position](t)(db.HideNotes(ctx, stageA, []string{"hidden.md"}, true))
	push(t, db, stageA, true, "live.md=2")
	fresh, _ := push(t, db, stageB, false, "b.md=fresh")
	attach(t, db, stageB, fresh[0], "g", staged, false)
	push(t, db, stageA, false, "a.md=stale", "live.md=stale")
	_, err := db.writer.Exec(`UPDATE stages SET used_at = 1 WHERE author = ?`, stageA.Author)
	ok(t, err)
	_, err = db.writer.Exec(`UPDATE notes SET created_at = 1; UPDATE assets SET used_at = 1 WHERE hash = '` + orphan.Hash + `'`)
	ok(t, err)
	ok(t, db.PutSignInCode(ctx, trip2g.SignInCode{Email: "old@example.com", ExpiresAt: now}))
	ok(t, db.PutSignInCode(ctx, trip2g.SignInCode{Email: "new@example.com", ExpiresAt: now.Add(time.Hour)}))
	before := seenNotes(t, db, stageB)
	_, position := push(t, db, trip2g.Stage{Author: "key:9"}, true)

	result := must[trip2g.PurgeResult](t)(db.purge(ctx, newCutoffs(now, now.Add(-time.Hour))))
	if want := (trip2g.PurgeResult{Codes: 1, Staged: 2, Assets: 1}); result != want {
		t.Errorf("the purge removed %+v, want %+v", result, want)
	}
	wantSite(t, db, "live.md=2")
	wantSeen(t, db, stageA, "live.md=2")
	wantSeen(t, db, stageB, before...)
	if after := commit(t, db, stageA); after != position {
		t.Errorf("the purge moved the position from %d to %d", position, after)
	}
	for _, asset := range []trip2g.Asset{kept, replaced, staged} {
		must[trip2g.Asset](t)(db.Asset(ctx, asset.Hash))
	}
	if n := count(t, db, `SELECT count(*) FROM notes WHERE path = 'a.md'`); n != 0 {
		t.Error("a note that was never published is left")
	}
	if n := count(t, db, `SELECT count(*) FROM note_versions v JOIN notes n ON n.id = v.note_id WHERE n.path = 'live.md'`); n != 2 {
		t.Errorf("the history of live.md has %d versions, want 2", n)
	}

	// Later, replaced files are unused as well. Files of hidden and staged notes are always in use.
	_, err = db.writer.Exec(`UPDATE stages SET used_at = 1`)
	ok(t, err)
	result = must[trip2g.PurgeResult](t)(db.purge(ctx, newCutoffs(now, time.Now().Add(time.Hour))))
	if want := (trip2g.PurgeResult{Staged: 2, Assets: 2}); result != want {
		t.Errorf("the later purge removed %+v, want %+v", result, want)
	}
	must[trip2g.Asset](t)(db.Asset(ctx, kept.Hash))
	if n := count(t, db, `SELECT count(*) FROM asset_chunks`); n != 1 {
		t.Errorf("%d chunks are left of one file", n)
	}
}

func TestPurgingSessionsDoesNotChangeThePosition(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	ok(t, db.EnsureOwner(ctx, "a@example.com"))
	user := must[trip2g.User](t)(db.UserByEmail(ctx, "a@example.com"))
	sign := func(hash string, expires time.Time) (trip2g.Session, trip2g.Position) {
		session, position, err := db.CreateSession(ctx, trip2g.Session{TokenHash: hash, User: user, CreatedAt: testTime, ExpiresAt: expires})
		ok(t, err)
		return session, position
	}
	push(t, db, stageA, true, "n.md=1")
	ended, _ := sign("ended", testTime.Add(time.Hour))
	late := follow(db)
	ok(t, late.catchUp(ctx, 100))
	sign("old", testTime)
	must[trip2g.Position](t)(db.DeleteSession(ctx, ended.ID))
	_, head := sign("newest", testTime)

	if result := must[trip2g.PurgeResult](t)(db.purge(ctx, newCutoffs(testTime, testTime))); result.Sessions != 2 {
		t.Errorf("%d sessions were removed, want 2", result.Sessions)
	}
	set := must[trip2g.ChangeSet](t)(db.Changes(ctx, 0, 100))
	if set.Head != head || set.ChangedAt.IsZero() {
		t.Errorf("the head is %d of %v, want %d", set.Head, set.ChangedAt, head)
	}
	ok(t, late.catchUp(ctx, 100))
	if len(late.sessions) != 0 || late.position != head {
		t.Errorf("a follower that was behind has %v at %d", late.sessions, late.position)
	}
	_, next := push(t, db, stageA, true, "n.md=2")
	if next <= head {
		t.Errorf("the position after the purge is %d, not after %d", next, head)
	}
	must[trip2g.PurgeResult](t)(db.purge(ctx, newCutoffs(testTime.Add(2*time.Hour), testTime)))
	if n := count(t, db, `SELECT count(*) FROM changes`); n != 1 {
		t.Errorf("%d changes are left, want the note's", n)
	}
}

func TestAFileUploadedAgainIsNotPurgedBeforeItIsAttached(t *testing.T) {
	db := newLeader(t)
	asset := store(t, db, "file")
	_, err := db.writer.Exec(`UPDATE assets SET used_at = 1`)
	ok(t, err)
	store(t, db, "file")
	must[trip2g.PurgeResult](t)(db.purge(t.Context(), newCutoffs(time.Now(), time.Now().Add(-time.Hour))))
	must[trip2g.Asset](t)(db.Asset(t.Context(), asset.Hash))
}
