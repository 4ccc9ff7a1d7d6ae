package sqlite

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
)

func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

func TestChangesReturnsWhatChangedAndNothingElse(t *testing.T) {
	db := newLeader(t)
	ids, first := push(t, db, stageA, true, "a.md=1", "b.md=1", "c.md=1")
	_, second := push(t, db, stageA, true, "b.md=2")
	set := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), first, 100))
	if len(set.Notes) != 1 || set.Notes[0].ID != ids[1] || set.Notes[0].Content != "2" || set.Position != second || set.Head != second {
		t.Errorf("after one push the changes are %+v", set)
	}
	if set.ChangedAt.IsZero() || time.Since(set.ChangedAt) > time.Hour || set.Notes[0].PublishedAt.IsZero() || set.Notes[0].CreatedAt.IsZero() {
		t.Errorf("its times are %v, %v, %v", set.ChangedAt, set.Notes[0].PublishedAt, set.Notes[0].CreatedAt)
	}
	none := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), second, 100))
	if len(none.Notes) != 0 || none.Position != second || !none.ChangedAt.Equal(set.ChangedAt) {
		t.Errorf("with nothing new the changes are %+v", none)
	}
	if n := count(t, db, `SELECT count(*) FROM changes`); n != 3 {
		t.Errorf("there are %d changes for three notes", n)
	}
}

func TestAChangeCarriesTheTimeOfItsOwnPosition(t *testing.T) {
	db := newLeader(t)
	push(t, db, stageA, true, "a.md=1")
	firstSet := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), 0, 1))
	testwait.Until(t, "the clock moves", func() bool { return time.Now().UnixMilli() > firstSet.ChangedAt.UnixMilli() })
	push(t, db, stageA, true, "b.md=1")
	set := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), 0, 1))
	if !set.ChangedAt.Equal(firstSet.ChangedAt) || set.Position == set.Head {
		t.Errorf("the first of two changes is dated %v at %d of %d", set.ChangedAt, set.Position, set.Head)
	}
}

func TestChangesRejectsALimitOfZero(t *testing.T) {
	for _, limit := range []int{0, -1} {
		_, err := newLeader(t).Changes(t.Context(), 0, limit)
		wantCode(t, err, trip2g.EINVALID)
	}
}

func TestAnEmptyDatabaseIsAtPositionZero(t *testing.T) {
	set := must[trip2g.ChangeSet](t)(newLeader(t).Changes(t.Context(), 0, 10))
	if set.Position != 0 || set.Head != 0 || !set.ChangedAt.IsZero() {
		t.Errorf("it is %+v", set)
	}
}

// A change set delays replication while it is read, so long texts split it.
func TestLongTextsAreSplitAcrossChangeSets(t *testing.T) {
	db := newLeader(t)
	for i := range 5 {
		push(t, db, stageA, true, fmt.Sprintf("%d.md=%s", i, strings.Repeat("x", maxChangeBytes/2-1)))
	}
	set := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), 0, 100))
	if len(set.Notes) != 2 || set.Position >= set.Head {
		t.Errorf("one set has %d notes", len(set.Notes))
	}
	push(t, db, stageA, true, "huge.md="+strings.Repeat("x", maxChangeBytes+1))
	if got := site(t, db); len(got) != 6 {
		t.Errorf("the whole has %d notes", len(got))
	}
}

func TestARestoredOlderDatabaseIsDetected(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	db := openAt(t, path)
	push(t, db, stageA, true, "a.md=1")
	ok(t, db.Close())
	backup, err := os.ReadFile(path)
	ok(t, err)
	db = openAt(t, path)
	_, position := push(t, db, stageA, true, "a.md=2", "b.md=2")
	old := must[trip2g.ChangeSet](t)(db.Changes(t.Context(), 0, 10))
	ok(t, db.Close())
	ok(t, os.WriteFile(path, backup, 0o600))
	restored := must[trip2g.ChangeSet](t)(openAt(t, path).Changes(t.Context(), position, 10))
	if restored.DatabaseID != old.DatabaseID || restored.Head >= position || restored.Position != restored.Head || len(restored.Notes) != 0 {
		t.Errorf("a follower at %d of %s gets %+v", position, old.DatabaseID, restored)
	}
}

func TestFollowersLearnOfNewAndEndedSessions(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	ok(t, db.EnsureOwner(ctx, "Owner@Example.com"))
	user := must[trip2g.User](t)(db.UserByEmail(ctx, " owner@EXAMPLE.com"))
	now := time.Now()
	session, made, err := db.CreateSession(ctx, trip2g.Session{TokenHash: "h", User: user, CreatedAt: now, ExpiresAt: now.Add(time.Hour)})
	ok(t, err)
	f := follow(db)
	ok(t, f.catchUp(ctx, 100))
	if got := f.sessions[session.ID]; got != session || !got.User.Owner || got.User.Email != "owner@example.com" || f.position != made {
		t.Errorf("a follower has %+v, want %+v", got, session)
	}
	ok(t, db.EnsureOwner(ctx, "next@example.com"))
	ok(t, f.catchUp(ctx, 100))
	if f.sessions[session.ID].User.Owner {
		t.Error("a follower still takes the user for the owner")
	}
	ended := must[trip2g.Position](t)(db.DeleteSession(ctx, session.ID))
	if ended <= made {
		t.Errorf("the end of a session is at %d, its beginning at %d", ended, made)
	}
	_, err = db.SessionByTokenHash(ctx, "h", now)
	wantCode(t, err, trip2g.EUNAUTHORIZED)
	ok(t, f.catchUp(ctx, 100))
	if len(f.sessions) != 0 {
		t.Error("a follower still has the session")
	}
}
