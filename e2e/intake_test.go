package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"trip2g/internal/forward"
)

// typename is the request of the seed's check, open to anyone who gets as far as the API.
const (
	typename       = `{"query":"{__typename}"}`
	typenameAnswer = `{"data":{"__typename":"Query"}}`
)

// TestIntakeTakesOnlyWhatAReplicaSigned is the table of signatures against the leader's internal
// port. All that are refused get one answer, which gives an attacker no reason.
func TestIntakeTakesOnlyWhatAReplicaSigned(t *testing.T) {
	s := litefsStack(t)
	sign := func(secret string, shift time.Duration) func(*http.Request) {
		return signAs(t, secret, s.app, shift)
	}
	valid := sign(s.secret, 0)
	set := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(forward.AuthHeader, value) }
	}
	replayed := typenameRequest(t, s.app.internal)
	valid(replayed)
	if a, err := send(browser, replayed); err != nil || a.status != http.StatusOK || a.body != typenameAnswer {
		t.Fatalf("a rightly signed request: %d %s %v", a.status, a.body, err)
	}

	refusals := make(map[string]string)
	for name, forge := range map[string]func(*http.Request){
		"absent":    func(*http.Request) {},
		"empty":     set(""),
		"garbage":   set("let me in"),
		"long":      set(strings.Repeat("a", 10_000)),
		"other key": sign("another secret of another stack", 0),
		"expired":   sign(s.secret, -forward.AuthLifetime-2*time.Second),
		"future":    sign(s.secret, forward.AuthSkew+5*time.Second),
		"replayed":  set(replayed.Header.Get(forward.AuthHeader)),
		"other method": func(r *http.Request) {
			r.Method = "PUT"
			valid(r)
			r.Method = "POST"
		},
		"other path": func(r *http.Request) {
			r.URL.Path = "/graphql"
			valid(r)
			r.URL.Path = apiPath
		},
		"other query": func(r *http.Request) {
			valid(r)
			r.URL.RawQuery = "a=b"
		},
		"other client": func(r *http.Request) {
			valid(r)
			r.Header.Set("X-Forwarded-For", "203.0.113.7")
		},
		"twice": func(r *http.Request) {
			valid(r)
			r.Header.Add(forward.AuthHeader, r.Header.Get(forward.AuthHeader))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := typenameRequest(t, s.app.internal)
			forge(r)
			a, err := send(browser, r)
			if err != nil {
				t.Fatal(err)
			}
			if a.status != http.StatusUnauthorized {
				t.Errorf("status %d, want 401: %s", a.status, a.body)
			}
			refusals[a.body] = name
		})
	}
	if len(refusals) != 1 {
		t.Errorf("the refusals differ: %q", refusals)
	}
}

// TestPublicPortsIgnoreASignature sends right and wrong signatures, and what only a replica may
// say of a client, to the public ports: nothing of it counts.
func TestPublicPortsIgnoreASignature(t *testing.T) {
	s := litefsStack(t)
	for _, n := range s.nodes() {
		for name, forge := range map[string]func(*http.Request){
			"right": signAs(t, s.secret, s.app, 0),
			"wrong": func(r *http.Request) { r.Header.Set(forward.AuthHeader, "let me in") },
		} {
			r := typenameRequest(t, n.public)
			r.Header.Set("X-Forwarded-For", "203.0.113.7")
			r.Header.Set("X-Forwarded-Proto", "https")
			forge(r)
			a, err := send(browser, r)
			if err != nil {
				t.Fatal(err)
			}
			if a.status != http.StatusOK || a.body != typenameAnswer {
				t.Errorf("a %s signature on the public port of %s: %d %s", name, n.service, a.status, a.body)
			}
		}
		log, err := s.logs(t.Context(), n.service)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(log, "203.0.113.7") {
			t.Errorf("%s believed a client's own X-Forwarded-For", n.service)
		}
	}
}

// TestReplicaRefusesWhatIsForwardedToIt is a replica in a leader's place: the answer says so.
func TestReplicaRefusesWhatIsForwardedToIt(t *testing.T) {
	s := litefsStack(t)
	r := typenameRequest(t, s.replica.internal)
	signAs(t, s.secret, s.replica, 0)(r)
	a, err := send(browser, r)
	if err != nil {
		t.Fatal(err)
	}
	if a.status != http.StatusLoopDetected || !strings.Contains(a.body, "TRIP2G_LEADER_ADDR") {
		t.Errorf("%d %s, want 508 and the setting to look at", a.status, a.body)
	}
}

// signAs returns what signs a request to a node as a replica whose clock is off by shift.
func signAs(t *testing.T, secret string, to *node, shift time.Duration) func(*http.Request) {
	t.Helper()
	epoch, err := forward.AskEpoch(t.Context(), strings.TrimPrefix(to.internal, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	signer, err := forward.NewSigner(secret, func() time.Time { return time.Now().Add(shift) })
	if err != nil {
		t.Fatal(err)
	}
	return func(r *http.Request) {
		if err := signer.Sign(r, epoch); err != nil {
			t.Fatal(err)
		}
	}
}

func typenameRequest(t *testing.T, base string) *http.Request {
	t.Helper()
	r := newRequest(t, http.MethodPost, base+apiPath, strings.NewReader(typename))
	r.Header.Set("Content-Type", "application/json")
	return r.WithContext(t.Context())
}
