// Package drain ends kept-alive connections over HTTP/1.1 without leaving clients in doubt about a request.
//
// HTTP/2 has GOAWAY (RFC 9113, section 6.8), which names the last request that a server processes. HTTP/1.1 has
// nothing like it: a request that is sent while the server closes the idle connection gets no response, and its
// outcome is unknown. So a [Drainer] sends one before it closes: 408 with Connection: close (RFC 9110, section
// 15.5.9). A request on its way gets it as its response and was not processed. Clients that have sent none
// discard it with the connection.
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
)

const (
	// NotProcessedHeader marks the 408 of a [GoAway]: the server has begun no request since its last response.
	NotProcessedHeader = "X-Replica-Not-Processed"

	// GoAwayResponse is what [GoAway] sends.
	GoAwayResponse = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n" + NotProcessedHeader + ": 1\r\n\r\n"

	// goAwayTimeout is how long the other side may take to close its end of the connection: what it sends to one
	// that is closed already resets it, and the response can be lost with that (RFC 9112, section 9.6).
	goAwayTimeout = time.Second

	// hookTime is how long net/http may take from recording that a connection is idle to running the hook.
	hookTime = 100 * time.Millisecond
)

// NotProcessed reports whether a response is that of a [GoAway].
func NotProcessed(res *http.Response) bool {
	return res.StatusCode == http.StatusRequestTimeout && res.Header.Get(NotProcessedHeader) != ""
}

// GoAway sends [GoAwayResponse] on a connection on which no request has begun, waits for a while until the client
// has closed its end, and closes it.
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

// Linger is how long a public port that stops still processes requests. A client that sends one after another reads
// in a response that it is the last, so few ever meet a 408. A reverse proxy would pass that on, although it repeats
// a read whose connection was closed by itself.
const Linger = 250 * time.Millisecond

// Drainer ends the connections of one http.Server, which must serve a [Drainer.Listener].
type Drainer struct {
	always   bool // ends idle connections with a GoAway also while the server runs
	linger   time.Duration
	last     atomic.Bool // responses end their connections
	stopping atomic.Bool

	mu      sync.Mutex
	conns   map[*conn]bool // that are open, and whether net/http has closed them
	changed chan struct{}  // has an element after one was closed
}

// New returns a drainer. always says whether also a server that does not stop ends idle connections with a GoAway.
func New(always bool) *Drainer {
	return &Drainer{always: always, linger: Linger, conns: make(map[*conn]bool), changed: make(chan struct{}, 1)}
}

type connKey struct{}

// Attach sets the server's hooks, after its own are set.
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

// Shutdown stops the server after [Linger], in which its responses end their connections, or as soon as none is
// open and accepted is closed: no more will be accepted. It waits until all have ended, and cuts them when ctx ends.
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

// Stop says that the server stops. It must come before the server's own Shutdown.
func (d *Drainer) Stop() { d.stopping.Store(true) }

// Wait waits after the server's own Shutdown until the connections that it has closed have ended. It cuts them when
// ctx ends.
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

// await waits until no connection is counted.
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

// open returns how many connections there are.
func (d *Drainer) open() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.conns)
}

// closing returns how many connections net/http has closed that have not ended.
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
	select {
	case d.changed <- struct{}{}:
	default:
	}
}
