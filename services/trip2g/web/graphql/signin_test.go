package graphql_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/graphql"
)

func sessionCookie(t *testing.T, a answer) *http.Cookie {
	t.Helper()
	cookies := a.cookies()
	position := cookies[trip2g.PositionCookie]
	delete(cookies, trip2g.PositionCookie)
	if len(cookies) != 1 || position == nil && a.header.Get(trip2g.PositionHeader) != "" {
		t.Fatalf("the answer sets %v and %v: %s", position, cookies, a.body)
	}
	for _, session := range cookies {
		return session
	}
	return nil
}

// cookies returns the cookies that a response sets, by name.
func (a answer) cookies() map[string]*http.Cookie {
	found := map[string]*http.Cookie{}
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		found[c.Name] = c
	}
	return found
}

func TestTheOwnerSignsInPublishesAndSignsOut(t *testing.T) {
	s := start(t, func(o *graphql.Options) { o.Cookie = "session_r1" })
	a := s.signIn(s.code(nil), nil)
	p := a.get(t, "signInByEmail")
	if p.Typename != "SignInPayload" || p.Viewer.Role != "ADMIN" || p.Viewer.User.Email != owner || a.header.Get(trip2g.PositionHeader) == "" {
		t.Fatalf("signed in: %s with %v", a.body, a.header)
	}
	cookie := sessionCookie(t, a)
	if cookie.Name != "session_r1" || cookie.Value != p.Token || cookie.Path != "/" || cookie.Domain != "" || !cookie.HttpOnly || cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Expires.IsZero() {
		t.Errorf("the cookie is %s", cookie)
	}
	for name, headers := range map[string]header{"cookie": {"Cookie": "other=1; session_r1=" + p.Token}, "bearer": {"Authorization": "Bearer " + p.Token}} {
		if v := s.post(viewerQuery, nil, headers).get(t, "viewer"); v.Role != "ADMIN" || v.User == nil || v.User.Email != owner {
			t.Errorf("by %s the viewer is %+v", name, v)
		}
		if p := s.push(map[string]string{name + ".md": "x"}, false, headers).get(t, "pushNotes"); p.Typename != "PushNotesPayload" {
			t.Errorf("by %s the push gives %+v", name, p)
		}
	}
	out := s.post(signOutQuery, nil, header{"Cookie": "session_r1=" + p.Token})
	if v := out.get(t, "signOut").Viewer; v == nil || v.Role != "GUEST" {
		t.Errorf("signed out: %s", out.body)
	}
	if gone := sessionCookie(t, out); gone.Name != "session_r1" || gone.MaxAge >= 0 || gone.Path != "/" {
		t.Errorf("the cookie is not removed: %s", gone)
	}
	if v := s.post(viewerQuery, nil, header{"Cookie": "session_r1=" + p.Token}).get(t, "viewer"); v.Role != "GUEST" || v.User != nil {
		t.Errorf("after signing out the viewer is %+v", v)
	}
	if p := s.push(map[string]string{"late.md": "x"}, false, header{"Cookie": "session_r1=" + p.Token}).get(t, "pushNotes"); p.Typename != "ErrorPayload" {
		t.Errorf("after signing out a push gives %+v", p)
	}
	if p := s.post(signOutQuery, nil, nil).get(t, "signOut"); p.Typename != "SignOutPayload" {
		t.Errorf("signing out without a session: %+v", p)
	}
}

func TestAnOwnersStageIsNotAKeys(t *testing.T) {
	s := start(t, nil)
	session := header{"Authorization": "Bearer " + s.signIn(s.code(nil), nil).get(t, "signInByEmail").Token}
	s.pushed(map[string]string{"a.md": "by key"}, true)
	s.post(commitQuery, nil, session)
	if notes, _ := s.notes(); len(notes) != 0 {
		t.Errorf("the owner's commit published %v", notes)
	}
}

func TestOnlyTheOwnerPublishesBySession(t *testing.T) {
	s := start(t, nil)
	token := s.signIn(s.code(nil), nil).get(t, "signInByEmail").Token
	if err := s.db.EnsureOwner(t.Context(), "new@example.com"); err != nil {
		t.Fatal(err)
	}
	session := header{"Authorization": "Bearer " + token}
	if v := s.post(viewerQuery, nil, session).get(t, "viewer"); v.Role != "USER" || v.User.Email != owner {
		t.Errorf("the viewer is %+v", v)
	}
	p := s.push(map[string]string{"a.md": "x"}, false, session).get(t, "pushNotes")
	contains(t, p.Message, "owner", "API key")
	if a := s.post(`{ notePaths { value } }`, nil, session); len(a.Errors) != 1 || a.Errors[0].Extensions["code"] != "forbidden" {
		t.Errorf("notePaths: %s", a.body)
	}
	s.wantUntouched()
}

func TestWrongCodesSetNoCookie(t *testing.T) {
	s := start(t, nil)
	code := s.code(nil)
	for i := range 6 {
		guess := fmt.Sprintf("%08d", i)
		if guess == code {
			continue
		}
		a := s.signIn(guess, nil)
		if p := a.get(t, "signInByEmail"); p.Typename != "ErrorPayload" || a.header.Get("Set-Cookie") != "" {
			t.Errorf("guess %d: %s", i, a.body)
		}
	}
	if p := s.signIn(code, nil).get(t, "signInByEmail"); p.Typename != "ErrorPayload" {
		t.Errorf("the code outlived its wrong guesses: %+v", p)
	}
	code = s.code(nil)
	if p := s.signIn(code, nil).get(t, "signInByEmail"); p.Typename != "SignInPayload" {
		t.Errorf("a new code: %+v", p)
	}
	if p := s.signIn(code, nil).get(t, "signInByEmail"); p.Typename != "ErrorPayload" {
		t.Errorf("a code worked twice: %+v", p)
	}
}

func TestAStrangerGetsTheOwnersAnswer(t *testing.T) {
	s := start(t, nil)
	stranger := s.post(requestQuery, map[string]any{"input": map[string]any{"email": "stranger@example.com"}}, nil)
	known := s.post(requestQuery, map[string]any{"input": map[string]any{"email": owner}}, nil)
	if stranger.body != known.body {
		t.Errorf("a stranger gets %s, the owner %s", stranger.body, known.body)
	}
	p := s.post(requestQuery, map[string]any{"input": map[string]any{"email": "nobody"}}, nil).get(t, "requestEmailSignInCode")
	if p.Typename != "ErrorPayload" || len(p.ByFields) != 1 || p.ByFields[0].Name != "email" {
		t.Errorf("no address: %+v", p)
	}
}

func TestTheCookieIsSecureWhenTheBrowserTalksTLS(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*graphql.Options)
		secure bool
	}{
		"plain":              {nil, false},
		"TLS at the replica": {func(o *graphql.Options) { o.Origin = fixedOrigin("https", "r.example") }, true},
		"TLS at a proxy": {func(o *graphql.Options) {
			o.Origin = fixedOrigin("http", "p.example")
			o.PublicURL = "https://P.example"
		}, true},
		"another host than published": {func(o *graphql.Options) {
			o.Origin = fixedOrigin("http", "localhost:20071")
			o.PublicURL = "https://p.example"
		}, false},
		"published without TLS": {func(o *graphql.Options) {
			o.Origin = fixedOrigin("http", "p.example")
			o.PublicURL = "http://p.example"
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, tt.change)
			if cookie := sessionCookie(t, s.signIn(s.code(nil), nil)); cookie.Secure != tt.secure {
				t.Errorf("the cookie is %s", cookie)
			}
		})
	}
}

func TestAnotherSiteCannotUseABrowsersSession(t *testing.T) {
	s := start(t, nil)
	token := s.signIn(s.code(nil), nil).get(t, "signInByEmail").Token
	host := strings.TrimPrefix(s.URL, "http://")
	for name, tt := range map[string]struct {
		headers header
		allowed bool
	}{
		"another site":           {header{"Sec-Fetch-Site": "cross-site"}, false},
		"another port":           {header{"Sec-Fetch-Site": "same-site"}, false},
		"old browser, elsewhere": {header{"Origin": "http://evil.example"}, false},
		"no origin to tell":      {header{"Origin": "null"}, false},
		"this site":              {header{"Sec-Fetch-Site": "same-origin"}, true},
		"old browser, this site": {header{"Origin": "http://" + host}, true},
		"no browser":             {header{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			tt.headers["Cookie"], tt.headers[graphql.PreflightHeader] = "session="+token, "1"
			upload, contentType := uploadBody(t, uploadInput(1, "a", "x"), "x")
			for kind, a := range map[string]answer{
				"JSON": s.push(map[string]string{name + ".md": "x"}, true, tt.headers),
				"form": s.send(contentType, upload, tt.headers),
			} {
				if (a.status == http.StatusOK) != tt.allowed || !tt.allowed && (a.status != http.StatusForbidden || len(a.Errors) != 1) {
					t.Errorf("%s: status %d, %s", kind, a.status, a.body)
				}
			}
		})
	}
}

// The browser in this test sends no Fetch Metadata, only its origin.
func TestTheOwnersPagesAskTheAPIBehindAProxyThatPassesNoHost(t *testing.T) {
	s := start(t, func(o *graphql.Options) { o.PublicURL = "https://p.example" })
	cookie := "session=" + s.signIn(s.code(nil), nil).get(t, "signInByEmail").Token
	if a := s.post(viewerQuery, nil, header{"Cookie": cookie, "Origin": "https://p.example"}); a.status != http.StatusOK || !strings.Contains(a.body, "ADMIN") {
		t.Errorf("the site itself: status %d, %s", a.status, a.body)
	}
	if a := s.post(viewerQuery, nil, header{"Cookie": cookie, "Origin": "https://evil.example"}); a.status != http.StatusForbidden {
		t.Errorf("another site: status %d, %s", a.status, a.body)
	}
}

func TestAnotherSiteCannotSignABrowserIn(t *testing.T) {
	s := start(t, nil)
	elsewhere := header{"Sec-Fetch-Site": "cross-site"}
	code := s.code(nil)
	a := s.signIn(code, elsewhere)
	if p := a.get(t, "signInByEmail"); p.Typename != "ErrorPayload" || a.header.Get("Set-Cookie") != "" {
		t.Errorf("signed in from elsewhere: %s", a.body)
	}
	if a := s.post(`{__typename}`, nil, elsewhere); a.status != http.StatusOK {
		t.Errorf("a harmless query from elsewhere: status %d, %s", a.status, a.body)
	}
	elsewhere["X-API-Key"] = s.key
	if p := s.push(map[string]string{"a.md": "x"}, false, elsewhere).get(t, "pushNotes"); p.Typename != "PushNotesPayload" {
		t.Errorf("a program in a browser with a key: %+v", p)
	}
	if p := s.signIn(code, nil).get(t, "signInByEmail"); p.Typename != "SignInPayload" {
		t.Errorf("the refused sign-in used the code up: %+v", p)
	}
}
