package forward

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

const (
	// pingAfter of silence on a connection a PING is sent (RFC 9113, section 6.7); without an answer
	// within pingTimeout the connection counts as lost. A host that vanished is noticed by that.
	pingAfter   = 15 * time.Second
	pingTimeout = 10 * time.Second

	// idleAfter is how long a replica keeps a connection it has no use for: shorter than the
	// Server's idleTimeout, so that the side that would send the next request decides.
	idleAfter = 90 * time.Second

	// streamWindow bounds what either side buffers of a body that its reader does not take.
	streamWindow = 512 << 10

	// continueTimeout is how long a client that asked with Expect: 100-continue waits for the
	// leader's word before its body is taken anyway (RFC 9110, section 10.1.1).
	continueTimeout = 30 * time.Second
)

// pool holds the HTTP/2 connections to the leader. One is opened when those there are have no room
// for another request, so their number is bounded by that of the requests under way.
//
// It deals in single connections (http.ClientConn), not in http.Transport.RoundTrip, because the
// latter sends some requests again by itself: also after a stream reset with PROTOCOL_ERROR, which
// the leader's server sends for a faulty trailer when the handler has already begun.
type pool struct {
	addr        string
	dialTimeout time.Duration
	transport   *http.Transport

	mu      sync.Mutex
	conns   []*conn
	opening *opening
}

// conn is a connection that has answered a request.
type conn struct {
	*http.ClientConn
	limit int // requests at a time, as the leader's SETTINGS say
}

// opening is an attempt to connect, shared by all that wait for a connection.
type opening struct {
	done chan struct{}
	err  error // valid when done is closed
}

func newPool(addr string, dialTimeout time.Duration) *pool {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	dialer := &net.Dialer{Timeout: dialTimeout}
	return &pool{
		addr:        addr,
		dialTimeout: dialTimeout,
		transport: &http.Transport{
			DialContext:           dialer.DialContext,
			Protocols:             protocols,
			DisableCompression:    true, // bodies pass as they are
			ExpectContinueTimeout: continueTimeout,
			IdleConnTimeout:       idleAfter,
			HTTP2: &http.HTTP2Config{
				MaxReceiveBufferPerStream: streamWindow,
				SendPingTimeout:           pingAfter,
				PingTimeout:               pingTimeout,
			},
		},
	}
}

// reserve gives a connection with room for one request, which the caller must send (or Release).
// An error says that no connection could be made: nothing of the request has been sent.
func (p *pool) reserve(ctx context.Context) (*conn, error) {
	for {
		c, o := p.reserveOrOpen()
		if c != nil {
			return c, nil
		}
		select {
		case <-o.done:
			if o.err != nil {
				return nil, o.err
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("connect to the leader at %s: %w", p.addr, ctx.Err())
		}
	}
}

// reserveOrOpen gives a connection with room reserved, or else the attempt to open one.
func (p *pool) reserveOrOpen() (*conn, *opening) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var reserved *conn
	p.conns = slices.DeleteFunc(p.conns, func(c *conn) bool {
		if reserved != nil {
			return false
		}
		if c.Reserve() == nil {
			reserved = c
			return false
		}
		return !c.full()
	})
	if reserved != nil {
		return reserved, nil
	}
	if p.opening == nil {
		p.opening = &opening{done: make(chan struct{})}
		go p.open(p.opening)
	}
	return nil, p.opening
}

// full tells whether a connection that gave no room has none, rather than being closed or told to
// take no more requests (GOAWAY). Of the latter, it closes one that nothing is under way on; another
// closes by itself after its last request.
func (c *conn) full() bool {
	inFlight := c.InFlight()
	if inFlight == 0 {
		c.Close()
	}
	return inFlight >= c.limit
}

// open makes a connection and adds it to the pool.
func (p *pool) open(o *opening) {
	c, err := p.connect()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.conns = append(p.conns, c)
	}
	o.err = err
	p.opening = nil
	close(o.done)
}

// connect dials and asks OPTIONS *, HTTP's no-op (RFC 9110, section 9.3.7). A TCP connection alone
// proves nothing: the kernel completes it before the leader accepts it, and resets it if the leader
// stops first. Whatever went out on it before the leader's first answer would have an unknown fate.
func (p *pool) connect() (*conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*p.dialTimeout)
	defer cancel()
	cc, err := p.transport.NewClientConn(ctx, "http", p.addr)
	if err != nil {
		return nil, fmt.Errorf("connect to the leader at %s: %w", p.addr, err)
	}
	res, err := cc.RoundTrip((&http.Request{
		Method: http.MethodOptions,
		URL:    &url.URL{Scheme: "http", Host: p.addr, Opaque: "*"},
		Host:   p.addr,
		Header: http.Header{"User-Agent": {viaName}},
	}).WithContext(ctx))
	if err != nil {
		cc.Close()
		return nil, fmt.Errorf("speak HTTP/2 with the leader at %s (is it an internal address?): %w", p.addr, err)
	}
	res.Body.Close()
	c := &conn{ClientConn: cc, limit: cc.Available() + cc.InFlight()}
	if c.limit == 0 {
		cc.Close()
		return nil, errors.New("connect to the leader at " + p.addr + ": it closed the connection")
	}
	return c, nil
}

// close closes the connections. Requests under way are cut.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}
