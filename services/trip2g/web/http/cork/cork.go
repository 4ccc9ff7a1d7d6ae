// Package cork lets a handler of net/http send a page with one call of the kernel. net/http gathers the head
// and the beginning of a body in a buffer of 4 KB, writes that when it is full, and then the rest: the second
// call costs more than all else that a page in memory needs of its handler.
package cork

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
)

// bufferSize is the size of net/http's buffer, in bytes, and of what is held at most.
const bufferSize = 4 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// Listener is a listener whose TCP connections Write can cork.
type Listener struct{ net.Listener }

// Accept implements net.Listener.
func (l Listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &conn{TCPConn: tcp}, err
	}
	return c, err
}

type connKey struct{}

// WithConn is for an http.Server's ConnContext: it gives handlers a connection of a Listener, also beneath
// one that tells its own by NetConn and passes writes to it.
func WithConn(ctx context.Context, c net.Conn) context.Context {
	if above, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = above.NetConn()
	}
	if c, ok := c.(*conn); ok {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

// Write writes the whole body of an answer, of which nothing was written yet: with its head, by one call,
// if the request's context has a connection for that.
func Write(ctx context.Context, w http.ResponseWriter, body []byte) (int, error) {
	c, ok := ctx.Value(connKey{}).(*conn)
	if !ok {
		return w.Write(body)
	}
	c.corked = true
	n, err := w.Write(body)
	if c.held != nil && err == nil { // the rest is in the buffer
		err = http.NewResponseController(w).Flush()
	}
	return n, errors.Join(err, c.uncork())
}

// conn is a connection that can hold a write back. As any of net/http's it has one writer.
type conn struct {
	*net.TCPConn

	corked bool
	held   *[bufferSize]byte // of buffers; nil: nothing is held
	count  int               // bytes held
	err    error             // why what was held did not go out: nothing may follow it
}

// Write implements io.Writer. The first write after corked was set waits for the next.
func (c *conn) Write(p []byte) (int, error) {
	switch {
	case c.err != nil:
		return 0, c.err
	case c.held != nil:
		return c.release(p)
	case c.corked && len(p) <= bufferSize:
		c.held = buffers.Get().(*[bufferSize]byte)
		c.count = copy(c.held[:], p)
		return len(p), nil
	}
	return c.TCPConn.Write(p)
}

// ReadFrom implements io.ReaderFrom, so that net/http sends a file without copying it through memory.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	if err := c.uncork(); err != nil {
		return 0, err
	}
	return c.TCPConn.ReadFrom(r)
}

// uncork lets what is held go.
func (c *conn) uncork() error {
	c.corked = false
	if c.held != nil {
		c.release(nil)
	}
	return c.err
}

// release writes what is held and p, and gives how much of p went out.
func (c *conn) release(p []byte) (int, error) {
	defer buffers.Put(c.held)
	vector := net.Buffers{c.held[:c.count], p}
	n, err := vector.WriteTo(c.TCPConn)
	n -= int64(c.count)
	c.corked, c.held, c.count, c.err = false, nil, 0, err
	return int(max(0, n)), err
}
