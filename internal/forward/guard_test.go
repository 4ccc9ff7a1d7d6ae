package forward

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestTheIntakeTakesNothingWithoutASignature sends unsigned requests to the leader's internal port.
func TestTheIntakeTakesNothingWithoutASignature(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(describe))
	signer := mustSigner(t, testSecret, nil)
	for reason, change := range map[Reason]func(*http.Request){
		ReasonAbsent:    func(r *http.Request) { r.Header.Del(AuthHeader) },
		ReasonMalformed: func(r *http.Request) { r.Header.Set(AuthHeader, "garbage") },
		ReasonBadMAC:    func(r *http.Request) { r.URL.Path = "/other" },
		ReasonExpired:   func(r *http.Request) { mustSigner(t, testSecret, clock(testTime)).Sign(r, testEpoch) },
	} {
		req, err := http.NewRequest("POST", "http://"+l.addr+"/path", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(requestIDHeader, "id-of-"+string(reason))
		signer.Sign(req, testEpoch)
		change(req)
		res, body := do(t, req)
		if res.StatusCode != http.StatusUnauthorized || body != "unauthorized\n" {
			t.Errorf("%s: %s: %q", reason, res.Status, body)
		}
		if log := l.log.String(); !strings.Contains(log, `"reason":"`+string(reason)+`"`) || !strings.Contains(log, "id-of-"+string(reason)) {
			t.Errorf("%s is not in the log: %s", reason, log)
		}
		if n := count(t, l.registry, "trip2g_intake_rejected_total", string(reason)); n != 1 {
			t.Errorf("%s is counted %d times", reason, n)
		}
	}
	if strings.Contains(l.log.String(), testSecret) {
		t.Error("the log has the secret")
	}
}

// TestAStrangerDoesNotFillTheLog sends many unsigned requests. All are counted, and the log has one
// line.
func TestAStrangerDoesNotFillTheLog(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(describe))
	const knocks = 20
	for range knocks {
		post(t, l.addr, "/", "text/plain", "x")
	}
	if n := count(t, l.registry, "trip2g_intake_rejected_total", string(ReasonAbsent)); n != knocks {
		t.Errorf("%d are counted", n)
	}
	if n := strings.Count(l.log.String(), "rejected a request"); n != 1 {
		t.Errorf("%d lines are in the log", n)
	}
}

// TestTheIntakeTakesASignedRequestOverHTTP1 sends what curl and the end-to-end suite send.
func TestTheIntakeTakesASignedRequestOverHTTP1(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(describe))
	signer := mustSigner(t, testSecret, nil)
	req, err := http.NewRequest("POST", "http://"+l.addr+"/path?q=1", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	signer.Sign(req, testEpoch)
	again := req.Clone(t.Context())
	again.Body = io.NopCloser(strings.NewReader("x"))
	if res, body := do(t, req); res.StatusCode != http.StatusOK || strings.Contains(body, AuthHeader) {
		t.Errorf("%s: %s", res.Status, body)
	}
	if res, _ := do(t, again); res.StatusCode != http.StatusUnauthorized {
		t.Errorf("sent again: %s", res.Status)
	}
}

// TestSignedNonsenseIsRejected has a holder of the secret claim impossible values.
func TestSignedNonsenseIsRejected(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(describe))
	for name, value := range map[string]string{forHeader: "not an address", protoHeader: "gopher", hostHeader: "a b"} {
		req, err := http.NewRequest("POST", "http://"+l.addr+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(name, value)
		mustSigner(t, testSecret, nil).Sign(req, testEpoch)
		if res, body := do(t, req); res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s %q: %s: %s", name, value, res.Status, body)
		}
	}
}

// TestAReplicaWithAnotherSecretSaysSo: its clients must not read the leader's 401 as one about
// them.
func TestAReplicaWithAnotherSecretSaysSo(t *testing.T) {
	book := newLedger()
	l := startLeader(t, book)
	r := startReplica(t, l.addr, func(o *Options) { o.Signer = mustSigner(t, "another secret", nil) })
	for range 3 {
		res, body := post(t, r.addr, "/", "text/plain", "x")
		if res.StatusCode != http.StatusBadGateway || !strings.Contains(body, "TRIP2G_JWT_SECRET") || !strings.Contains(body, "nothing was written") {
			t.Errorf("%s: %s", res.Status, body)
		}
	}
	if book.times("x") != 0 {
		t.Error("something was written")
	}
	if n := r.counted(t, OutcomeRejected); n != 3 {
		t.Errorf("%d are counted", n)
	}
	if n := strings.Count(r.log.String(), "forwarding does not work"); n != 1 {
		t.Errorf("logged %d times: %s", n, r.log)
	}
}

// TestTheHandlersOwn401IsRelayed: a client's wrong key is not the replica's fault.
func TestTheHandlersOwn401IsRelayed(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "wrong key", http.StatusUnauthorized)
	}))
	res, body := post(t, startReplica(t, l.addr, nil).addr, "/", "text/plain", "x")
	if res.StatusCode != http.StatusUnauthorized || body != "wrong key\n" || res.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("%s: %s", res.Status, body)
	}
}

// TestASignatureMeansNothingOnAPublicPort sends a valid signature to a public port.
func TestASignatureMeansNothingOnAPublicPort(t *testing.T) {
	addr := startServer(t, PublicGuard(http.HandlerFunc(describe)))
	req, err := http.NewRequest("POST", "http://"+addr+"/", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(forHeader, "203.0.113.7")
	req.Header.Set(nodeHeader, "r1")
	mustSigner(t, testSecret, nil).Sign(req, testEpoch)
	res, body := do(t, req)
	for _, trace := range []string{AuthHeader, nodeHeader, "203.0.113.7", `"Node":"r1"`} {
		if strings.Contains(body, trace) {
			t.Errorf("%s got through: %s: %s", trace, res.Status, body)
		}
	}
}

// TestTrailersPassThePublicGuard would fail if the guard gave the handler a deep copy.
func TestTrailersPassThePublicGuard(t *testing.T) {
	addr := startServer(t, PublicGuard(http.HandlerFunc(describe)))
	c := dialRaw(t, addr)
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\nX-Request-Id: mine\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\na\r\n0\r\nX-Sum: 42\r\n\r\n")
	if s := readSeen(t, c); s.Trailer.Get("X-Sum") != "42" || s.Header.Get(requestIDHeader) != "" {
		t.Errorf("trailers %q, headers %q", s.Trailer, s.Header)
	}
}

// TestLoopsAreRefused points replicas at addresses that are no leader's internal port.
func TestLoopsAreRefused(t *testing.T) {
	internal := startInternal(t, RefuseLoop("r2"))
	public := startInternal(t, PublicGuard(http.HandlerFunc(describe)))
	for name, addr := range map[string]string{"another replica": internal, "a public port": public} {
		t.Run(name, func(t *testing.T) {
			r := startReplica(t, addr, nil)
			for range 3 {
				res, body := post(t, r.addr, "/", "text/plain", "x")
				if res.StatusCode != http.StatusLoopDetected || !strings.Contains(body, "TRIP2G_LEADER_ADDR") {
					t.Errorf("%s: %s", res.Status, body)
				}
			}
			if n := strings.Count(r.log.String(), `"level":"error"`); n != 1 {
				t.Errorf("logged %d times: %s", n, r.log)
			}
		})
	}
	if res, _ := post(t, internal, "/", "text/plain", "x"); res.StatusCode != http.StatusNotFound {
		t.Errorf("somebody else at a replica's internal port: %s", res.Status)
	}
}

// startInternal serves a handler as an internal port does.
func startInternal(t *testing.T, handler http.Handler) (addr string) {
	t.Helper()
	l := &leader{t: t, addr: "127.0.0.1:0", handler: handler, log: new(lines), epoch: testEpoch}
	l.startWith(handler)
	t.Cleanup(l.kill)
	return l.addr
}
