package auth_test

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
)

func TestACodeSignsInOnce(t *testing.T) {
	t.Parallel()
	e := start(t)
	code := e.code(" Owner@Example.com ")
	if len(code) != auth.CodeDigits || strings.Trim(code, "0123456789") != "" {
		t.Errorf("the code is %q", code)
	}
	token, session, position, err := e.SignIn.SignIn(t.Context(), "OWNER@example.com", " "+code[:4]+" "+code[4:]+"\n", client)
	if err != nil {
		t.Fatal(err)
	}
	if len(token) != 43 || position == 0 || session.ID == 0 || !session.User.Owner || session.User.Email != owner {
		t.Errorf("signed in as %+v with a token of %d characters at position %d", session, len(token), position)
	}
	if want := e.clock.now().Add(auth.SessionLifetime); !session.ExpiresAt.Equal(want) {
		t.Errorf("the session ends %v, want %v", session.ExpiresAt, want)
	}
	found, err := e.SessionFromToken(t.Context(), token)
	if err != nil || found.User.Email != owner {
		t.Errorf("the token gives %+v, %v", found, err)
	}
	e.wantRefused("the same code again", e.signIn(owner, code))
}

func TestSignOutAndTimeEndASession(t *testing.T) {
	t.Parallel()
	e := start(t)
	signIn := func() (string, trip2g.Session) {
		t.Helper()
		token, session, _, err := e.SignIn.SignIn(t.Context(), owner, e.code(owner), client)
		if err != nil {
			t.Fatal(err)
		}
		return token, session
	}
	ended := func(what, token string) {
		t.Helper()
		_, err := e.SessionFromToken(t.Context(), token)
		e.wantRefused(what, err)
	}
	first, firstSession := signIn()
	second, _ := signIn()
	if position, err := e.SignOut(t.Context(), firstSession); err != nil || position == 0 {
		t.Fatal(position, err)
	}
	ended("a session that was ended", first)
	if _, err := e.SessionFromToken(t.Context(), second); err != nil {
		t.Errorf("the other session: %v", err)
	}
	if _, err := e.SignOut(t.Context(), firstSession); err != nil {
		t.Errorf("ending it again: %v", err)
	}
	e.clock.advance(auth.SessionLifetime + time.Second)
	ended("a session past its time", second)
	ended("no token", "")
	ended("garbage", "garbage")
	ended("a huge token", strings.Repeat("x", 1<<20))
}

// TestAnOlderCodeIsValidUntilItIsUsedOrExpires has somebody press the button again before the first mail comes.
func TestAnOlderCodeIsValidUntilItIsUsedOrExpires(t *testing.T) {
	t.Parallel()
	e := start(t)
	first, second := e.code(owner), e.code(owner)
	if err := e.signIn(owner, first); err != nil {
		t.Errorf("the older code: %v", err)
	}
	e.wantRefused("the newer one after the sign-in", e.signIn(owner, second))
}

func TestACodeIsOneAddressesAndForTenMinutes(t *testing.T) {
	t.Parallel()
	e := start(t)
	if err := e.db.EnsureOwner(t.Context(), "second@example.com"); err != nil {
		t.Fatal(err)
	}
	first := e.code(owner)
	e.wantRefused("another address's code", e.signIn("second@example.com", first))
	second := e.code(owner)
	e.clock.advance(auth.CodeLifetime + time.Second)
	e.wantRefused("an older code past its time", e.signIn(owner, first))
	e.wantRefused("a code past its time", e.signIn(owner, second))
	third := e.code(owner)
	e.clock.advance(auth.CodeLifetime - time.Second)
	if err := e.signIn(owner, third); err != nil {
		t.Errorf("a code in its last second: %v", err)
	}
}

func TestARemovedMemberGetsNoCodeAndASessionTellsOfItsBrowser(t *testing.T) {
	t.Parallel()
	e := start(t)
	people := auth.NewPeople(auth.PeopleOptions{Users: e.db, Refresh: e.Refresh, Log: e.Log, Now: e.clock.now})
	member, mailed, err := people.Invite(t.Context(), " Ann@Example.com ", "https://example.com", "")
	if err != nil || mailed || member.Email != "ann@example.com" {
		t.Fatalf("invited %+v, mailed %v, %v", member, mailed, err)
	}
	code := e.code("ann@example.com")
	_, session, _, err := e.SignIn.SignIn(t.Context(), "ann@example.com", code, trip2g.Client{Addr: "[2001:db8::1]:5", Browser: client.Browser, UserAgent: "Fire\x00fox\xff" + strings.Repeat("x", 1000)})
	if err != nil || session.Address != "2001:db8::1" || !strings.HasPrefix(session.UserAgent, "Fire fox") || len(session.UserAgent) > trip2g.MaxUserAgent {
		t.Errorf("the session is %+v, %v", session, err)
	}
	late := e.code("ann@example.com")
	if _, err := people.RemoveMember(t.Context(), member.ID); err != nil {
		t.Fatal(err)
	}
	e.wantRefused("a code from before the removal", e.signIn("ann@example.com", late))
	if err := e.RequestCode(t.Context(), "ann@example.com", client); err != nil {
		t.Errorf("a removed member's address: %v", err)
	}
	e.code(owner)
	if n := len(e.mails); n != 0 {
		t.Errorf("%d more mails went out", n)
	}
}

func TestWhatIsNoAddressIsRefused(t *testing.T) {
	t.Parallel()
	e := start(t)
	for _, email := range []string{"", "x", "@", "a@", "Owner <owner@example.com>", "a@b, c@d", "a@b\r\nBcc: c@d", "\x00@b", strings.Repeat("a", 250) + "@b.co"} {
		if err := e.RequestCode(t.Context(), email, client); trip2g.ErrorCode(err) != trip2g.EINVALID {
			t.Errorf("RequestCode(%.30q) = %v", email, err)
		}
		if err := e.signIn(email, "12345678"); trip2g.ErrorCode(err) != trip2g.EINVALID {
			t.Errorf("SignIn(%.30q) = %v", email, err)
		}
	}
}

func TestNoSecretIsInTheDatabase(t *testing.T) {
	t.Parallel()
	e := start(t)
	used := e.code(owner)
	token, _, _, err := e.SignIn.SignIn(t.Context(), owner, used, client)
	if err != nil {
		t.Fatal(err)
	}
	pending := e.code(owner)
	key, _, err := auth.NewKeys(e.db, e.clock.now).CreateKey(t.Context(), "laptop", trip2g.OwnerGrant, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		stored, err := os.ReadFile(e.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for name, secret := range map[string]string{"used code": used, "pending code": pending, "token": token, "key": key, "key without prefix": key[len(auth.KeyPrefix):]} {
			if bytes.Contains(stored, []byte(secret)) {
				t.Errorf("the %s is in data.sqlite3%s", name, suffix)
			}
		}
		if bytes.Contains(stored, []byte(trip2g.TokenHash(pending))) {
			t.Errorf("a code's bare SHA-256 is in data.sqlite3%s: 10^8 tries give the code", suffix)
		}
	}
}
