package drain

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"trip2g/internal/testwait"
)

const (
	patience = 20 * time.Second // bounds each wait of a test
	request  = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx"
)

// server is an http.Server with a drainer.
type server struct {
	http    *http.Server
	drainer *Drainer
	addr    string
}

func start(t *testing.T, always bool, idleTimeout time.Duration) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	echo := func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }
	s := &server{&http.Server{Handler: http.HandlerFunc(echo), IdleTimeout: idleTimeout}, New(always), l.Addr().String()}
	s.drainer.Attach(s.http)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.http.Serve(s.drainer.Listener(l))
	}()
	t.Cleanup(func() {
		s.http.Close()
		<-ended
	})
	return s
}

// stop stops the server gracefully and returns how that ended.
func (s *server) stop(ctx context.Context, accepted chan struct{}) <-chan error {
	ended := make(chan error, 1)
	go func() { ended <- s.drainer.Shutdown(ctx, s.http, accepted) }()
	return ended
}

// client is a kept-alive connection.
type client struct {
	net.Conn
	reader *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return &client{c, bufio.NewReader(c)}
}

// ask sends a text and reads a response.
func (c *client) ask(t *testing.T, text string) *http.Response {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	return res
}

// wantEnd checks that the connection ends in order, without further data.
func (c *client) wantEnd(t *testing.T) {
	t.Helper()
	if rest, err := io.ReadAll(c.reader); err != nil || len(rest) > 0 {
		t.Errorf("then came %q, %v", rest, err)
	}
	c.Close()
}

func TestAnIdleConnectionGetsAGoAway(t *testing.T) {
	s := start(t, false, patience)
	c := dial(t, s.addr)
	if res := c.ask(t, request); res.StatusCode != http.StatusOK || res.Close {
		t.Fatalf("got %v", res)
	}
	ended := s.stop(t.Context(), nil)
	if res := c.ask(t, ""); !NotProcessed(res) || !res.Close {
		t.Errorf("got %v", res)
	}
	c.wantEnd(t)
	if err := testwait.Receive(t, "the server to stop", ended); err != nil {
		t.Error(err)
	}
}

// TestAStoppingServerSaysWhichResponseIsTheLast sends a request to a server that has begun to stop.
func TestAStoppingServerSaysWhichResponseIsTheLast(t *testing.T) {
	s := start(t, false, patience)
	c := dial(t, s.addr)
	c.ask(t, request)
	s.drainer.last.Store(true)
	if res := c.ask(t, request); res.StatusCode != http.StatusOK || !res.Close {
		t.Errorf("got %v", res)
	}
	c.wantEnd(t)
}

func TestAServerWithoutConnectionsStopsAtOnce(t *testing.T) {
	s := start(t, false, patience)
	s.drainer.linger = time.Hour
	c := dial(t, s.addr)
	c.ask(t, "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	c.wantEnd(t)
	accepted := make(chan struct{})
	close(accepted)
	if err := testwait.Receive(t, "the server to stop", s.stop(t.Context(), accepted)); err != nil {
		t.Error(err)
	}
}

// TestARunningServerClosesWithoutAWord has a client idle for too long. A running server sends it no
// 408.
func TestARunningServerClosesWithoutAWord(t *testing.T) {
	for name, always := range map[string]bool{"a public port": false, "an internal port": true} {
		t.Run(name, func(t *testing.T) {
			s := start(t, always, time.Millisecond)
			c := dial(t, s.addr)
			c.ask(t, request)
			if always {
				if res := c.ask(t, ""); !NotProcessed(res) {
					t.Errorf("got %v", res)
				}
			}
			c.wantEnd(t)
		})
	}
}

// TestNothingBeginsAfterAGoAway closes a connection after net/http has read a request and before
// its handler runs.
func TestNothingBeginsAfterAGoAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	peer := dial(t, l.Addr().String())
	c, err := New(true).Listener(l).Accept()
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	if c.(*conn).begin(new(http.Request)) {
		t.Error("a request may begin")
	}
	if res := peer.ask(t, ""); !NotProcessed(res) {
		t.Errorf("got %v", res)
	}
}
