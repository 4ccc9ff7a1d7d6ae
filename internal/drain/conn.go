package drain

import (
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// conn is a connection that ends with a [GoAway] if it is closed while no request has begun on it
// since the last response. A request begins when its handler calls begin, before all else. Whatever
// net/http has read of a request before that is not processed.
type conn struct {
	net.Conn
	drainer *Drainer

	mu     sync.Mutex
	begun  bool        // a request has begun, or a response to an unreadable one
	silent bool        // sends no GoAway: it has no reader, or this is HTTP/2
	gone   bool        // GoAway was called
	late   *time.Timer // closes the connection unless net/http calls it idle; nil: not armed
}

// begin reports whether a request may begin. None may after a GoAway.
func (c *conn) begin(r *http.Request) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun = true
	c.silent = c.silent || r.ProtoMajor > 1
	return !c.gone
}

// idle records that a request has been answered in full.
func (c *conn) idle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun = false
	if c.late != nil && c.late.Stop() {
		c.goAway()
	}
}

// Read implements io.Reader.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	var timeout net.Error
	if err != nil && !(errors.As(err, &timeout) && timeout.Timeout()) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.silent = true
	}
	return n, err
}

// Write implements io.Writer.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	c.begun = true
	gone := c.gone
	c.mu.Unlock()
	if gone {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// ReadFrom implements io.ReaderFrom. With it net/http sends a file without copying it through
// memory.
func (c *conn) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.Conn, r) }

// CloseWrite implements the half-close with which net/http ends a response before it stops reading.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// NetConn returns the innermost of the wrapped connections.
func (c *conn) NetConn() net.Conn {
	if above, ok := c.Conn.(interface{ NetConn() net.Conn }); ok {
		return above.NetConn()
	}
	return c.Conn
}

// Close implements io.Closer. http.Server.Shutdown calls it for a connection that it counts as
// idle. The connection's own goroutine calls it at its end.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	stopping := c.drainer.stopping.Load()
	switch {
	case c.gone || c.late != nil:
		return nil
	case c.silent || !stopping && (c.begun || !c.drainer.always):
		return c.closeNow()
	case c.begun:
		c.drainer.track(c, true)
		c.late = time.AfterFunc(hookTime, func() { c.closeNow() })
		return nil
	}
	c.goAway()
	return nil
}

// closeNow closes the connection without a GoAway.
func (c *conn) closeNow() error {
	defer c.drainer.forget(c)
	return c.Conn.Close()
}

// goAway calls GoAway in the background. c.mu is held.
func (c *conn) goAway() {
	c.gone = true
	c.drainer.track(c, true)
	go func() {
		defer c.drainer.forget(c)
		GoAway(c.Conn)
	}()
}
