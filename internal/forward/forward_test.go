package forward

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"trip2g/internal/testwait"
)

// seen describes a request as a leader's handler saw it.
type seen struct {
	Method, URI, Host, Remote string
	Length                    int64
	Header, Trailer           http.Header
	Body                      string
	Origin                    Origin
	ID                        string
}

// describe answers with the request that it sees.
func describe(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	o, _ := OriginFrom(r.Context())
	json.NewEncoder(w).Encode(seen{r.Method, r.RequestURI, r.Host, r.RemoteAddr, r.ContentLength, r.Header, r.Trailer, string(body), o, RequestID(r.Context())})
}

// through sends raw bytes to a replica of a describing leader and returns the request that arrived.
func through(t *testing.T, raw string) seen {
	t.Helper()
	l := startLeader(t, http.HandlerFunc(describe))
	c := dialRaw(t, startReplica(t, l.addr, nil).addr)
	c.send(t, raw)
	return readSeen(t, c)
}

func readSeen(t *testing.T, c *rawConn) (s seen) {
	t.Helper()
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v: %s", res.Status, err, body)
	}
	if err := json.Unmarshal(body, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheMethodAloneDecides(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(describe))
	r := startReplica(t, l.addr, nil)
	for method, local := range map[string]bool{
		"GET": true, "HEAD": true, "OPTIONS": true,
		"POST": false, "PUT": false, "PATCH": false, "DELETE": false, "TRACE": false,
		"PURGE": false, "PROPFIND": false, "M-SEARCH": false, "get": false, "Options": false,
	} {
		c := dialRaw(t, r.addr)
		c.send(t, method+" /p HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		answer, err := io.ReadAll(c.r)
		if err != nil {
			t.Fatal(err)
		}
		forwarded := strings.Contains(string(answer), `"Method":"`+method+`"`)
		if forwarded == local {
			t.Errorf("%s: forwarded is %v", method, forwarded)
		}
	}
}

func TestTheRequestTargetArrivesToTheByte(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(describe))
	r := startReplica(t, l.addr, nil)
	for _, uri := range []string{"/", "/a%2Fb/%C3%A9?x=%20+;y&&z", "/a/../b/./c//d", "//host/path", "/?", "/a?b?c#d", "/[\"^`{|}]", "/é?é", "*"} {
		c := dialRaw(t, r.addr)
		c.send(t, "PURGE "+uri+" HTTP/1.1\r\nHost: h\r\n\r\n")
		if s := readSeen(t, c); s.URI != uri {
			t.Errorf("%s arrived as %s", uri, s.URI)
		}
	}
	c := dialRaw(t, r.addr)
	c.send(t, "PURGE http://proxied/p?q HTTP/1.1\r\nHost: h\r\n\r\n")
	if s := readSeen(t, c); s.URI != "/p?q" || s.Host != "proxied" {
		t.Errorf("the absolute form arrived as %s of %s", s.URI, s.Host)
	}
}

func TestHeadersArriveLineByLine(t *testing.T) {
	s := through(t, "POST / HTTP/1.1\r\nHost: notes.example:8081\r\nUser-Agent: mine\r\nContent-Length: 2\r\n"+
		"X-Repeated: one\r\nX-Repeated: two, three\r\nX-Repeated: one\r\nX-Bytes: \xc3\xa9\xff\r\nVia: 1.0 fred, 1.1 proxy\r\n"+
		"Cookie: a=1;b=2;  c=3\r\nCookie: session=leaders; session_r1=mine\r\nTE: trailers\r\nConnection: TE\r\n\r\nhi")
	want := http.Header{
		"User-Agent": {"mine"}, "Content-Length": {"2"}, "X-Repeated": {"one", "two, three", "one"}, "X-Bytes": {"é\ufffd"},
		"Via": {"1.0 fred, 1.1 proxy"}, "Cookie": {"a=1;b=2;  c=3", "session=mine"}, "Te": {"trailers"},
	}
	for name, lines := range want {
		if !slices.Equal(s.Header[name], lines) {
			t.Errorf("%s arrived as %q, want %q", name, s.Header[name], lines)
		}
	}
	if len(s.Header) != len(want) {
		t.Errorf("more arrived than was sent: %q", s.Header)
	}
	if s.Body != "hi" || s.Length != 2 || s.Host != "notes.example:8081" {
		t.Errorf("body %q of length %d for %s arrived", s.Body, s.Length, s.Host)
	}
}

func TestARequestWithoutABodyArrivesWithoutOne(t *testing.T) {
	s := through(t, "DELETE / HTTP/1.1\r\nHost: h\r\n\r\n")
	if s.Length != 0 || s.Body != "" || len(s.Header) != 0 {
		t.Errorf("arrived: %+v", s)
	}
}

func TestHopByHopHeadersStayBehind(t *testing.T) {
	s := through(t, "PURGE / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, X-Private\r\nConnection: X-Also\r\nKeep-Alive: timeout=5\r\n"+
		"Proxy-Connection: keep-alive\r\nProxy-Authorization: secret\r\nX-Private: 1\r\nX-Also: 1\r\nX-Kept: 1\r\nUpgrade: h2c\r\n\r\n")
	if len(s.Header) != 1 || s.Header.Get("X-Kept") != "1" {
		t.Errorf("arrived: %q", s.Header)
	}
}

func TestHopByHopHeadersOfTheResponseStayBehind(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Connection", "X-Private")
		w.Header().Set("Keep-Alive", "timeout=5")
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.Header().Set("Upgrade", "other/1")
		w.Header().Set("X-Kept", "1")
	}))
	res, _ := post(t, startReplica(t, l.addr, nil).addr, "/", "text/plain", "")
	for _, name := range []string{"Keep-Alive", "Proxy-Authenticate", "Upgrade"} {
		if res.Header.Get(name) != "" {
			t.Errorf("%s: %s came", name, res.Header.Get(name))
		}
	}
	if res.Header.Get("X-Kept") != "1" {
		t.Error("X-Kept did not come")
	}
}

func TestWhatAClientSaysOfItselfIsDropped(t *testing.T) {
	s := through(t, "PURGE / HTTP/1.1\r\nHost: real.example\r\nX-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n"+
		"X-Forwarded-Port: 1\r\nForwarded: for=203.0.113.7\r\nX-Replica-Auth: v1.1.A.A\r\nX-Replica-Node: evil\r\nX-Replica-Cookie: session=evil\r\n"+
		"X-Request-Id: evil\r\nX-Kept: 1\r\n\r\n")
	if len(s.Header) != 1 || s.Header.Get("X-Kept") != "1" {
		t.Errorf("arrived: %q", s.Header)
	}
	want := Origin{ClientAddr: "127.0.0.1", Scheme: "http", Host: "real.example", Node: "r1", RequestID: "id-of-the-replica"}
	if s.Origin != want || s.Host != want.Host || s.Remote != "127.0.0.1:0" || s.ID != want.RequestID {
		t.Errorf("the leader saw %+v", s)
	}
}

// TestTheResponseIsVerbatim compares the raw bytes that a client receives.
func TestTheResponseIsVerbatim(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h["Date"] = []string{"Wed, 04 Mar 2026 05:06:07 GMT"}
		h["Set-Cookie"] = []string{"session=V; Path=/; HttpOnly", "a=1", "a=2", "a=1"}
		h["X-Repeated"] = []string{"one", "two"}
		h["X-Request-Id"] = []string{"id-of-the-leader"}
		h["Content-Type"] = nil
		h["Content-Length"] = []string{"9"}
		w.WriteHeader(599)
		io.WriteString(w, "<html>odd")
	}))
	c := dialRaw(t, startReplica(t, l.addr, nil).addr)
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	got := c.head(t)
	status, headers := got[0], got[1:]
	slices.Sort(headers)
	want := []string{
		"Connection: close", "Content-Length: 9", "Date: Wed, 04 Mar 2026 05:06:07 GMT",
		"Set-Cookie: a=1", "Set-Cookie: a=1", "Set-Cookie: a=2", "Set-Cookie: session_r1=V; Path=/; HttpOnly",
		"X-Repeated: one", "X-Repeated: two", "X-Request-Id: id-of-the-leader",
	}
	if !strings.HasPrefix(status, "HTTP/1.1 599 ") || !slices.Equal(headers, want) {
		t.Errorf("got %s\n%q\nwant\n%q", status, headers, want)
	}
	if body, _ := io.ReadAll(c.r); string(body) != "<html>odd" {
		t.Errorf("body %q", body)
	}
}

// TestThePositionOfAWriteReachesTheClientAndTheReplica sends a write and a sign-in through a
// replica. The client gets header and cookie as the leader set them, and the replica learns the
// position.
func TestThePositionOfAWriteReachesTheClientAndTheReplica(t *testing.T) {
	const cookie = "trip2g_position=42; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Trip2g-Position", "42")
		w.Header().Add("Set-Cookie", cookie)
		if r.URL.Path == "/sign-in" {
			w.Header().Add("Set-Cookie", "session=V; Path=/")
		}
	}))
	heard := make(chan string, 2)
	r := startReplica(t, l.addr, func(o *Options) {
		o.OnResponse = func(h http.Header) { heard <- h.Get("X-Trip2g-Position") }
	})
	for path, cookies := range map[string][]string{"/write": {cookie}, "/sign-in": {cookie, "session_r1=V; Path=/"}} {
		res, _ := post(t, r.addr, path, "text/plain", "")
		if got := res.Header["Set-Cookie"]; !slices.Equal(got, cookies) || res.Header.Get("X-Trip2g-Position") != "42" {
			t.Errorf("%s: position %q, cookies %q", path, res.Header.Get("X-Trip2g-Position"), got)
		}
		if position := testwait.Receive(t, "the replica hears the position", heard); position != "42" {
			t.Errorf("%s: the replica heard %q", path, position)
		}
	}
}

// TestOnlyTheLeaderIsHeard has another server on the leader's address reject the replica. The
// replica ignores the positions in its answers.
func TestOnlyTheLeaderIsHeard(t *testing.T) {
	l := startLeader(t, http.NotFoundHandler())
	l.stop()
	l.startWith(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Trip2g-Position", "42")
		w.Header().Set("WWW-Authenticate", authScheme)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	heard := make(chan string, 1)
	r := startReplica(t, l.addr, func(o *Options) {
		o.OnResponse = func(h http.Header) { heard <- h.Get("X-Trip2g-Position") }
	})
	if res, _ := post(t, r.addr, "/", "text/plain", ""); res.StatusCode != http.StatusBadGateway {
		t.Errorf("status %d", res.StatusCode)
	}
	select {
	case position := <-heard:
		t.Errorf("the replica heard %q", position)
	default: // the client already has its answer
	}
}

func TestEveryStatusIsRelayed(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var status int
		fmt.Sscan(r.URL.Query().Get("s"), &status)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	r := startReplica(t, l.addr, nil)
	for _, status := range []int{200, 201, 204, 205, 301, 304, 401, 404, 413, 418, 500, 502, 503, 507} {
		res, _ := post(t, r.addr, fmt.Sprint("/?s=", status), "text/plain", "x")
		if res.StatusCode != status || res.Header.Get("Location") != "/elsewhere" {
			t.Errorf("%d came as %d with %q", status, res.StatusCode, res.Header)
		}
	}
}

func TestAChunkedBodyArrivesWithItsTrailers(t *testing.T) {
	s := through(t, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum, X-Never, If-Match\r\n\r\n"+
		"3\r\nabc\r\n2;ext=1\r\nde\r\n0\r\nX-Sum: 42\r\nX-Sum: 43\r\nX-Unannounced: 1\r\nIf-Match: forbidden\r\n\r\n")
	if s.Body != "abcde" || s.Length != -1 {
		t.Errorf("body %q of length %d arrived", s.Body, s.Length)
	}
	if want := []string{"42", "43"}; !slices.Equal(s.Trailer["X-Sum"], want) || s.Trailer.Get("If-Match") != "" {
		t.Errorf("trailers %q arrived", s.Trailer)
	}
}

func TestTrailersOfTheResponseAreRelayed(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"announced": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			io.WriteString(w, "body")
			w.Header().Set("X-Sum", "42")
		},
		"announced, streamed": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			io.WriteString(w, "body")
			http.NewResponseController(w).Flush()
			w.Header().Set("X-Sum", "42")
		},
		"not announced": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "body")
			w.Header().Set(http.TrailerPrefix+"X-Sum", "42")
		},
		"not announced, streamed": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "body")
			http.NewResponseController(w).Flush()
			w.Header().Set(http.TrailerPrefix+"X-Sum", "42")
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := startLeader(t, handler)
			res, body := post(t, startReplica(t, l.addr, nil).addr, "/", "text/plain", "")
			if body != "body" || res.Trailer.Get("X-Sum") != "42" {
				t.Errorf("body %q, trailers %q", body, res.Trailer)
			}
		})
	}
}
