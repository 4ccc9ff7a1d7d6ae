package forward

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// unbegunHeader is a [Server]'s word, in [farewell], that it has begun no request since its last answer.
	unbegunHeader = "X-Replica-Unbegun"

	// farewell is what a Server sends on a connection of HTTP/1.1 before it closes it between two requests. A
	// request that is on its way then has it for an answer: it was not begun. Clients of all kinds know the status
	// in this place (RFC 9110, section 15.5.9).
	farewell = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n" + unbegunHeader + ": 1\r\n\r\n"

	// farewellTime is how long the other side may take to close its end of the connection: what it sends to one
	// that is closed already resets it, and the farewell can be lost with that (RFC 9112, section 9.6).
	farewellTime = time.Second

	// hookTime is how long net/http may take from noting that a connection is idle to telling so.
	hookTime = 100 * time.Millisecond
)

// errUnbegun is of a request that was answered by a farewell.
var errUnbegun = errors.New("the leader closed the connection and did not begin the request")

func isUnbegun(res *http.Response) bool {
	return res.StatusCode == http.StatusRequestTimeout && res.Header.Get(unbegunHeader) != ""
}

// partingListener makes its connections part with a farewell.
type partingListener struct {
	net.Listener
	partings *partings
}

// Accept implements net.Listener.
func (l partingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &partingConn{TCPConn: tcp, partings: l.partings}, err
	}
	return c, err
}

// partings are the farewells of a server.
type partings struct {
	underWay sync.WaitGroup
	stopping atomic.Bool // net/http closes idle connections from a goroutine that is not theirs
}

// partingConn is a connection that says a farewell when it is closed and no request has begun on it since the last
// one was answered. What decides is begin, which a request's handler calls before all else: whatever of the next
// request net/http has read by then is not lost but denied.
type partingConn struct {
	*net.TCPConn
	partings *partings

	mu     sync.Mutex
	begun  bool        // a request, or an answer to one that is none
	silent bool        // there is nobody to take a farewell, or the connection is one of HTTP/2, which has GOAWAY
	parted bool        // the farewell was said, or is being said
	late   *time.Timer // closes the connection unless net/http calls it idle; nil: none
}

// begin tells whether a request may be begun: not after a farewell.
func (c *partingConn) begin(r *http.Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun = true
	c.silent = c.silent || r.ProtoMajor > 1
	return !c.parted
}

// idle is for a connection whose request has been answered in full.
func (c *partingConn) idle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun = false
	if c.late != nil && c.late.Stop() {
		c.part()
		c.partings.underWay.Done()
	}
}

// Read implements io.Reader.
func (c *partingConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	var timeout net.Error
	if err != nil && !(errors.As(err, &timeout) && timeout.Timeout()) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.silent = true
	}
	return n, err
}

// Write implements io.Writer.
func (c *partingConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.begun = true
	parted := c.parted
	c.mu.Unlock()
	if parted {
		return 0, net.ErrClosed
	}
	return c.TCPConn.Write(p)
}

// Close implements io.Closer.
func (c *partingConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.parted || c.late != nil:
		return nil
	case c.silent || c.begun && !c.partings.stopping.Load():
		return c.TCPConn.Close()
	case c.begun:
		c.partings.underWay.Add(1)
		c.late = time.AfterFunc(hookTime, func() {
			defer c.partings.underWay.Done()
			c.TCPConn.Close()
		})
		return nil
	}
	c.part()
	return nil
}

// part says farewell and leaves in a while. c.mu is held.
func (c *partingConn) part() {
	c.parted = true
	c.partings.underWay.Go(func() {
		defer c.TCPConn.Close()
		c.SetDeadline(time.Now().Add(farewellTime))
		if _, err := io.WriteString(c.TCPConn, farewell); err == nil {
			c.CloseWrite()
			io.Copy(io.Discard, c.TCPConn)
		}
	})
}
