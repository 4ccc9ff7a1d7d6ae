package auth_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
)

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
