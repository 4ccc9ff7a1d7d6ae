package forward

import (
	"bufio"
	"crypto/sha256"
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

// TestAnEarlyAnswerGetsThroughABodyThatIsStillSent would hang if the replica read the whole body
// before it sent the first byte of the answer.
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
	const chunked = "Transfer-Encoding: chunked\r\n" // HTTP/2 counts overhead
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\n"+chunked+strings.Repeat("X:y\r\n", 100_000)+"\r\n0\r\n\r\n")
	if got := c.line(t); !strings.HasPrefix(got, "HTTP/1.1 431 ") {
		t.Errorf("got %s", got)
	}
	// Later requests still reach the leader. A leader that received the headers before this side
	// knew its limit may have closed the connection. Then the next request is held until another is
	// open.
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
