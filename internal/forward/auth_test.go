package forward

import (
	"bufio"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var testTime = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func clock(at time.Time) func() time.Time { return func() time.Time { return at } }

func mustSigner(t testing.TB, secret string, now func() time.Time) *Signer {
	t.Helper()
	s, err := NewSigner(secret, now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustVerifier(t testing.TB, secret string, now func() time.Time) *Verifier {
	t.Helper()
	v, err := NewVerifier(secret, testEpoch, now)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// signed returns a request as a server receives it, signed by s.
func signed(t testing.TB, s *Signer, method, uri string) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(method + " " + uri + " HTTP/1.1\r\nHost: leader\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	s.Sign(r, testEpoch)
	return r
}

func TestSignaturesThatAreNotTaken(t *testing.T) {
	s := mustSigner(t, testSecret, clock(testTime))
	ago := func(d time.Duration) *Signer { return mustSigner(t, testSecret, clock(testTime.Add(-d))) }
	for _, c := range []struct {
		name   string
		signer *Signer
		change func(*http.Request)
		want   Reason
	}{
		{"valid", s, nil, ""},
		{"absent", s, func(r *http.Request) { r.Header.Del(AuthHeader) }, ReasonAbsent},
		{"empty", s, func(r *http.Request) { r.Header.Set(AuthHeader, "") }, ReasonMalformed},
		{"garbage", s, func(r *http.Request) { r.Header.Set(AuthHeader, "open sesame") }, ReasonMalformed},
		{"another version", s, func(r *http.Request) { replaceToken(r, "v2.", "v3.") }, ReasonMalformed},
		{"a sign before the time", s, func(r *http.Request) { replaceToken(r, "v2.", "v2.+") }, ReasonMalformed},
		{"a zero before the time", s, func(r *http.Request) { replaceToken(r, "v2.", "v2.0") }, ReasonMalformed},
		{"twice", s, func(r *http.Request) { r.Header.Add(AuthHeader, r.Header.Get(AuthHeader)) }, ReasonMalformed},
		{"a second X-Forwarded-For", s, func(r *http.Request) { r.Header.Add(forHeader, "192.0.2.2") }, ReasonMalformed},
		{"another key", mustSigner(t, "another secret", clock(testTime)), nil, ReasonBadMAC},
		{"another method", s, func(r *http.Request) { r.Method = "DELETE" }, ReasonBadMAC},
		{"another path", s, func(r *http.Request) { r.RequestURI = "/other?q=1" }, ReasonBadMAC},
		{"another query", s, func(r *http.Request) { r.RequestURI = "/path?q=2" }, ReasonBadMAC},
		{"another client", s, func(r *http.Request) { r.Header.Set(forHeader, "192.0.2.2") }, ReasonBadMAC},
		{"another host", s, func(r *http.Request) { r.Header.Set(hostHeader, "evil.example") }, ReasonBadMAC},
		{"another time", s, func(r *http.Request) { replaceToken(r, "v2.1772600767.", "v2.1772600768.") }, ReasonBadMAC},
		{"a byte moved from the method to the path", s, func(r *http.Request) { r.Method, r.RequestURI = "POS", "T/path?q=1" }, ReasonBadMAC},
		{"at the end of its life", ago(AuthLifetime), nil, ""},
		{"expired", ago(AuthLifetime + time.Second), nil, ReasonExpired},
		{"a clock ahead within the skew", ago(-AuthSkew), nil, ""},
		{"from the future", ago(-AuthSkew - time.Second), nil, ReasonFuture},
		{"expired under another key", mustSigner(t, "another secret", clock(testTime.Add(-time.Hour))), nil, ReasonBadMAC},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := signed(t, c.signer, "POST", "/path?q=1")
			if c.change != nil {
				c.change(r)
			}
			wantReason(t, mustVerifier(t, testSecret, clock(testTime)).Verify(r), c.want)
		})
	}
}

func replaceToken(r *http.Request, old, new string) {
	r.Header.Set(AuthHeader, strings.Replace(r.Header.Get(AuthHeader), old, new, 1))
}

func wantReason(t *testing.T, err error, want Reason) {
	t.Helper()
	var auth *AuthError
	switch {
	case want == "" && err != nil:
		t.Errorf("not taken: %v", err)
	case want != "" && (!errors.As(err, &auth) || auth.Reason != want):
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestASignatureIsTakenOnceAsLongAsItHolds(t *testing.T) {
	now := testTime
	v := mustVerifier(t, testSecret, func() time.Time { return now })
	// A signature by a clock that is ahead as far as allowed is valid for longest.
	s := mustSigner(t, testSecret, func() time.Time { return now.Add(AuthSkew) })
	r := signed(t, s, "POST", "/")
	wantReason(t, v.Verify(r), "")
	for range nonceMemory / time.Second {
		wantReason(t, v.Verify(r), ReasonReplayed)
		now = now.Add(time.Second)
		wantReason(t, v.Verify(signed(t, s, "POST", "/")), "")
	}
	now = now.Add(time.Second)
	wantReason(t, v.Verify(r), ReasonExpired)
}

func TestNoncesAreForgottenAndBounded(t *testing.T) {
	now := testTime
	v := mustVerifier(t, testSecret, func() time.Time { return now })
	s := mustSigner(t, testSecret, func() time.Time { return now })
	v.nonces.limit = 10
	for range 10 {
		wantReason(t, v.Verify(signed(t, s, "POST", "/")), "")
	}
	wantReason(t, v.Verify(signed(t, s, "POST", "/")), ReasonOverload)
	for range 10 {
		now = now.Add(nonceMemory)
		wantReason(t, v.Verify(signed(t, s, "POST", "/")), "")
		if n := len(v.nonces.young) + len(v.nonces.old); n > 11 {
			t.Fatalf("%d nonces are remembered", n)
		}
	}
}

func TestUnauthenticatedNoncesAreNotRemembered(t *testing.T) {
	v := mustVerifier(t, testSecret, clock(testTime))
	for range 100 {
		v.Verify(signed(t, mustSigner(t, "another secret", clock(testTime)), "POST", "/"))
	}
	if n := len(v.nonces.young); n != 0 {
		t.Errorf("%d nonces are remembered", n)
	}
}

func TestAnEmptySecretIsRefused(t *testing.T) {
	if _, err := NewSigner("", nil); err == nil {
		t.Error("a signer without a secret was made")
	}
	if _, err := NewVerifier("", testEpoch, nil); err == nil {
		t.Error("a verifier without a secret was made")
	}
}

func FuzzToken(f *testing.F) {
	f.Add(signed(f, mustSigner(f, "another secret", clock(testTime)), "POST", "/").Header.Get(AuthHeader))
	f.Add("v2.1.AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("v2.-1..")
	f.Add("v2.99999999999999999999.A.A")
	f.Add("....")
	f.Fuzz(func(t *testing.T, text string) {
		if tok, ok := parseToken(text); ok && tok.String() != text {
			t.Errorf("%q and %q are one token", text, tok)
		}
		forged := httptest.NewRequest("POST", "/", nil)
		forged.Header.Set(AuthHeader, text)
		if mustVerifier(t, testSecret, clock(testTime)).Verify(forged) == nil {
			t.Errorf("%q was taken", text)
		}
	})
}
