package forward

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"trip2g/internal/testwait"
)

// seen is what a leader's handler saw of a request.
type seen struct {
	Method, URI, Host, Remote string
	Length                    int64
	Header, Trailer           http.Header
	Body                      string
	Origin                    Origin
	ID                        string
}

// describe answers with what it sees.
func describe(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	o, _ := OriginFrom(r.Context())
	json.NewEncoder(w).Encode(seen{r.Method, r.RequestURI, r.Host, r.RemoteAddr, r.ContentLength, r.Header, r.Trailer, string(body), o, RequestID(r.Context())})
}

// through sends raw bytes to a replica of a describing leader and gives what arrived.
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

// TestTheResponseIsVerbatim reads the very bytes that a client gets.
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

// TestThePositionOfAWriteReachesTheClientAndTheReplica sends a write and a sign-in through a replica:
// the client gets header and cookie as the leader gave them, and the replica learns the position.
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

// TestOnlyTheLeaderIsHeard has whatever sits on the leader's address refuse the replica: what that
// says of positions is not for the replica.
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
	default: // the client has its answer: nothing comes any more
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

func TestALargeBodyPassesBothWaysInBoundedMemory(t *testing.T) {
	const size = 64 << 20
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }))
	r := startReplica(t, l.addr, nil)
	req, err := http.NewRequest("POST", "http://"+r.addr+"/", zeros(size))
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = size
	res, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, want := sha256.New(), sha256.New()
	io.Copy(want, zeros(size))
	buf, most, n := make([]byte, 1<<20), uint64(0), int64(0)
	for {
		k, err := res.Body.Read(buf)
		got.Write(buf[:k])
		if n += int64(k); n%(8<<20) < int64(k) {
			most = max(most, heap())
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if n != size || string(got.Sum(nil)) != string(want.Sum(nil)) {
		t.Errorf("%d bytes came back, or others than were sent", n)
	}
	if most > size/2 {
		t.Errorf("%d MiB were in use", most>>20)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestASlowResponseComesFlushByFlush(t *testing.T) {
	step := make(chan bool)
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		rc := http.NewResponseController(w)
		rc.Flush() // the head comes before any body
		for i := 0; <-step; i++ {
			fmt.Fprintf(w, "line %d\n", i)
			rc.Flush()
		}
	}))
	c := dialRaw(t, startReplica(t, l.addr, nil).addr)
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\n\r\n")
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(res.Body)
	for i := range 3 {
		step <- true
		if got, err := r.ReadString('\n'); got != fmt.Sprintf("line %d\n", i) {
			t.Fatalf("got %q, %v", got, err)
		}
	}
	step <- false
	if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil {
		t.Errorf("then came %q, %v", rest, err)
	}
}

func TestASlowRequestArrivesPieceByPiece(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		body := bufio.NewReader(r.Body)
		for {
			line, err := body.ReadString('\n')
			if err != nil {
				return
			}
			io.WriteString(w, "got "+line)
			rc.Flush()
		}
	}))
	c := dialRaw(t, startReplica(t, l.addr, nil).addr)
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n0\n\r\n")
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	answers := bufio.NewReader(res.Body)
	for i := range 3 {
		if got, err := answers.ReadString('\n'); got != fmt.Sprintf("got %d\n", i) {
			t.Fatalf("got %q, %v", got, err)
		}
		c.send(t, fmt.Sprintf("2\r\n%d\n\r\n", i+1))
	}
	c.send(t, "0\r\n\r\n")
	if _, err := io.ReadAll(answers); err != nil {
		t.Error(err)
	}
}

func TestEarlyHintsAreRelayedAtOnce(t *testing.T) {
	answer := make(chan struct{})
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		<-answer
		w.Header().Del("Link")
		w.Header().Set("X-Final", "1")
	}))
	c := dialRaw(t, startReplica(t, l.addr, nil).addr)
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\n\r\n")
	if got, want := c.head(t), []string{"HTTP/1.1 103 Early Hints", "Link: </style.css>; rel=preload"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	close(answer)
	got := c.head(t)
	if got[0] != "HTTP/1.1 200 OK" || !slices.Contains(got, "X-Final: 1") || slices.Contains(got, "Link: </style.css>; rel=preload") {
		t.Errorf("got %q", got)
	}
}

func TestABodyIsAskedForWhenTheLeaderWantsIt(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		describe(w, r)
	}))
	r := startReplica(t, l.addr, nil)
	const head = " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"

	c := dialRaw(t, r.addr)
	c.send(t, "POST /yes"+head)
	if got := c.head(t); got[0] != "HTTP/1.1 100 Continue" {
		t.Fatalf("got %q", got)
	}
	c.send(t, "body")
	if s := readSeen(t, c); s.Body != "body" {
		t.Errorf("%q arrived", s.Body)
	}

	c = dialRaw(t, r.addr)
	c.send(t, "POST /no"+head)
	if got := c.head(t); got[0] != "HTTP/1.1 413 Request Entity Too Large" {
		t.Errorf("got %q", got)
	}
}

func TestTunnelsAndOtherProtocolsAreRefused(t *testing.T) {
	var arrived atomic.Bool
	l := startLeader(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Store(true) }))
	r := startReplica(t, l.addr, nil)
	for _, raw := range []string{
		"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	} {
		c := dialRaw(t, r.addr)
		c.send(t, raw)
		res, err := http.ReadResponse(c.r, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusNotImplemented || !strings.Contains(string(body), "replica") {
			t.Errorf("%s: %s", res.Status, body)
		}
	}
	if arrived.Load() {
		t.Error("one was forwarded")
	}
}

// TestAnEarlyAnswerGetsThroughABodyThatIsStillSent would hang if the replica read all of the body
// before it let the first byte of the answer out.
func TestAnEarlyAnswerGetsThroughABodyThatIsStillSent(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusRequestEntityTooLarge} {
		l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.ReadFull(r.Body, make([]byte, 1))
			w.WriteHeader(status)
			io.WriteString(w, "enough")
		}))
		c := dialRaw(t, startReplica(t, l.addr, nil).addr)
		c.send(t, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nthe beginning")
		res, err := http.ReadResponse(c.r, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if res.StatusCode != status || string(body) != "enough" || err != nil {
			t.Errorf("%s: %q, %v", res.Status, body, err)
		}
	}
}

func TestManyUnreadUploadsDoNotStopOtherWrites(t *testing.T) {
	arrived, leave := make(chan struct{}, serverStreams), make(chan struct{})
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/unread" {
			arrived <- struct{}{}
			<-leave
		}
		io.Copy(io.Discard, r.Body)
	}))
	r := startReplica(t, l.addr, nil)
	defer close(leave)
	const uploads = 40
	for range uploads {
		c := dialRaw(t, r.addr)
		c.send(t, "POST /unread HTTP/1.1\r\nHost: h\r\nContent-Length: 4000000\r\n\r\n")
		go io.Copy(c.TCPConn, zeros(4000000))
		testwait.Receive(t, "an upload to arrive", arrived)
	}
	for range 20 {
		if res, _ := post(t, r.addr, "/small", "text/plain", "x"); res.StatusCode != http.StatusOK {
			t.Errorf("got %s", res.Status)
		}
	}
}

func TestAClientThatLeavesCancelsTheLeadersHandler(t *testing.T) {
	for name, raw := range map[string]string{
		"while it waits":     "POST / HTTP/1.1\r\nHost: h\r\n\r\n",
		"within its body":    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\nhalf",
		"within the answer":  "POST /begin HTTP/1.1\r\nHost: h\r\n\r\n",
		"within a long body": "POST /drain HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", bufferLimit+1),
	} {
		t.Run(name, func(t *testing.T) {
			begun, cancelled := make(chan struct{}), make(chan error, 1)
			l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Path {
				case "/begin":
					http.NewResponseController(w).Flush()
				case "/drain":
					io.Copy(io.Discard, r.Body)
				}
				close(begun)
				<-r.Context().Done()
				cancelled <- r.Context().Err()
			}))
			r := startReplica(t, l.addr, nil)
			c := dialRaw(t, r.addr)
			c.send(t, raw)
			if name == "within a long body" {
				c.Close()
			}
			testwait.Receive(t, "the handler to begin", begun)
			c.Close()
			testwait.Receive(t, "the handler to be cancelled", cancelled)
			r.wantOutcome(t, OutcomeClientGone)
			if log := r.log.String(); log != "" {
				t.Errorf("logged: %s", log)
			}
		})
	}
}

func TestAnAnswerThatBreaksOffIsSeenBroken(t *testing.T) {
	for name, length := range map[string]string{"chunked": "", "with a length": "100"} {
		t.Run(name, func(t *testing.T) {
			l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if length != "" {
					w.Header().Set("Content-Length", length)
				}
				io.WriteString(w, "the beginning")
				http.NewResponseController(w).Flush()
				panic(http.ErrAbortHandler)
			}))
			r := startReplica(t, l.addr, nil)
			c := dialRaw(t, r.addr)
			c.send(t, "POST / HTTP/1.1\r\nHost: h\r\n\r\n")
			res, err := http.ReadResponse(c.r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(res.Body); err == nil {
				t.Errorf("the client took %q for the whole", body)
			}
			r.wantOutcome(t, OutcomeCut)
		})
	}
}

func TestHeadersTooLargeForTheLeaderAreRefused(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(describe))
	r := startReplica(t, l.addr, nil)
	c := dialRaw(t, r.addr)
	const chunked = "Transfer-Encoding: chunked\r\n" // HTTP/2 counts more for a header than its bytes
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\n"+chunked+strings.Repeat("X:y\r\n", 100_000)+"\r\n0\r\n\r\n")
	if got := c.line(t); !strings.HasPrefix(got, "HTTP/1.1 431 ") {
		t.Errorf("got %s", got)
	}
	// The way to the leader is as good as before. A leader that saw the headers before this side knew its
	// limit may have closed the connection; then the next request is held until there is another.
	if res, _ := post(t, r.addr, "/", "text/plain", "x"); res.StatusCode != http.StatusOK {
		t.Errorf("then got %s", res.Status)
	}
}

func TestAMalformedBodyIsTheClientsFault(t *testing.T) {
	l := startLeader(t, http.HandlerFunc(describe))
	c := dialRaw(t, startReplica(t, l.addr, nil).addr)
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n")
	if got := c.line(t); !strings.HasPrefix(got, "HTTP/1.1 400 ") {
		t.Errorf("got %s", got)
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, addr := range []string{"", "leader", ":8082", "leader:", "http://leader:8082", "a:b:c"} {
		if _, err := New(Options{LeaderAddr: addr, Signer: mustSigner(t, testSecret, nil)}); err == nil || !strings.Contains(err.Error(), "host:port") {
			t.Errorf("%q: %v", addr, err)
		}
	}
	if _, err := New(Options{LeaderAddr: "leader:8082"}); err == nil {
		t.Error("a forwarder without a signer was made")
	}
}
