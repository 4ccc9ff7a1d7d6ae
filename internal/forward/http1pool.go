package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"trip2g/internal/drain"
)

// maxOpenings bounds the connections of a [http1Pool] that are being opened at a time, so that many
// waiting requests do not storm a leader that comes back.
const maxOpenings = 16

// http1Pool holds the HTTP/1.1 connections to the leader, each for one request at a time. A request
// under way has one of its own. The others are kept until the leader closes them.
type http1Pool struct {
	connector
	silence   time.Duration // after which watch looks for the leader
	lostAfter time.Duration // the search after which the leader counts as gone
	openings  chan struct{} // holds one element for each connection that is being opened

	mu     sync.Mutex
	idle   []*conn // the most recently used is last
	closed bool
}

func newHTTP1Pool(o poolOptions) *http1Pool {
	return &http1Pool{
		connector: newConnector(o, (*http.Protocols).SetHTTP1),
		silence:   pingAfter, lostAfter: pingTimeout, openings: make(chan struct{}, maxOpenings),
	}
}

// reserve implements transport.
func (p *http1Pool) reserve(ctx context.Context) (*conn, error) {
	if c := p.take(); c != nil {
		return c, nil
	}
	select {
	case p.openings <- struct{}{}:
		defer func() { <-p.openings }()
	case <-ctx.Done():
		return nil, fmt.Errorf("connect to the leader at %s: %w", p.addr, ctx.Err())
	}
	if c := p.take(); c != nil {
		return c, nil
	}
	c, err := p.connect(ctx)
	if err == nil {
		err = c.Reserve()
	}
	return c, err
}

// take returns an idle connection, reserved, or nil if there is none.
func (p *http1Pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		last := len(p.idle) - 1
		c := p.idle[last]
		p.idle = p.idle[:last]
		if c.Reserve() == nil {
			return c
		}
	}
	return nil
}

// roundTrip implements transport. The connection can be used again when the response's body has
// been read and closed.
func (p *http1Pool) roundTrip(c *conn, req *http.Request) (*http.Response, error) {
	ctx, lost := context.WithCancelCause(req.Context())
	timer := p.watch(ctx, lost)
	end := func() {
		timer.Stop()
		lost(nil)
	}
	res, err := c.RoundTrip(req.WithContext(ctx))
	if err == nil && drain.NotProcessed(res) {
		res.Body.Close()
		err = errNotProcessed
	}
	if err != nil {
		end()
		return nil, err
	}
	res.Body = &pooledBody{res.Body, sync.OnceFunc(func() {
		end()
		p.put(c)
	})}
	return res, nil
}

// drop implements transport.
func (p *http1Pool) drop(c *conn) { c.Close() }

// pooledBody is a response's body. Its Close puts the connection back.
type pooledBody struct {
	io.ReadCloser
	end func()
}

// Close implements io.Closer.
func (b *pooledBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// put puts back a connection whose request has ended. It drops the closed ones.
func (p *http1Pool) put(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		c.Close()
	}
	for len(p.idle) > 0 && p.idle[0].Err() != nil {
		p.idle = p.idle[1:]
	}
	if c.Err() == nil {
		p.idle = append(p.idle, c)
	}
}

// close closes the idle connections at once, and the others when they become idle.
func (p *http1Pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		c.Close()
	}
	p.idle = nil
}

// watch cancels an HTTP/1.1 request whose leader is gone, until ctx ends. TCP notices a network
// that loses packets. It still gets acknowledgements from a frozen leader, or from a machine that
// took its address. HTTP/2 has PING for that; here a new connection is tried. Stopping the timer
// spares this for requests that are answered before the first look.
func (p *http1Pool) watch(ctx context.Context, lost context.CancelCauseFunc) *time.Timer {
	return time.AfterFunc(p.silence, func() {
		if err := p.awaitSign(ctx); err != nil {
			lost(fmt.Errorf("the leader says nothing: %w", err))
		}
		if ctx.Err() == nil {
			p.watch(ctx, lost)
		}
	})
}

// awaitSign waits for a sign that the leader's host is up. It tries to connect until it succeeds or
// fails in a way that only a host can cause, such as a port that a stopping leader has closed. The
// error is that of the last attempt within lostAfter.
func (p *http1Pool) awaitSign(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.lostAfter)
	defer cancel()
	for {
		c, err := p.connect(ctx)
		if err == nil {
			c.Close()
			return nil
		}
		if !isSilence(err) {
			return nil
		}
		if !sleep(ctx, lastPause) {
			return err
		}
	}
}

// isSilence reports whether an attempt to connect failed without any answer of a host. A name that
// does not exist counts: a container that is off its network loses its name.
func isSilence(err error) bool {
	var timeout net.Error
	var dns *net.DNSError
	return errors.As(err, &timeout) && timeout.Timeout() || errors.As(err, &dns) && dns.IsNotFound ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}
