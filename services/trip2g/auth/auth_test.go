package auth_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
	"trip2g/services/trip2g/store/sqlite"
)

const owner = "owner@example.com"

var client = trip2g.Client{Addr: "192.0.2.1:50000", Browser: "a browser", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"}

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

type mail struct{ email, code string }

type env struct {
	*auth.SignIn
	t     *testing.T
	db    *sqlite.DB
	path  string
	clock *clock
	mails chan mail
}

// start runs a sign-in service on a database with an owner.
func start(t *testing.T) *env {
	t.Helper()
	return startWith(t, func(context.Context, string) error { return nil })
}

// startWith is start with a mail server that does with each mail what post says.
func startWith(t *testing.T, post func(ctx context.Context, email string) error) *env {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.sqlite3")
	db, err := sqlite.OpenLeader(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.EnsureOwner(t.Context(), owner); err != nil {
		t.Fatal(err)
	}
	e := &env{t: t, db: db, path: path, clock: &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, mails: make(chan mail, 100)}
	e.SignIn, err = auth.NewSignIn(auth.Options{
		Users: db,
		Mail: func(ctx context.Context, email, code string) error {
			if err := post(ctx, email); err != nil {
				return err
			}
			e.mails <- mail{email, code}
			return nil
		},
		RetryMailAfter: time.Millisecond,
		Log:            zerolog.New(zerolog.NewTestWriter(t)),
		Secret:         []byte("a secret of this test"),
		Refresh: func(ctx context.Context) (trip2g.Position, error) {
			set, err := db.Changes(ctx, 0, 1)
			return set.Head, err
		},
		Now: e.clock.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error("Run ended with", err)
		}
		db.Close()
	})
	return e
}

// code asks for a code and gives what is mailed.
func (e *env) code(email string) string {
	e.t.Helper()
	if err := e.RequestCode(e.t.Context(), email, client); err != nil {
		e.t.Fatal(err)
	}
	m := testwait.Receive(e.t, "a code by mail", e.mails)
	if m.email != strings.ToLower(strings.TrimSpace(email)) {
		e.t.Fatalf("the code of %s went to %s", email, m.email)
	}
	return m.code
}

func (e *env) signIn(email, code string) error {
	_, _, _, err := e.SignIn.SignIn(e.t.Context(), email, code, client)
	return err
}

func (e *env) wantRefused(what string, err error) {
	e.t.Helper()
	if trip2g.ErrorCode(err) != trip2g.EUNAUTHORIZED {
		e.t.Errorf("%s: %v, want EUNAUTHORIZED", what, err)
	}
}

// another gives a code that is not code.
func another(code string, n int) string { return fmt.Sprintf("%08d", (atoi(code)+n)%100_000_000) }

func atoi(s string) (n int) {
	fmt.Sscanf(s, "%d", &n)
	return n
}

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

func TestWrongGuessesVoidACode(t *testing.T) {
	t.Parallel()
	e := start(t)
	code := e.code(owner)
	for i := range auth.CodeAttempts {
		e.wantRefused("a wrong code", e.signIn(owner, another(code, i+1)))
	}
	e.wantRefused("the right code after too many guesses", e.signIn(owner, code))
	if err := e.signIn(owner, e.code(owner)); err != nil {
		t.Errorf("a new code: %v", err)
	}
}

// TestOneClientCannotLockTheOwnerOut guesses and asks as often as it may, from elsewhere and beside the owner.
func TestOneClientCannotLockTheOwnerOut(t *testing.T) {
	t.Parallel()
	for name, attacker := range map[string]trip2g.Client{
		"another client":                     {Addr: "203.0.113.66:1"},
		"another network of the same site":   {Addr: "[2001:db8:1:2::1]:1"},
		"a browser of the owner's network":   {Addr: client.Addr, Browser: "of somebody else"},
		"a program in the owner's network":   {Addr: client.Addr},
		"a browser that gives itself a name": {Addr: "203.0.113.66:1", Browser: strings.Repeat("x", 64)},
	} {
		t.Run(name, func(t *testing.T) {
			e := start(t)
			owners := trip2g.Client{Addr: "192.0.2.1:50000", Browser: "the owner's"}
			if strings.Contains(name, "same site") {
				owners.Addr = "[2001:db8:1:3::1]:1"
			}
			ask := func() string {
				t.Helper()
				if err := e.RequestCode(t.Context(), owner, owners); err != nil {
					t.Fatal(err)
				}
				return (<-e.mails).code
			}
			code := ask()
			for i := range 200 {
				if e.RequestCode(t.Context(), owner, attacker) == nil {
					<-e.mails
				}
				if i < 25 { // the client's own limit is not what protects the code
					e.SignIn.SignIn(t.Context(), owner, another(code, i+1), attacker)
					if _, _, _, err := e.SignIn.SignIn(t.Context(), owner, code, attacker); err == nil {
						t.Fatal("another client signs in with the owner's code")
					}
				}
			}
			if strings.Contains(name, "owner's network") || strings.Contains(name, "same site") {
				e.clock.advance(5 * time.Minute) // they share limits for a while
			}
			if _, _, _, err := e.SignIn.SignIn(t.Context(), owner, code, owners); err != nil {
				t.Errorf("the owner's code: %v", err)
			}
			code = ask()
			if _, _, _, err := e.SignIn.SignIn(t.Context(), owner, code, owners); err != nil {
				t.Errorf("the owner's next code: %v", err)
			}
		})
	}
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

func TestGuessesInParallelCountEach(t *testing.T) {
	t.Parallel()
	e := start(t)
	code := e.code(owner)
	var guesses sync.WaitGroup
	for i := range 20 {
		guesses.Go(func() { e.signIn(owner, another(code, i+1)) })
	}
	guesses.Wait()
	e.wantRefused("the right code after too many guesses", e.signIn(owner, code))
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

func TestAStrangersAddressGetsTheSameAnswerAndNoMail(t *testing.T) {
	t.Parallel()
	e := start(t)
	if err := e.RequestCode(t.Context(), "stranger@example.com", client); err != nil {
		t.Errorf("a stranger's address: %v", err)
	}
	// Codes are made one after the other: when the owner's is there, the stranger's would be too.
	e.code(owner)
	if n := len(e.mails); n != 0 {
		t.Errorf("%d more mails went out", n)
	}
	known, stranger := e.signIn(owner, "1"), e.signIn("stranger@example.com", "1")
	e.wantRefused("a stranger", stranger)
	if known == nil || known.Error() != stranger.Error() {
		t.Errorf("a user's refusal %q differs from a stranger's %q", known, stranger)
	}
}

func TestAMailThatFailsIsTriedAgainAndARefusedOneIsNot(t *testing.T) {
	t.Parallel()
	var tries, refusals atomic.Int32
	e := startWith(t, func(_ context.Context, email string) error {
		if email == "refused@example.com" {
			refusals.Add(1)
			return trip2g.Errorf(trip2g.EINVALID, "no such mailbox")
		}
		if tries.Add(1) < 3 {
			return errors.New("connection refused")
		}
		return nil
	})
	if _, err := e.db.InviteMember(t.Context(), "refused@example.com", e.clock.now()); err != nil {
		t.Fatal(err)
	}
	if err := e.RequestCode(t.Context(), "refused@example.com", client); err != nil {
		t.Fatal(err)
	}
	if err := e.signIn(owner, e.code(owner)); err != nil {
		t.Errorf("the code of the third try: %v", err)
	}
	if tries.Load() != 3 || refusals.Load() != 1 {
		t.Errorf("%d tries, and %d of a mail that was refused for good", tries.Load(), refusals.Load())
	}
}

func TestOneSlowMailDoesNotHoldAnother(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	e := startWith(t, func(ctx context.Context, email string) error {
		if email == owner {
			return nil
		}
		select {
		case <-never:
		case <-ctx.Done():
		}
		return ctx.Err()
	})
	if _, err := e.db.InviteMember(t.Context(), "slow@example.com", e.clock.now()); err != nil {
		t.Fatal(err)
	}
	if err := e.RequestCode(t.Context(), "slow@example.com", client); err != nil {
		t.Fatal(err)
	}
	e.code(owner)
}

func TestARemovedMemberGetsNoCodeAndASessionTellsOfItsBrowser(t *testing.T) {
	t.Parallel()
	e := start(t)
	people := auth.NewPeople(auth.PeopleOptions{Users: e.db, Refresh: e.Refresh, Log: e.Log, Now: e.clock.now})
	member, mailed, err := people.Invite(t.Context(), " Ann@Example.com ", "https://example.com")
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

func TestAskingTooOftenIsRefusedForAWhile(t *testing.T) {
	t.Parallel()
	e := start(t)
	limited := func(ask func(i int) error) (taken int) {
		t.Helper()
		for i := range 1000 {
			err := ask(i)
			switch trip2g.ErrorCode(err) {
			case "":
				taken++
			case trip2g.ERATELIMITED:
				if !strings.Contains(err.Error(), "try again in") {
					t.Errorf("the refusal does not say when to come back: %v", err)
				}
				return taken
			default:
				t.Fatal(err)
			}
		}
		return taken
	}
	otherClient := func(i int) trip2g.Client { return trip2g.Client{Addr: fmt.Sprintf("198.51.100.%d:1", i)} }
	if n := limited(func(i int) error { return e.RequestCode(t.Context(), owner, otherClient(i)) }); n != 30 {
		t.Errorf("%d codes for one address at once", n)
	}
	e.clock.advance(10 * time.Minute)
	if n := limited(func(int) error { return e.RequestCode(t.Context(), owner, client) }); n != 5 {
		t.Errorf("%d codes for one address and one client at once", n)
	}
	// An IPv6 customer has 2^64 addresses and is one client all the same.
	sameNetwork := func(i int) trip2g.Client { return trip2g.Client{Addr: fmt.Sprintf("[2001:db8:1:2::%x]:1", i+1)} }
	if n := limited(func(i int) error {
		return e.RequestCode(t.Context(), fmt.Sprintf("a%d@example.com", i), sameNetwork(i))
	}); n > 30 {
		t.Errorf("%d codes for one client at once", n)
	}
	guesses := make(chan error)
	for range 40 {
		go func() { guesses <- e.signIn(owner, "x") }()
	}
	taken := 0
	for range 40 {
		if err := <-guesses; trip2g.ErrorCode(err) == trip2g.EUNAUTHORIZED {
			taken++
		}
	}
	if taken != 30 {
		t.Errorf("%d guesses for one client at once", taken)
	}
	e.clock.advance(10 * time.Minute)
	if err := e.RequestCode(t.Context(), owner, client); err != nil {
		t.Errorf("after a while: %v", err)
	}
	if err := e.signIn(owner, "x"); trip2g.ErrorCode(err) != trip2g.EUNAUTHORIZED {
		t.Errorf("after a while: %v", err)
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

func TestTheLogTellsTheCodeAtEveryLevel(t *testing.T) {
	var log bytes.Buffer
	if err := auth.LogMailer(zerolog.New(&log).Level(zerolog.ErrorLevel))(t.Context(), owner, "01234567"); err != nil {
		t.Fatal(err)
	}
	var line struct{ Email, Code string }
	if err := json.Unmarshal(log.Bytes(), &line); err != nil || line.Email != owner || line.Code != "01234567" {
		t.Errorf("the log has %q (%v)", log.String(), err)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	e := start(t)
	keys := auth.NewKeys(e.db, e.clock.now)
	secret, key, err := keys.CreateKey(t.Context(), " laptop ", trip2g.Grant{Scopes: trip2g.DefaultScopes}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(secret, "t2g_") || len(secret) != 47 || key.Name != "laptop" || key.ID == 0 || !strings.HasPrefix(secret, key.Hint) || len(key.Hint) > 8 {
		t.Errorf("made %+v with a secret of %d characters", key, len(secret))
	}
	if found, err := keys.Authenticate(t.Context(), secret); err != nil || found.ID != key.ID {
		t.Errorf("Authenticate = %+v, %v", found, err)
	}
	for _, wrong := range []string{"", "t2g_", secret[:46], secret + "x", strings.ToUpper(secret), secret[4:], key.Hash, strings.Repeat("t2g_", 1<<18)} {
		if _, err := keys.Authenticate(t.Context(), wrong); trip2g.ErrorCode(err) != trip2g.EUNAUTHORIZED {
			t.Errorf("Authenticate(%.20q) = %v", wrong, err)
		}
	}
	if err := e.db.RevokeKey(t.Context(), key.ID, e.clock.now()); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Authenticate(t.Context(), secret); trip2g.ErrorCode(err) != trip2g.EUNAUTHORIZED {
		t.Errorf("a revoked key: %v", err)
	}
	for _, name := range []string{"", "  ", "a\nb", "a\xffb", strings.Repeat("x", auth.MaxKeyName+1)} {
		if _, _, err := keys.CreateKey(t.Context(), name, trip2g.OwnerGrant, time.Time{}); trip2g.ErrorCode(err) != trip2g.EINVALID {
			t.Errorf("CreateKey(%.20q) = %v", name, err)
		}
	}
}
