package auth_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
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
		Mail: func(ctx context.Context, email, code, _ string) error {
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

// code asks for a code and returns what is mailed.
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

// another returns a code that is not code.
func another(code string, n int) string { return fmt.Sprintf("%08d", (atoi(code)+n)%100_000_000) }

func atoi(s string) (n int) {
	fmt.Sscanf(s, "%d", &n)
	return n
}
