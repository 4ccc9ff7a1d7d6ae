package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g/server/servertest"

	"trip2g/internal/testwait"
)

func TestPeopleSignInAndOutThroughAReplicaWithoutAScript(t *testing.T) {
	t.Parallel()
	p := startPeople(t, nil)
	b := p.browser(p.replica)
	b.get("/_system/account").leads(t, "/_system/signin?next=%2F_system%2Faccount")
	b.get("/_system/signin/code").leads(t, "/_system/signin")
	b.get("/_system/signin?email=owner%40example.com&next=/a").want(t, http.StatusOK, `value="owner@example.com"`, `name="next" value="/a"`, `<label for="email">`)
	b.get("/_system/signin?email=%22%3E%3Cscript%3E&next=//evil.example").want(t, http.StatusOK, `value="&#34;&gt;&lt;script&gt;"`)
	b.post("/_system/signin", url.Values{"email": {"nobody"}}).want(t, http.StatusBadRequest, `id="email-error" role="alert"`, `value="nobody"`)

	code := p.code(b, testOwner)
	form := url.Values{"email": {testOwner}, "code": {"123"}, "next": {"/_system/account"}}
	wrong := b.post("/_system/signin/code", form).want(t, http.StatusUnauthorized, `id="code-error" role="alert"`, `autocomplete="one-time-code"`, "Request a new one")
	if wrong.header.Get("Set-Cookie") != "" {
		t.Errorf("a wrong code sets %q", wrong.header["Set-Cookie"])
	}
	form.Set("code", code)
	for _, from := range []string{"http://evil.example", "null"} {
		b.post("/_system/signin/code", form, "Origin", from).want(t, http.StatusForbidden, "Another site sent this form")
	}
	b.post("/_system/signin/code", url.Values{"email": {strings.Repeat("a", 100<<10)}}).want(t, http.StatusRequestEntityTooLarge, "The form is too large")
	b.post("/_system/signin/code", form).leads(t, "/_system/account")
	b.get("/_system/account").want(t, http.StatusOK, testOwner, "the owner of this site", "Firefox on Linux", "This session", "127.0.0.1")
	b.post("/_system/signin/code", form).want(t, http.StatusUnauthorized, "wrong or has expired")

	b.post("/_system/signout", nil, "Sec-Fetch-Site", "cross-site").want(t, http.StatusForbidden)
	b.get("/_system/account").want(t, http.StatusOK, testOwner)
	b.post("/_system/signout", nil).leads(t, "/")
	b.get("/_system/account").leads(t, "/_system/signin?next=%2F_system%2Faccount")
	b.post("/_system/signout", nil).leads(t, "/")
}

func TestPeopleEndTheirOtherSessions(t *testing.T) {
	t.Parallel()
	p := startPeople(t, nil)
	here, there, third := p.signIn(p.replica, testOwner, ""), p.signIn(p.leader, testOwner, ""), p.signIn(p.replica, testOwner, "")
	var others []string
	testwait.NoFault(t, func() string {
		others = regexp.MustCompile(`name="id" value="(\d+)"`).FindAllString(here.get("/_system/account").body, -1)
		if len(others) != 2 {
			return fmt.Sprintf("the page lists %v", others)
		}
		return ""
	})
	there.get("/_system/account").want(t, http.StatusOK, "Revoke all other sessions")
	newest := regexp.MustCompile(`\d+`).FindString(others[0])
	here.post("/_system/account/end", url.Values{"id": {newest}}).leads(t, "/_system/account")
	here.get("/_system/account").want(t, http.StatusOK)
	third.get("/_system/account").leads(t, "/_system/signin?next=%2F_system%2Faccount")
	// The session is over already; ending it again succeeds.
	here.post("/_system/account/end", url.Values{"id": {newest}}).leads(t, "/_system/account")
	here.post("/_system/account/end", url.Values{"id": {"x"}}).want(t, http.StatusBadRequest, "This session does not exist")
	here.post("/_system/account/end-others", nil).leads(t, "/_system/account")
	if alone := here.get("/_system/account").want(t, http.StatusOK).body; strings.Contains(alone, `name="id"`) {
		t.Errorf("others are listed still: %s", alone)
	}
	testwait.NoFault(t, func() string {
		if there.get("/_system/account").status != http.StatusSeeOther {
			return "the session on the leader goes on"
		}
		return ""
	})
	there.post("/_system/account/end-others", nil).leads(t, "/_system/signin?next=%2F_system%2Faccount")
}

func TestASessionCookieIsForTLSOnlyWhereTheSiteIs(t *testing.T) {
	t.Parallel()
	p := startPeople(t, nil, "PUBLIC_URL=https://notes.example.com")
	b := p.browser(p.replica)
	form := url.Values{"email": {testOwner}, "code": {p.code(b, testOwner)}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.replica.Public+"/_system/signin/code", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "notes.example.com" // as set by a proxy that ends TLS before the node
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "https://notes.example.com")
	for _, c := range b.Jar.Cookies(r.URL) { // the jar matches by the request's host
		r.AddCookie(c)
	}
	res, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		if c.Name == "session_r1" && c.Secure && c.HttpOnly && c.SameSite == http.SameSiteLaxMode && time.Until(c.Expires) > 24*time.Hour {
			return
		}
	}
	t.Errorf("status %d sets %v", res.StatusCode, res.Header["Set-Cookie"])
}

func TestASignInBehindATrustedProxyIsItsClients(t *testing.T) {
	t.Parallel()
	p := startPeople(t, nil, "TRUSTED_PROXIES=127.0.0.0/8")
	// The replica trusts no proxy.
	for node, want := range map[*servertest.Node]string{p.leader: "203.0.113.7", p.replica: "127.0.0.1"} {
		b := p.browser(node)
		form := url.Values{"email": {testOwner}, "code": {p.code(b, testOwner)}}
		b.post("/_system/signin/code", form, "X-Forwarded-For", "192.0.2.66, 203.0.113.7").leads(t, "/_system/")
		account := b.get("/_system/account").want(t, http.StatusOK, "from "+want).body
		if strings.Contains(account, "192.0.2.66") {
			t.Errorf("the client's own word is believed: %s", account)
		}
		b.post("/_system/signout", nil).leads(t, "/")
	}
}
