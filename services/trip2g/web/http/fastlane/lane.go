// Package fastlane answers the plainest requests on a port before net/http sees them, because
// net/http spends about half of a small page's time on what such a request does not need.
//
// A Lane stands between a listener and an http.Server. It reads each connection and, as long as
// what comes are whole, strictly well-formed heads of plain reads that its Handler has an answer for,
// answers them with the very bytes that net/http would write. At the first other request the
// connection goes to the http.Server with that request unread, and stays there.
package fastlane

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Options is what a Lane is made of. The timeouts are needed, and those of the http.Server behind it.
type Options struct {
	Handler           Handler
	ReadHeaderTimeout time.Duration // from the start of a connection to its first bytes
	IdleTimeout       time.Duration // between requests
	// Client returns the address of a request's client, from that of the sender and the X-Forwarded-For with
	// which it came, "" for none. nil: the sender is the client.
	Client   func(sender, forwardedFor string) string
	ErrorLog *log.Logger // for panics of the handler; nil: the log package's
}

// Lane is the net.Listener of an http.Server, which gets the connections that are not for the lane.
type Lane struct {
	Options
	inner net.Listener

	handed   chan net.Conn
	failed   chan error
	stopping atomic.Bool
	closed   chan struct{}
	close    sync.Once
	closeErr error

	mu    sync.Mutex
	conns map[*conn]struct{} // those being read by the lane
	empty chan struct{}      // closed when stopping and conns is empty
}

var _ net.Listener = (*Lane)(nil)

// New makes a lane of what inner accepts and starts it.
func New(inner net.Listener, o Options) *Lane {
	l := &Lane{
		Options: o, inner: inner, handed: make(chan net.Conn), failed: make(chan error), closed: make(chan struct{}),
		conns: make(map[*conn]struct{}), empty: make(chan struct{}),
	}
	go l.accept()
	return l
}

// accept starts the lane's connections until the inner listener is closed. A failure goes to the
// http.Server, which ends or, if the failure may pass, comes back for the next connection after a while.
func (l *Lane) accept() {
	for {
		rwc, err := l.inner.Accept()
		if err == nil {
			l.start(rwc)
			continue
		}
		if l.stopping.Load() {
			return
		}
		select {
		case l.failed <- err:
		case <-l.closed:
			return
		}
	}
}

func (l *Lane) start(rwc net.Conn) {
	c := &conn{Conn: rwc, lane: l, client: rwc.RemoteAddr().String(), begun: firstBegun}
	l.mu.Lock()
	stopping := l.stopping.Load()
	if !stopping {
		l.conns[c] = struct{}{}
	}
	l.mu.Unlock()
	if stopping {
		rwc.Close()
		return
	}
	go c.serve()
}

// forget takes a connection from those that Shutdown waits for.
func (l *Lane) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
	if l.stopping.Load() && len(l.conns) == 0 {
		close(l.empty)
	}
}

// give hands a connection over to the http.Server. When that has ended, the connection ends too.
func (l *Lane) give(rwc net.Conn) {
	select {
	case l.handed <- rwc:
	case <-l.closed:
		rwc.Close()
	}
}

// Accept gives the next connection that is not for the lane.
func (l *Lane) Accept() (net.Conn, error) {
	select {
	case rwc := <-l.handed:
		return rwc, nil
	case err := <-l.failed:
		return nil, err
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Addr gives the inner listener's address.
func (l *Lane) Addr() net.Addr { return l.inner.Addr() }

// Close stops accepting, from the network and from the lane. It leaves the lane's connections to
// Shutdown. The http.Server calls it when it is shut down.
func (l *Lane) Close() error {
	l.close.Do(func() {
		l.stopAccepting()
		close(l.closed)
	})
	return l.closeErr
}

// stopAccepting marks the lane as stopping: answers say that their connection closes after them.
func (l *Lane) stopAccepting() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping.Swap(true) {
		return
	}
	l.closeErr = l.inner.Close()
	if len(l.conns) == 0 {
		close(l.empty)
	}
}

// Shutdown stops accepting, closes idle connections at once and waits for answers that are being
// sent. When ctx ends first it cuts them and returns an error. Call it together with the
// http.Server's.
func (l *Lane) Shutdown(ctx context.Context) error {
	l.stopAccepting()
	l.closeConns((*conn).closeIfIdle)
	select {
	case <-l.empty:
		return l.closeErr
	case <-ctx.Done():
		l.closeConns(func(c *conn) { c.Conn.Close() })
		return errors.Join(fmt.Errorf("let answers of the fast lane finish: %w: the rest is cut", ctx.Err()), l.closeErr)
	}
}

func (l *Lane) closeConns(end func(*conn)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		end(c)
	}
}
