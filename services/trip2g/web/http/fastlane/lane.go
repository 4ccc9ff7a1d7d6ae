// Package fastlane responds to plain requests without net/http, which spends about half of a small
// page's time on work that such a request does not need.
//
// A Lane sits between a listener and an http.Server. It reads each connection and parses strictly
// well-formed heads of plain requests. If its Handler responds, the lane writes exactly the bytes
// that net/http would write. At the first other request it hands the connection over to the
// http.Server, with that request unread, for the rest of the connection's life.
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

	"trip2g/internal/drain"
)

// Options configures a Lane. The timeouts are required and should be those of the http.Server.
type Options struct {
	Handler           Handler
	ReadHeaderTimeout time.Duration // until the first bytes of a connection
	IdleTimeout       time.Duration // between requests
	// Client returns the address of a request's client from the address of the sender and the
	// X-Forwarded-For field, "" if absent. nil: the sender is the client.
	Client   func(sender, forwardedFor string) string
	ErrorLog *log.Logger // for panics of the handler; nil: the standard logger
}

// Lane is the net.Listener of an http.Server, which accepts the connections that the lane hands
// over.
type Lane struct {
	Options
	inner net.Listener

	handed   chan net.Conn
	failed   chan error
	stopping atomic.Bool
	stop     chan struct{} // closed when stopping
	closed   chan struct{}
	close    sync.Once
	closeErr error
	running  sync.WaitGroup // accept, and the connections that it has started

	mu    sync.Mutex
	conns map[*conn]struct{} // being read by the lane
}

var _ net.Listener = (*Lane)(nil)

// New starts a lane on the connections that inner accepts.
func New(inner net.Listener, o Options) *Lane {
	l := &Lane{
		Options: o, inner: inner, handed: make(chan net.Conn), failed: make(chan error),
		stop: make(chan struct{}), closed: make(chan struct{}), conns: make(map[*conn]struct{}),
	}
	l.running.Go(l.accept)
	return l
}

// accept starts connections until the inner listener is closed. It passes an error to the
// http.Server, which stops or, after a temporary error, calls Accept again.
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
		case <-l.stop:
			return
		}
	}
}

func (l *Lane) start(rwc net.Conn) {
	c := &conn{Conn: rwc, lane: l, client: rwc.RemoteAddr().String(), min: minFirst}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[c] = struct{}{}
	l.running.Go(c.serve)
}

// remove removes a connection from those that Shutdown ends.
func (l *Lane) remove(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// handOver passes a connection to the http.Server, or closes it if the server has stopped.
func (l *Lane) handOver(rwc net.Conn) {
	select {
	case l.handed <- rwc:
	case <-l.closed:
		drain.GoAway(rwc)
	}
}

// Accept returns the next connection that the lane hands over.
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

// Addr returns the inner listener's address.
func (l *Lane) Addr() net.Addr { return l.inner.Addr() }

// Close stops accepting from the network and from the lane. The http.Server calls it on shutdown.
// The lane's own connections remain until Shutdown.
func (l *Lane) Close() error {
	l.close.Do(func() {
		l.stopAccepting()
		close(l.closed)
	})
	return l.closeErr
}

// stopAccepting marks the lane as stopping, so that each response closes its connection.
func (l *Lane) stopAccepting() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopping.Swap(true) {
		return
	}
	close(l.stop)
	l.closeErr = l.inner.Close()
}

// Shutdown stops accepting and waits for responses in progress. It ends a connection that has been
// idle for [drain.Linger] with a [drain.GoAway]. If ctx ends first, it closes the remaining
// connections and returns an error. Call it together with the http.Server's Shutdown.
func (l *Lane) Shutdown(ctx context.Context) error {
	l.stopAccepting()
	l.forAll((*conn).linger)
	ended := make(chan struct{})
	go func() {
		l.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return l.closeErr
	case <-ctx.Done():
		l.forAll(func(c *conn) { c.Conn.Close() })
		return errors.Join(fmt.Errorf("wait for responses of the fast lane: %w: their connections were closed", ctx.Err()), l.closeErr)
	}
}

func (l *Lane) forAll(do func(*conn)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		do(c)
	}
}
