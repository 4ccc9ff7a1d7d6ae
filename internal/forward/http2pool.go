package forward

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// http2Pool holds the HTTP/2 connections to the leader. It opens one when the others have no room
// for another request, so their number is bounded by that of the requests under way.
type http2Pool struct {
	connector

	mu      sync.Mutex
	conns   []*conn
	opening *opening
}

// opening is an attempt to connect, shared by all that wait for a connection.
type opening struct {
	done chan struct{}
	err  error // valid when done is closed
}

func newHTTP2Pool(o poolOptions) *http2Pool {
	return &http2Pool{connector: newConnector(o, (*http.Protocols).SetUnencryptedHTTP2)}
}

// reserve implements transport.
func (p *http2Pool) reserve(ctx context.Context) (*conn, error) {
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

// roundTrip implements transport.
func (p *http2Pool) roundTrip(c *conn, req *http.Request) (*http.Response, error) {
	return c.RoundTrip(req)
}

// drop implements transport: other requests may be under way on the connection.
func (p *http2Pool) drop(*conn) {}

// reserveOrOpen returns a connection with room reserved, or else the attempt to open one.
func (p *http2Pool) reserveOrOpen() (*conn, *opening) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var reserved *conn
	p.conns = slices.DeleteFunc(p.conns, func(c *conn) bool {
		if reserved != nil || c.InFlight() >= c.limit {
			return false
		}
		if c.Reserve() == nil {
			reserved = c
			return false
		}
		c.leave()
		return true
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

// leave drops a connection that has room but accepts no request, because it is closed or has
// received GOAWAY. After GOAWAY it closes a connection without requests under way. Any other closes
// by itself after its last request.
func (c *conn) leave() {
	if c.InFlight() == 0 {
		c.Close()
	}
}

// open opens a connection and adds it to the pool.
func (p *http2Pool) open(o *opening) {
	c, err := p.connect(context.Background())
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.conns = append(p.conns, c)
	}
	o.err = err
	p.opening = nil
	close(o.done)
}

// close closes the connections. It cuts the requests under way.
func (p *http2Pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}
