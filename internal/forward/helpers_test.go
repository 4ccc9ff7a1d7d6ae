package forward

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"trip2g/internal/testwait"
)

const (
	testSecret = "a secret that all nodes share"
	patience   = 20 * time.Second // bounds each wait for a condition
)

// testEpoch is the epoch of every leader that names no other.
var testEpoch = NewEpoch()

// leader is a real internal port: the Server, the intake and a handler behind it.
type leader struct {
	t        *testing.T
	addr     string
	handler  http.Handler
	registry *prometheus.Registry
	log      *lines
	epoch    Epoch

	mu       sync.Mutex
	server   *Server
	listener *trackedListener
	served   chan struct{}
}

// startLeader starts a leader on a free port and stops it with the test.
func startLeader(t *testing.T, handler http.Handler) *leader {
	t.Helper()
	l := &leader{t: t, addr: "127.0.0.1:0", handler: handler, log: new(lines), epoch: testEpoch}
	l.start()
	t.Cleanup(l.kill)
	return l
}

// start listens. After a stop it reuses the port.
func (l *leader) start() {
	l.t.Helper()
	l.registry = prometheus.NewRegistry()
	verifier, err := NewVerifier(testSecret, l.epoch, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	l.startWith(NewIntake(IntakeOptions{
		Verifier: verifier, Handler: l.handler, Log: zerolog.New(l.log), Registerer: l.registry,
	}))
}

// startWith listens with a handler in place of the intake.
func (l *leader) startWith(handler http.Handler) {
	l.t.Helper()
	var plain net.Listener
	testwait.NoError(l.t, "the leader's port is free", func() (err error) {
		plain, err = net.Listen("tcp", l.addr)
		return err
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.addr = plain.Addr().String()
	server := NewServer(ServerOptions{Handler: handler, Epoch: l.epoch, ErrorLog: silent})
	listener, served := &trackedListener{Listener: plain}, make(chan struct{})
	l.server, l.listener, l.served = server, listener, served
	go func() {
		defer close(served)
		server.Serve(listener)
	}()
}

// stop ends the leader as SIGTERM does.
func (l *leader) stop() {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := l.server.Shutdown(ctx); err != nil {
		l.t.Error(err)
	}
	<-l.served
}

// kill ends the leader as SIGKILL does: each connection is reset.
func (l *leader) kill() {
	l.listener.Close()
	l.listener.reset()
	l.server.http.Close()
	<-l.served
}

// serveConns listens and runs serve for each connection until the test ends. It closes each one
// afterwards.
func serveConns(t *testing.T, serve func(net.Conn)) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				defer c.Close()
				serve(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		conns.Wait()
	})
	return l
}

// trackedListener can reset the connections that it accepted.
type trackedListener struct {
	net.Listener
	mu    sync.Mutex
	conns []*net.TCPConn
}

func (l *trackedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.conns = append(l.conns, tcp)
	}
	return c, err
}

func (l *trackedListener) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		c.SetLinger(0)
		c.Close()
	}
	l.conns = nil
}

// replica is a real public port of a replica: the guard, the split and a forwarder.
type replica struct {
	addr      string
	forwarder *Forwarder
	registry  *prometheus.Registry
	log       *lines
}

// startReplica starts a replica of the leader at addr. change may change its options.
func startReplica(t *testing.T, addr string, change func(*Options)) *replica {
	t.Helper()
	signer, err := NewSigner(testSecret, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{registry: prometheus.NewRegistry(), log: new(lines)}
	o := Options{LeaderAddr: addr, Signer: signer, Node: "r1", HoldFor: 15 * time.Second, Cookie: "session_r1", Log: zerolog.New(r.log), Registerer: r.registry}
	if change != nil {
		change(&o)
	}
	r.forwarder, err = New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.addr = startServer(t, PublicGuard(RouteByMethod(http.HandlerFunc(serveLocally), withID(r.forwarder))))
	t.Cleanup(r.forwarder.Close)
	return r
}

func serveLocally(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "local") }

// withID does what a node's access log does around the forwarder.
func withID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "id-of-the-replica")
		next.ServeHTTP(w, r.WithContext(WithRequestID(r.Context(), "id-of-the-replica")))
	})
}

// startServer serves a handler over HTTP/1.1 on a free port, as a public port does.
func startServer(t *testing.T, handler http.Handler) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler, ErrorLog: silent}
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(l)
	}()
	t.Cleanup(func() {
		server.Close()
		<-served
	})
	return l.Addr().String()
}

// counted returns trip2g_forward_requests_total of an outcome.
func (r *replica) counted(t *testing.T, o Outcome) int {
	t.Helper()
	return count(t, r.registry, "trip2g_forward_requests_total", string(o))
}

func count(t *testing.T, g prometheus.Gatherer, name, label string) int {
	t.Helper()
	families, err := g.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == label {
				return int(m.GetCounter().GetValue())
			}
		}
	}
	t.Fatalf("no %s of %q", name, label)
	return 0
}

// wantOutcome waits until one request has had the outcome.
func (r *replica) wantOutcome(t *testing.T, o Outcome) {
	t.Helper()
	testwait.NoError(t, "a request is counted as "+string(o), func() error {
		if n := r.counted(t, o); n != 1 {
			return fmt.Errorf("%d are", n)
		}
		return nil
	})
}

// wantNothingKept waits until no body is kept for sending it again.
func (r *replica) wantNothingKept(t *testing.T) {
	t.Helper()
	testwait.NoError(t, "kept bodies are let go", func() error {
		if left := r.forwarder.replay.left.Load(); left != replayBudget {
			return fmt.Errorf("%d bytes are kept", replayBudget-left)
		}
		return nil
	})
}

// lines is a log that can be read while it is written.
type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// client returns a client that adds nothing to requests and keeps no connection.
func client(t *testing.T) *http.Client {
	transport := &http.Transport{DisableCompression: true, DisableKeepAlives: true, Proxy: nil}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// post sends a POST and returns the whole answer.
func post(t *testing.T, addr, path, contentType, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+addr+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	return do(t, req)
}

// postStream is post with a body of undeclared length, so that it cannot be buffered whole.
func postStream(t *testing.T, addr, path, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, "http://"+addr+path, stream(body))
	if err != nil {
		t.Fatal(err)
	}
	return do(t, req)
}

// stream returns a body whose length net/http's client cannot see.
func stream(body string) io.Reader { return io.MultiReader(strings.NewReader(body)) }

// do sends a request and returns the whole answer.
func do(t *testing.T, req *http.Request) (*http.Response, string) {
	t.Helper()
	res, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// rawConn is a connection to which a test writes every byte itself.
type rawConn struct {
	*net.TCPConn
	r *bufio.Reader
}

func dialRaw(t *testing.T, addr string) *rawConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &rawConn{c.(*net.TCPConn), bufio.NewReader(c)}
}

func (c *rawConn) send(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

// line reads a line without its end.
func (c *rawConn) line(t *testing.T) string {
	t.Helper()
	s, err := c.r.ReadString('\n')
	if err != nil {
		t.Fatalf("read a line: %v (after %q)", err, s)
	}
	return strings.TrimRight(s, "\r\n")
}

// head reads up to and including an empty line.
func (c *rawConn) head(t *testing.T) (lines []string) {
	t.Helper()
	for {
		l := c.line(t)
		if l == "" {
			return lines
		}
		lines = append(lines, l)
	}
}

// zeros is a reader of n bytes.
func zeros(n int64) io.Reader { return io.LimitReader(zeroReader{}, n) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
