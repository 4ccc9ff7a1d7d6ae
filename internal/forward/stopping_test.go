package forward

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"trip2g/internal/testwait"
)

// TestAWriteUnderWayIsFinishedByAStoppingLeader stops the leader after it has begun a write.
func TestAWriteUnderWayIsFinishedByAStoppingLeader(t *testing.T) {
	arrived := make(chan struct{})
	l := startLeader(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(arrived)
		}
		io.Copy(w, r.Body)
	}))
	r := startReplica(t, l.addr, nil)
	slow := dialRaw(t, r.addr)
	slow.send(t, "POST /slow HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
	testwait.Receive(t, "the write to begin", arrived)

	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		l.stop()
	}()
	testwait.NoError(t, "the leader accepts no more connections", func() error {
		c, err := net.Dial("tcp", l.addr)
		if err == nil {
			c.Close()
			return errors.New("it does")
		}
		return nil
	})
	slow.send(t, "3\r\ndef\r\n0\r\n\r\n")
	res, err := http.ReadResponse(slow.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || string(body) != "abcdef" {
		t.Errorf("%s: %q, %v", res.Status, body, err)
	}
	testwait.Receive(t, "the leader to stop", stopped)
}

func TestALeaderThatStopsInVainCutsWhatIsLeft(t *testing.T) {
	arrived, cancelled := make(chan struct{}), make(chan struct{})
	l := startLeader(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
		close(cancelled)
	}))
	r := startReplica(t, l.addr, nil)
	c := dialRaw(t, r.addr)
	c.send(t, "POST / HTTP/1.1\r\nHost: h\r\n\r\n")
	testwait.Receive(t, "the write to begin", arrived)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := l.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	testwait.Receive(t, "the handler to be cancelled", cancelled)
	if got := c.line(t); !strings.HasPrefix(got, "HTTP/1.1 502 ") {
		t.Errorf("got %s", got)
	}
}

// TestALateConnectionIsToldToo has a forwarder's connection accepted before the leader stops and
// used after the others got GOAWAY. A leader that forgot it would never stop.
func TestALateConnectionIsToldToo(t *testing.T) {
	l := startLeader(t, newLedger())
	late := dialRaw(t, l.addr)
	testwait.NoError(t, "the connection is accepted", func() error {
		l.listener.mu.Lock()
		defer l.listener.mu.Unlock()
		if len(l.listener.conns) == 0 {
			return errors.New("not yet")
		}
		return nil
	})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		l.stop()
	}()
	testwait.Receive(t, "the port to close", l.served)
	late.send(t, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	testwait.Receive(t, "the leader to stop", stopped)
}

func TestTooManyWritesAtATime(t *testing.T) {
	arrived, leave := make(chan struct{}), make(chan struct{})
	l := startLeader(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-leave
	}))
	r := startReplica(t, l.addr, func(o *Options) { o.MaxInFlight, o.HoldFor = 1, 50*time.Millisecond })
	first := dialRaw(t, r.addr)
	first.send(t, "POST / HTTP/1.1\r\nHost: h\r\n\r\n")
	testwait.Receive(t, "the first write to begin", arrived)
	if res, body := post(t, r.addr, "/", "text/plain", "x"); res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("the second: %s: %s", res.Status, body)
	}
	close(leave)
	if got := first.line(t); got != "HTTP/1.1 200 OK" {
		t.Errorf("the first: %s", got)
	}
}

// TestMoreStreamsThanOneConnectionTakes has more requests under way than the leader allows on one
// connection.
func TestMoreStreamsThanOneConnectionTakes(t *testing.T) {
	const n = serverStreams + 10
	arrived, leave := make(chan struct{}, n), make(chan struct{})
	l := startLeader(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-leave
	}))
	r := startReplica(t, l.addr, nil)
	var conns []*rawConn
	for range n {
		c := dialRaw(t, r.addr)
		c.send(t, "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
		conns = append(conns, c)
	}
	for range n {
		testwait.Receive(t, "all writes to begin", arrived)
	}
	close(leave)
	for _, c := range conns {
		if got := c.line(t); got != "HTTP/1.1 200 OK" {
			t.Errorf("got %s", got)
		}
	}
	l.listener.mu.Lock()
	defer l.listener.mu.Unlock()
	if len(l.listener.conns) != 2 {
		t.Errorf("%d connections were made", len(l.listener.conns))
	}
}
