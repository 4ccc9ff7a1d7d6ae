package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"trip2g/e2e/internal/stack"
	"trip2g/internal/forward"
)

// typename is a request that the API answers without a key or session.
const (
	typename       = `{"query":"{__typename}"}`
	typenameAnswer = `{"data":{"__typename":"Query"}}`
)

// TestIntakeTakesOnlyWhatAReplicaSigned is the table of signatures against the leader's internal
// port. All rejected requests get the same response, which does not reveal the reason.
func TestIntakeTakesOnlyWhatAReplicaSigned(t *testing.T) {
	s := stack.LiteFS(t)
	sign := func(secret string, shift time.Duration) func(*http.Request) {
		return signAs(t, secret, s.App, shift)
	}
	valid := sign(s.Secret, 0)
	set := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(forward.AuthHeader, value) }
	}
	replayed := typenameRequest(t, s.App.Internal)
	valid(replayed)
	if a, err := stack.Send(stack.Client, replayed); err != nil || a.Status != http.StatusOK || a.Body != typenameAnswer {
		t.Fatalf("a rightly signed request: %d %s %v", a.Status, a.Body, err)
	}

	refusals := make(map[string]string)
	for name, forge := range map[string]func(*http.Request){
		"absent":    func(*http.Request) {},
		"empty":     set(""),
		"garbage":   set("let me in"),
		"long":      set(strings.Repeat("a", 10_000)),
		"other key": sign("another secret of another stack", 0),
		"expired":   sign(s.Secret, -forward.AuthLifetime-2*time.Second),
		"future":    sign(s.Secret, forward.AuthSkew+5*time.Second),
		"replayed":  set(replayed.Header.Get(forward.AuthHeader)),
		"other method": func(r *http.Request) {
			r.Method = "PUT"
			valid(r)
			r.Method = "POST"
		},
		"other path": func(r *http.Request) {
			r.URL.Path = "/graphql"
			valid(r)
			r.URL.Path = stack.APIPath
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
			r := typenameRequest(t, s.App.Internal)
			forge(r)
			a, err := stack.Send(stack.Client, r)
			if err != nil {
				t.Fatal(err)
			}
			if a.Status != http.StatusUnauthorized {
				t.Errorf("status %d, want 401: %s", a.Status, a.Body)
			}
			refusals[a.Body] = name
		})
	}
	if len(refusals) != 1 {
		t.Errorf("the refusals differ: %q", refusals)
	}
}

// TestPublicPortsIgnoreASignature sends right and wrong signatures, and what only a replica may
// say of a client, to the public ports: nothing of it counts.
func TestPublicPortsIgnoreASignature(t *testing.T) {
	s := stack.LiteFS(t)
	for _, n := range s.Nodes() {
		for name, forge := range map[string]func(*http.Request){
			"right": signAs(t, s.Secret, s.App, 0),
			"wrong": func(r *http.Request) { r.Header.Set(forward.AuthHeader, "let me in") },
		} {
			r := typenameRequest(t, n.Public)
			r.Header.Set("X-Forwarded-For", "203.0.113.7")
			r.Header.Set("X-Forwarded-Proto", "https")
			forge(r)
			a, err := stack.Send(stack.Client, r)
			if err != nil {
				t.Fatal(err)
			}
			if a.Status != http.StatusOK || a.Body != typenameAnswer {
				t.Errorf("a %s signature on the public port of %s: %d %s", name, n.Service, a.Status, a.Body)
			}
		}
		log, err := s.Logs(t.Context(), n.Service)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(log, "203.0.113.7") {
			t.Errorf("%s believed a client's own X-Forwarded-For", n.Service)
		}
	}
}

// TestReplicaRefusesWhatIsForwardedToIt is a replica in a leader's place: the answer says so.
func TestReplicaRefusesWhatIsForwardedToIt(t *testing.T) {
	s := stack.LiteFS(t)
	r := typenameRequest(t, s.Replica.Internal)
	signAs(t, s.Secret, s.Replica, 0)(r)
	a, err := stack.Send(stack.Client, r)
	if err != nil {
		t.Fatal(err)
	}
	if a.Status != http.StatusLoopDetected || !strings.Contains(a.Body, "TRIP2G_LEADER_ADDR") {
		t.Errorf("%d %s, want 508 and the setting to look at", a.Status, a.Body)
	}
}

// signAs returns a function that signs requests to a node like a replica whose clock is off by shift.
func signAs(t *testing.T, secret string, to *stack.Node, shift time.Duration) func(*http.Request) {
	t.Helper()
	epoch, err := forward.AskEpoch(t.Context(), strings.TrimPrefix(to.Internal, "http://"))
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
	r := stack.NewRequest(t, http.MethodPost, base+stack.APIPath, strings.NewReader(typename))
	r.Header.Set("Content-Type", "application/json")
	return r.WithContext(t.Context())
}
