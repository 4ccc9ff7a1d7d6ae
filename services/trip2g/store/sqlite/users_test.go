package sqlite

import (
	"database/sql"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

func TestASignInCodeWorksOnceInTimeAndForAFewGuesses(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	put := func() {
		ok(t, db.PutSignInCode(ctx, trip2g.SignInCode{Email: "A@example.com", Browser: "b", Hash: "right", ExpiresAt: testTime.Add(time.Minute)}))
	}
	take := func(hash string, now time.Time) error {
		return db.TakeSignInCode(ctx, trip2g.SignInCode{Email: "a@EXAMPLE.com", Browser: "b", Hash: hash}, now, 3)
	}

	wantCode(t, take("right", testTime), trip2g.EUNAUTHORIZED)
	put()
	ok(t, take("right", testTime))
	wantCode(t, take("right", testTime), trip2g.EUNAUTHORIZED)

	put()
	wantCode(t, take("right", testTime.Add(time.Minute)), trip2g.EUNAUTHORIZED)
	ok(t, take("right", testTime.Add(time.Minute-time.Millisecond)))

	put()
	for range 3 {
		wantCode(t, take("wrong", testTime), trip2g.EUNAUTHORIZED)
	}
	wantCode(t, take("right", testTime), trip2g.EUNAUTHORIZED)

	put()
	wantCode(t, take("wrong", testTime), trip2g.EUNAUTHORIZED)
	put() // a new code has its own guesses
	wantCode(t, take("wrong", testTime), trip2g.EUNAUTHORIZED)
	wantCode(t, take("wrong", testTime), trip2g.EUNAUTHORIZED)
	ok(t, take("right", testTime))
}

// Two browsers have codes for the same address.
func TestGuessesOfOneBrowserDoNotAffectOtherBrowsers(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	put := func(browser, hash string) {
		ok(t, db.PutSignInCode(ctx, trip2g.SignInCode{Email: "a@example.com", Browser: browser, Hash: hash, ExpiresAt: testTime.Add(time.Minute)}))
	}
	take := func(browser, hash string) error {
		return db.TakeSignInCode(ctx, trip2g.SignInCode{Email: "a@example.com", Browser: browser, Hash: hash}, testTime, 3)
	}
	put("owner", "first")
	put("owner", "second")
	put("other", "theirs")
	wantCode(t, take("other", "first"), trip2g.EUNAUTHORIZED) // right, but not for this browser
	for range 10 {
		wantCode(t, take("other", "wrong"), trip2g.EUNAUTHORIZED)
		wantCode(t, take("", "wrong"), trip2g.EUNAUTHORIZED)
	}
	wantCode(t, take("other", "theirs"), trip2g.EUNAUTHORIZED)
	ok(t, take("owner", "first"))                              // a later code does not replace it
	wantCode(t, take("owner", "second"), trip2g.EUNAUTHORIZED) // a sign-in ends all of the browser's
}

func TestASignInCodeUsedTwiceAtOnceWorksOnce(t *testing.T) {
	db := newLeader(t)
	ok(t, db.PutSignInCode(t.Context(), trip2g.SignInCode{Email: "a@example.com", Hash: "right", ExpiresAt: testTime.Add(time.Minute)}))
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if db.TakeSignInCode(t.Context(), trip2g.SignInCode{Email: "a@example.com", Hash: "right"}, testTime, 5) == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 8 signed in by one code", won.Load())
	}
}

func TestThereIsOneOwner(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	wantCode(t, db.EnsureOwner(ctx, " "), trip2g.EINVALID)
	ok(t, db.EnsureOwner(ctx, "a@example.com"))
	ok(t, db.EnsureOwner(ctx, "ÉVA@example.com"))
	if must[trip2g.User](t)(db.UserByEmail(ctx, "a@example.com")).Owner {
		t.Error("the first owner is still one")
	}
	if !must[trip2g.User](t)(db.UserByEmail(ctx, "Éva@Example.com")).Owner {
		t.Error("the second is not")
	}
	_, err := db.UserByEmail(ctx, "b@example.com")
	wantCode(t, err, trip2g.ENOTFOUND)
}

func TestASessionIsFoundWhileItLasts(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	_, _, err := db.CreateSession(ctx, trip2g.Session{TokenHash: "h", User: trip2g.User{ID: 7}, CreatedAt: testTime, ExpiresAt: testTime})
	wantCode(t, err, trip2g.ENOTFOUND)
	ok(t, db.EnsureOwner(ctx, "a@example.com"))
	user := must[trip2g.User](t)(db.UserByEmail(ctx, "a@example.com"))
	made, _, err := db.CreateSession(ctx, trip2g.Session{TokenHash: "h", User: user, CreatedAt: testTime, ExpiresAt: testTime.Add(time.Hour)})
	ok(t, err)
	if got := must[trip2g.Session](t)(db.SessionByTokenHash(ctx, "h", testTime.Add(time.Hour-time.Millisecond))); got != made {
		t.Errorf("found %+v, made %+v", got, made)
	}
	_, err = db.SessionByTokenHash(ctx, "h", testTime.Add(time.Hour))
	wantCode(t, err, trip2g.EUNAUTHORIZED)
	_, err = db.SessionByTokenHash(ctx, "", testTime)
	wantCode(t, err, trip2g.EUNAUTHORIZED)
}

func TestAnAPIKeyWorksUntilItIsRevoked(t *testing.T) {
	db := newLeader(t)
	ctx := t.Context()
	made := must[trip2g.APIKey](t)(db.CreateKey(ctx, trip2g.APIKey{Name: "laptop", Hash: "h", Hint: "t2g_ab", CreatedAt: testTime}))
	found := must[trip2g.APIKey](t)(db.KeyByHash(ctx, "h", testTime.Add(time.Hour)))
	if found.ID != made.ID || found.Name != "laptop" || found.Hint != "t2g_ab" || !found.LastUsedAt.Equal(testTime.Add(time.Hour)) {
		t.Errorf("found %+v", found)
	}
	watch := watchCommits(t, db.path)
	must[trip2g.APIKey](t)(db.KeyByHash(ctx, "h", testTime.Add(time.Hour+59*time.Second)))
	if watch.changed(t) {
		t.Error("a second use within a minute was written down")
	}
	must[trip2g.APIKey](t)(db.KeyByHash(ctx, "h", testTime.Add(time.Hour+60*time.Second)))
	if !watch.changed(t) {
		t.Error("a use a minute later was not written down")
	}
	ok(t, db.RevokeKey(ctx, made.ID, testTime.Add(2*time.Hour)))
	wantCode(t, db.RevokeKey(ctx, made.ID, testTime), trip2g.ENOTFOUND)
	wantCode(t, db.RevokeKey(ctx, 99, testTime), trip2g.ENOTFOUND)
	_, err := db.KeyByHash(ctx, "h", testTime)
	wantCode(t, err, trip2g.EUNAUTHORIZED)
	keys := must[[]trip2g.APIKey](t)(db.Keys(ctx))
	if len(keys) != 1 || keys[0].RevokedAt.IsZero() || !keys[0].LastUsedAt.Equal(testTime.Add(time.Hour+time.Minute)) {
		t.Errorf("the list is %+v", keys)
	}
}

// Clients can read during a VACUUM, or while a sqlite3 shell holds the write lock.
func TestAKeyIsFoundWhileAnotherProgramHoldsTheWriteLock(t *testing.T) {
	db := newLeader(t)
	_, err := db.CreateKey(t.Context(), trip2g.APIKey{Name: "laptop", Hash: "h", CreatedAt: testTime})
	ok(t, err)
	other := must[*sql.DB](t)(openWritePool(db.path, 0))
	defer other.Close()
	lock := must[*sql.Tx](t)(other.BeginTx(t.Context(), nil))
	defer lock.Rollback()
	began := time.Now()
	must[trip2g.APIKey](t)(db.KeyByHash(t.Context(), "h", time.Now()))
	if took := time.Since(began); took >= busyTimeout {
		t.Errorf("it took %s, as long as a write waits for the lock", took)
	}
}

// A database from before scopes is migrated.
func TestAKeyFromBeforeScopesKeepsPublishingWithoutTheSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	old, err := openLeader(t.Context(), path, Options{}, migrationsUpTo(t, "00006_files.sql"))
	ok(t, err)
	_, err = old.writer.Exec(`INSERT INTO api_keys (name, hash, hint, created_at) VALUES ('old', 'h', 't2g_ab', 1)`)
	ok(t, err)
	ok(t, old.Close())
	db := openAt(t, path)
	key := must[trip2g.APIKey](t)(db.KeyByHash(t.Context(), "h", testTime))
	if want := (trip2g.Grant{Scopes: trip2g.ScopeRead | trip2g.ScopePublish}); key.Grant != want || !key.ExpiresAt.IsZero() {
		t.Errorf("the key is %+v", key)
	}
}

// Tests the limits of a key's lifetime, and a change of its grant.
func TestAKeyKeepsItsGrantUntilItExpires(t *testing.T) {
	db := newLeader(t)
	grant, end := trip2g.Grant{Scopes: trip2g.ScopePublish, Folder: "Docs"}, testTime.Add(time.Hour)
	made := must[trip2g.APIKey](t)(db.CreateKey(t.Context(), trip2g.APIKey{Name: "ci", Hash: "h", Grant: grant, CreatedAt: testTime, ExpiresAt: end}))
	found := must[trip2g.APIKey](t)(db.KeyByHash(t.Context(), "h", end.Add(-time.Millisecond)))
	if found.Grant != grant || !found.ExpiresAt.Equal(end) {
		t.Errorf("found %+v", found)
	}
	_, err := db.KeyByHash(t.Context(), "h", end)
	wantCode(t, err, trip2g.EUNAUTHORIZED)
	changed := must[trip2g.APIKey](t)(db.UpdateKey(t.Context(), made.ID, trip2g.OwnerGrant, time.Time{}))
	if changed.Grant != trip2g.OwnerGrant || !changed.ExpiresAt.IsZero() || changed.Name != "ci" {
		t.Errorf("changed to %+v", changed)
	}
	must[trip2g.APIKey](t)(db.KeyByHash(t.Context(), "h", end))
	ok(t, db.RevokeKey(t.Context(), made.ID, end))
	_, err = db.UpdateKey(t.Context(), made.ID, trip2g.OwnerGrant, time.Time{})
	wantCode(t, err, trip2g.ENOTFOUND)
}
