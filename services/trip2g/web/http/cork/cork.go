// Package cork lets a net/http handler send a page with one system call. net/http buffers the head
// and the start of a body, writes the buffer when its 4 KB are full, and then writes the rest. The
// second system call costs more than everything else that the handler does for a page in memory.
package cork

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
)

// bufferSize is the size of net/http's buffer in bytes, and the maximum that a connection holds
// back.
const bufferSize = 4 << 10

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// Listener wraps a listener so that Write can cork its TCP connections.
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

// WithConn is an http.Server's ConnContext. It makes a Listener's connection available to Write,
// also if another connection wraps it and returns it from NetConn.
func WithConn(ctx context.Context, c net.Conn) context.Context {
	if wrapper, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = wrapper.NetConn()
	}
	if c, ok := c.(*conn); ok {
		return context.WithValue(ctx, connKey{}, c)
	}
	return ctx
}

// Write writes the whole body of a response of which nothing has been written yet. If the request's
// context has a connection from WithConn, it writes head and body with one system call.
func Write(ctx context.Context, w http.ResponseWriter, body []byte) (int, error) {
	c, ok := ctx.Value(connKey{}).(*conn)
	if !ok {
		return w.Write(body)
	}
	c.corked = true
	n, err := w.Write(body)
	if c.held != nil && err == nil { // the rest is in net/http's buffer
		err = http.NewResponseController(w).Flush()
	}
	return n, errors.Join(err, c.uncork())
}

// conn is a connection that can hold a write back. It has one writer, like any of net/http's.
type conn struct {
	*net.TCPConn

	corked bool
	held   *[bufferSize]byte // from buffers; nil: nothing is held
	count  int               // bytes held
	err    error             // of writing the held bytes; nothing may follow them
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

// ReadFrom implements io.ReaderFrom, so that net/http can use sendfile.
func (c *conn) ReadFrom(r io.Reader) (int64, error) {
	if err := c.uncork(); err != nil {
		return 0, err
	}
	return c.TCPConn.ReadFrom(r)
}

// uncork writes the held bytes.
func (c *conn) uncork() error {
	c.corked = false
	if c.held != nil {
		c.release(nil)
	}
	return c.err
}

// release writes the held bytes and p. It returns the number of bytes of p that were written.
func (c *conn) release(p []byte) (int, error) {
	defer buffers.Put(c.held)
	vector := net.Buffers{c.held[:c.count], p}
	n, err := vector.WriteTo(c.TCPConn)
	n -= int64(c.count)
	c.corked, c.held, c.count, c.err = false, nil, 0, err
	return int(max(0, n)), err
}
