package server_test

import (
	"database/sql"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// lockDatabase holds the write lock of a database, as a VACUUM of another program does, until the
// test ends or unlock is called.
func lockDatabase(t *testing.T, path string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
	}
}

// TestASignOutThatTheDatabaseIsTooBusyForIsTriedAgain: 503 and Retry-After mean that nothing
// happened and when to retry. 429 would mean that the client sends too many requests.
func TestASignOutThatTheDatabaseIsTooBusyForIsTriedAgain(t *testing.T) {
	t.Parallel()
	p := startPeople(t, nil)
	b := p.signIn(p.replica, testOwner, "")
	unlock := lockDatabase(t, p.db)
	busy := b.post("/_system/signout", nil).want(t, http.StatusServiceUnavailable, "does not work at the moment")
	if busy.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	unlock()
	b.post("/_system/signout", nil).leads(t, "/")
}

// TestWhoAsksForCodesTooOftenIsToldWhenToTryAgain requests codes until the server refuses.
func TestWhoAsksForCodesTooOftenIsToldWhenToTryAgain(t *testing.T) {
	t.Parallel()
	p := startPeople(t, nil)
	b := p.browser(p.leader)
	for range 50 {
		answer := b.post("/_system/signin", url.Values{"email": {testOwner}})
		if answer.status == http.StatusOK {
			continue
		}
		answer.want(t, http.StatusTooManyRequests, "Too many attempts")
		if seconds, err := strconv.Atoi(answer.header.Get("Retry-After")); err != nil || seconds < 1 || !strings.Contains(answer.body, strconv.Itoa(seconds)+" seconds") {
			t.Errorf("Retry-After is %q, and the page says %s", answer.header.Get("Retry-After"), answer.body)
		}
		return
	}
	t.Error("nobody stopped it")
}
