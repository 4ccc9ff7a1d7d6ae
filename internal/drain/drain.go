// Package drain closes kept-alive HTTP/1.1 connections without leaving a client in doubt about a
// request.
//
// HTTP/2 has GOAWAY (RFC 9113, section 6.8), which names the last request that a server processes.
// HTTP/1.1 has no equivalent. A request sent while the server closes the idle connection gets no
// response, and its outcome is unknown. So a [Drainer] sends a response before it closes: 408 with
// Connection: close (RFC 9110, section 15.5.9). A request on its way receives it as its response
// and was not processed. A client that has sent none discards it with the connection.
package drain

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"trip2g/internal/wakeup"
)

const (
	// NotProcessedHeader marks the 408 of a [GoAway]: no request has begun since the last response.
	NotProcessedHeader = "X-Replica-Not-Processed"

	// GoAwayResponse is the response that [GoAway] sends.
	GoAwayResponse = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n" + NotProcessedHeader + ": 1\r\n\r\n"

	// goAwayTimeout bounds the wait until the other side closes its end of the connection. Data
	// that arrives at a closed end resets the connection, and the response can be lost with it (RFC
	// 9112, section 9.6).
	goAwayTimeout = time.Second

	// hookTime bounds the time between net/http's recording that a connection is idle and its hook.
	hookTime = 100 * time.Millisecond
)

// NotProcessed reports whether a response is that of a [GoAway].
func NotProcessed(res *http.Response) bool {
	return res.StatusCode == http.StatusRequestTimeout && res.Header.Get(NotProcessedHeader) != ""
}

// GoAway sends [GoAwayResponse] on a connection on which no request has begun. It waits up to
// goAwayTimeout until the client has closed its end, and closes the connection.
func GoAway(c net.Conn) error {
	c.SetDeadline(time.Now().Add(goAwayTimeout))
	if _, err := io.WriteString(c, GoAwayResponse); err == nil {
		if half, ok := c.(interface{ CloseWrite() error }); ok {
			half.CloseWrite()
		}
		io.Copy(io.Discard, c)
	}
	return c.Close()
}

// Linger is how long a public port that stops still processes requests. A client that sends
// requests one after another reads in a response that it is the last, so few clients ever receive a
// 408. A reverse proxy would pass a 408 on, although it repeats a read whose connection was just
// closed.
const Linger = 250 * time.Millisecond

// Drainer ends the connections of one http.Server, which must serve a [Drainer.Listener].
type Drainer struct {
	always   bool // idle connections end with a GoAway also while the server runs
	linger   time.Duration
	last     atomic.Bool // responses end their connections
	stopping atomic.Bool

	mu      sync.Mutex
	conns   map[*conn]bool // the open ones, and whether net/http has closed them
	changed chan struct{}  // receives an element after one was closed
}

// New returns a drainer. With always, idle connections end with a GoAway also while the server
// runs.
func New(always bool) *Drainer {
	return &Drainer{always: always, linger: Linger, conns: make(map[*conn]bool), changed: make(chan struct{}, 1)}
}

type connKey struct{}

// Attach sets the server's hooks. The server's own hooks must be set before.
func (d *Drainer) Attach(s *http.Server) {
	handler, connContext := s.Handler, s.ConnContext
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connKey{}).(*conn); ok && !c.begin(r) {
			panic(http.ErrAbortHandler)
		}
		if d.last.Load() {
			w.Header().Set("Connection", "close")
		}
		handler.ServeHTTP(w, r)
	})
	s.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if connContext != nil {
			ctx = connContext(ctx, c)
		}
		return context.WithValue(ctx, connKey{}, c)
	}
	s.ConnState = func(c net.Conn, state http.ConnState) {
		if c, ok := c.(*conn); ok && state == http.StateIdle {
			c.idle()
		}
	}
}

// Listener returns a listener whose connections the drainer ends.
func (d *Drainer) Listener(l net.Listener) net.Listener { return listener{l, d} }

type listener struct {
	net.Listener
	drainer *Drainer
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &conn{Conn: inner, drainer: l.drainer}
	l.drainer.track(c, false)
	return c, nil
}

// Shutdown stops the server after [Linger], during which its responses end their connections. It
// stops sooner once no connection is open and accepted is closed, which means that no more will be
// accepted. It waits until all have ended, and cuts them when ctx ends.
func (d *Drainer) Shutdown(ctx context.Context, s *http.Server, accepted <-chan struct{}) error {
	d.last.Store(true)
	lingering, cancel := context.WithTimeout(ctx, d.linger)
	defer cancel()
	select {
	case <-accepted:
		d.await(lingering, d.open)
	case <-lingering.Done():
	}
	d.Stop()
	err := s.Shutdown(ctx)
	return errors.Join(err, d.Wait(ctx))
}

// Stop records that the server stops. It must precede the server's own Shutdown.
func (d *Drainer) Stop() { d.stopping.Store(true) }

// Wait waits, after the server's own Shutdown, until the connections that it closed have ended. It
// cuts them when ctx ends.
func (d *Drainer) Wait(ctx context.Context) error {
	err := d.await(ctx, d.closing)
	if err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		for c := range d.conns {
			c.Conn.Close()
		}
	}
	return err
}

// await waits until count returns 0.
func (d *Drainer) await(ctx context.Context, count func() int) error {
	for count() > 0 {
		select {
		case <-d.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// open returns the number of connections.
func (d *Drainer) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)
}

// closing returns the number of connections that net/http has closed and that have not ended.
func (d *Drainer) closing() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, closed := range d.conns {
		if closed {
			n++
		}
	}
	return n
}

func (d *Drainer) track(c *conn, closed bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conns[c] = closed
}

func (d *Drainer) forget(c *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, c)
	wakeup.Signal(d.changed)
}
