package forward

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"trip2g/internal/drain"
	"trip2g/internal/tcpopt"
	"trip2g/internal/testwait"
)

// plainspoken is a leader that sends scripted answers over HTTP/1.1. Forwarders send it requests
// that have arrived whole.
type plainspoken struct {
	addr     string
	listener net.Listener
	asked    atomic.Int64 // OPTIONS * requests

	mu     sync.Mutex
	bodies []string // of the writes
}

// startPlainspoken starts a leader that answers its nth write, n from 1, by calling say.
func startPlainspoken(t *testing.T, say func(c net.Conn, n int)) *plainspoken {
	t.Helper()
	p := new(plainspoken)
	p.listener = serveConns(t, func(c net.Conn) { p.serve(c, say) })
	p.addr = p.listener.Addr().String()
	return p
}

func (p *plainspoken) serve(c net.Conn, say func(net.Conn, int)) {
	for r := bufio.NewReader(c); ; {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		if req.Method == http.MethodOptions {
			p.asked.Add(1)
			fmt.Fprintf(c, "HTTP/1.1 200 OK\r\n%s: %s\r\nContent-Length: 0\r\n\r\n", serverHeader, testEpoch)
			continue
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.bodies = append(p.bodies, string(body))
		n := len(p.bodies)
		p.mu.Unlock()
		say(c, n)
	}
}

const noContent = "HTTP/1.1 204 No Content\r\n\r\n"

// TestOnlyWhatTheLeaderDidNotBeginIsSentAgain goes through a leader's answers to a write over
// HTTP/1.1.
func TestOnlyWhatTheLeaderDidNotBeginIsSentAgain(t *testing.T) {
	for _, c := range []struct {
		name   string
		body   string
		first  string // the first write's answer before its connection ends; later ones get 204
		status int
		writes int
		text   string
	}{
		{"a GoAway", "small", drain.GoAwayResponse, 204, 2, ""},
		{"a GoAway, no body", "", drain.GoAwayResponse, 204, 2, ""},
		{"a GoAway, as much body as is buffered", strings.Repeat("x", bufferLimit), drain.GoAwayResponse, 204, 2, ""},
		{"half a GoAway", "small", drain.GoAwayResponse[:len(drain.GoAwayResponse)/2], 502, 1, "may or may not"},
		{"another 408", "small", "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 408, 1, ""},
		{"what it would say of a fault", "small", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 503, 1, ""},
		{"the end", "small", "", 502, 1, "may or may not"},
		{"the end, no body", "", "", 502, 1, "may or may not"},
		{"nonsense", "small", "nonsense\r\n\r\n", 502, 1, "may or may not"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := startPlainspoken(t, func(conn net.Conn, n int) {
				if n > 1 {
					io.WriteString(conn, noContent)
					return
				}
				io.WriteString(conn, c.first)
				conn.Close()
			})
			r := startReplica(t, p.addr, nil)
			defer r.forwarder.Close()
			res, body := post(t, r.addr, "/", "text/plain", c.body)
			if res.StatusCode != c.status || !strings.Contains(body, c.text) {
				t.Errorf("%s: %s", res.Status, body)
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if len(p.bodies) != c.writes || p.bodies[len(p.bodies)-1] != c.body {
				t.Errorf("sent %d times, or not as it was", len(p.bodies))
			}
			r.wantNothingKept(t)
		})
	}
}

// TestAGoAwayBetweenTwoWrites has the leader close each connection after it has answered a write on
// it.
func TestAGoAwayBetweenTwoWrites(t *testing.T) {
	p := startPlainspoken(t, func(c net.Conn, _ int) {
		io.WriteString(c, noContent)
		io.WriteString(c, drain.GoAwayResponse)
		c.Close()
	})
	r := startReplica(t, p.addr, nil)
	defer r.forwarder.Close()
	for range 50 {
		if res, body := post(t, r.addr, "/", "text/plain", "x"); res.StatusCode != http.StatusNoContent {
			t.Fatalf("%s: %s", res.Status, body)
		}
	}
}

// TestAStoppingLeaderSendsAGoAway stops the leader while a connection is idle and a request is on
// its way to it.
func TestAStoppingLeaderSendsAGoAway(t *testing.T) {
	var begun atomic.Int64
	l := startLeader(t, nil)
	l.stop()
	l.startWith(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { begun.Add(1) }))
	c := dialRaw(t, l.addr)
	const request = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
	c.send(t, request)
	if head := c.head(t); head[0] != "HTTP/1.1 200 OK" {
		t.Fatalf("got %q", head)
	}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		l.stop()
	}()
	got := strings.Join(c.head(t), "\r\n") + "\r\n\r\n"
	if got != drain.GoAwayResponse {
		t.Errorf("got %q", got)
	}
	c.send(t, request)
	if rest, err := io.ReadAll(c.r); err != nil || len(rest) > 0 {
		t.Errorf("after the GoAway came %q, %v", rest, err)
	}
	c.Close()
	testwait.Receive(t, "the leader to stop", stopped)
	if n := begun.Load(); n != 1 {
		t.Errorf("%d requests were begun", n)
	}
}

// TestABrokenAnswerEndsWithoutAGoAway has a handler give up in the middle of its answer. A GoAway
// would be read as the answer's rest.
func TestABrokenAnswerEndsWithoutAGoAway(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	l := startLeader(t, nil)
	l.stop()
	l.startWith(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "half")
		http.NewResponseController(w).Flush()
		close(arrived)
		<-leave
		panic(http.ErrAbortHandler)
	}))
	c := dialRaw(t, l.addr)
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\n\r\n")
	testwait.Receive(t, "the request to begin", arrived)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		l.stop()
	}()
	testwait.Receive(t, "the port to close", l.served)
	close(leave)
	res, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(res.Body); string(body) != "half" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %q, %v", body, err)
	}
	testwait.Receive(t, "the leader to stop", stopped)
}

// TestAWriteToAFrozenLeader has a leader that reads a write and then sends nothing, on any
// connection.
func TestAWriteToAFrozenLeader(t *testing.T) {
	forever := make(chan struct{})
	p := startPlainspoken(t, func(net.Conn, int) { <-forever })
	t.Cleanup(func() { close(forever) })
	r := startReplica(t, p.addr, func(o *Options) { o.DialTimeout = 50 * time.Millisecond })
	defer r.forwarder.Close()
	r.forwarder.http1.silence, r.forwarder.http1.lostAfter = 10*time.Millisecond, 200*time.Millisecond
	answered := make(chan *http.Response)
	go func() {
		res, _ := post(t, r.addr, "/", "text/plain", "x")
		answered <- res
	}()
	testwait.NoError(t, "the leader is looked for more than once while it answers", func() error {
		if n := p.asked.Load(); n < 3 {
			return fmt.Errorf("%d times", n)
		}
		select {
		case res := <-answered:
			return fmt.Errorf("the write was answered %s", res.Status)
		default:
			return nil
		}
	})
	p.listener.(*net.TCPListener).SetDeadline(time.Now()) // the kernel still accepts
	if res := testwait.Receive(t, "the answer", answered); res.StatusCode != http.StatusBadGateway {
		t.Errorf("got %s", res.Status)
	}
	r.wantOutcome(t, OutcomeIndeterminate)
}

// TestALeaderThatIsNowhereIsToldFromOneThatIsThere goes through the ways in which connecting fails.
func TestALeaderThatIsNowhereIsToldFromOneThatIsThere(t *testing.T) {
	for name, tt := range map[string]struct {
		err    error
		silent bool
	}{
		"its name is gone":      {&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}, true},
		"nothing answers":       {&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded}, true},
		"no route":              {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EHOSTUNREACH)}, true},
		"no network":            {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ENETUNREACH)}, true},
		"it closed its port":    {&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}, false},
		"it resets connections": {&net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNRESET)}, false},
		"it is another server":  {errors.New("it answered 404 as any server may"), false},
	} {
		if got := isSilence(fmt.Errorf("connect: %w", tt.err)); got != tt.silent {
			t.Errorf("%s: silent %v", name, got)
		}
	}
	if total := pingAfter + pingTimeout; total > AnswerWithin || tcpopt.LostAfter > AnswerWithin {
		t.Errorf("a silent leader is given up after %v or %v, which is past %v", total, tcpopt.LostAfter, AnswerWithin)
	}
}
