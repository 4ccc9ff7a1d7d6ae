package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
	"trip2g/services/trip2g/store/sqlite"
)

// claimEnv is a site without an owner.
type claimEnv struct {
	*auth.Claim
	t     *testing.T
	db    *sqlite.DB
	clock *clock
	log   *bytes.Buffer
}

func startUnowned(t *testing.T) *claimEnv {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	e := &claimEnv{t: t, db: db, clock: &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, log: &bytes.Buffer{}}
	signIn, err := auth.NewSignIn(auth.Options{
		Users: db, Log: zerolog.New(zerolog.SyncWriter(e.log)).Level(zerolog.ErrorLevel), Secret: []byte("secret"), Now: e.clock.now,
		Refresh: func(context.Context) (trip2g.Position, error) { return 0, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	e.Claim = auth.NewClaim(signIn, "http://localhost:8081/_system/claim")
	e.Announce()
	return e
}

// code returns the newest code in the log.
func (e *claimEnv) code() (code string) {
	e.t.Helper()
	for line := range strings.Lines(e.log.String()) {
		var said struct{ Code, URL string }
		if err := json.Unmarshal([]byte(line), &said); err != nil {
			e.t.Fatal(err)
		}
		if said.URL == "http://localhost:8081/_system/claim" {
			code = said.Code
		}
	}
	return code
}

var local = trip2g.Client{Addr: "[::1]:50000"}

func (e *claimEnv) claim(email, code string, client trip2g.Client) error {
	_, session, _, err := e.Claim.Claim(e.t.Context(), email, code, client)
	if err == nil && (!session.User.Owner || session.User.Email != email) {
		e.t.Errorf("the session is of %+v", session.User)
	}
	return err
}

func (e *claimEnv) wantCode(what string, err error, code string) {
	e.t.Helper()
	if trip2g.ErrorCode(err) != code {
		e.t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestTheCodeFromTheLogMakesTheFirstOwnerOnce(t *testing.T) {
	e := startUnowned(t)
	code := e.code()
	e.wantCode("no code", e.claim("me@example.com", "", local), trip2g.EUNAUTHORIZED)
	e.wantCode("a wrong code", e.claim("me@example.com", "AAAA-AAAA-AAAA-AAAA", local), trip2g.EUNAUTHORIZED)
	e.wantCode("no address", e.claim("me", code, local), trip2g.EINVALID)
	e.wantCode("another machine", e.claim("me@example.com", code, client), trip2g.EFORBIDDEN)
	if err := e.claim("me@example.com", " "+strings.ToLower(code)+"\n", local); err != nil {
		t.Fatal(err)
	}
	e.wantCode("a second claim", e.claim("thief@example.com", code, local), trip2g.EFORBIDDEN)
	e.wantCode("a second claim without a code", e.claim("thief@example.com", "", local), trip2g.EFORBIDDEN)
	if e.code() != code {
		t.Error("the log has another code although there is an owner")
	}
}

func TestOfManyWhoClaimAtOnceOneIsTheOwner(t *testing.T) {
	e := startUnowned(t)
	var owners atomic.Int32
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if e.claim("me@example.com", e.code(), local) == nil {
				owners.Add(1)
			}
		})
	}
	group.Wait()
	if owners.Load() != 1 {
		t.Errorf("%d became the owner", owners.Load())
	}
}

func TestAClaimCodeEndsByTimeAndAnotherOwnerAndNotByGuesses(t *testing.T) {
	e := startUnowned(t)
	old := e.code()
	e.clock.advance(auth.ClaimCodeLifetime)
	e.wantCode("an expired code", e.claim("me@example.com", old, local), trip2g.EUNAUTHORIZED)
	code := e.code()
	if code == old {
		t.Fatal("an expired code is not replaced")
	}
	for range 20 {
		e.wantCode("a guess", e.claim("me@example.com", "AAAA-AAAA-AAAA-AAAA", local), trip2g.EUNAUTHORIZED)
	}
	if e.code() != code {
		t.Fatal("wrong guesses void the code: anybody can keep the owner out")
	}
	for range 30 {
		e.claim("me@example.com", "", local)
	}
	e.wantCode("the thirtieth guess in one moment", e.claim("me@example.com", e.code(), local), trip2g.ERATELIMITED)

	e.clock.advance(time.Hour / 2)
	if err := e.db.EnsureOwner(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	e.wantCode("a site that got an owner meanwhile", e.claim("me@example.com", e.code(), local), trip2g.EFORBIDDEN)
}
