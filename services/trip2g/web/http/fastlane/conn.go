package fastlane

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"runtime/debug"
	"time"

	"trip2g/internal/drain"
)

// bufferSize is the maximum size of a head in bytes. net/http reads longer ones.
const bufferSize = 4 << 10

// Bytes that net/http reads before it treats a connection as having a request. If a client
// disconnects after fewer, net/http sends no 400.
const (
	minFirst = 1 // for the first request of a connection
	minLater = 4
)

// conn is a connection in the lane. Only its own goroutine reads and writes it; Shutdown sets its
// deadline.
type conn struct {
	net.Conn
	lane   *Lane
	client string

	buf        [bufferSize]byte
	start, end int       // of the bytes that are read and not yet parsed
	min        int       // minFirst or minLater
	deadline   time.Time // for reading; zero before the first

	head     head
	response Response
	out      []byte      // head of the response
	parts    [2][]byte   // head and body
	vector   net.Buffers // the parts still to be written
}

// action is what to do with a connection after a request.
type action int

const (
	readNext action = iota
	closeConn
	goAway   // the same, and tell the client that no request has begun
	handOver // to net/http, with the request unread
)

func (c *conn) serve() {
	next := closeConn
	defer func() {
		if fault := recover(); fault != nil {
			c.lane.logf("fast lane: panic serving %s: %v\n%s", c.client, fault, debug.Stack())
			next = closeConn
		}
		switch next {
		case closeConn:
			c.Conn.Close()
		case goAway:
			drain.GoAway(c.Conn)
		}
		c.lane.remove(c)
	}()
	for next = readNext; next == readNext; {
		if c.end-c.start < c.min {
			next = c.read()
			continue
		}
		next = c.respond()
	}
	if next == handOver {
		c.lane.remove(c) // Shutdown sets no deadline any more
		c.SetReadDeadline(time.Time{})
		c.lane.handOver(&replayed{Conn: c.Conn, unread: c.buf[c.start:c.end]})
	}
}

// read reads the first bytes of a request.
func (c *conn) read() action {
	c.extendDeadline()
	if c.lane.stopping.Load() { // Shutdown may have called linger before
		c.linger()
	}
	c.start, c.end = 0, copy(c.buf[:], c.buf[c.start:c.end])
	n, err := c.Conn.Read(c.buf[c.end:])
	switch {
	case err == nil:
		c.end += n
		return readNext
	case errors.Is(err, os.ErrDeadlineExceeded) && c.lane.stopping.Load():
		return goAway
	}
	return closeConn
}

// linger bounds the wait for another request when the lane stops.
func (c *conn) linger() { c.SetReadDeadline(time.Now().Add(drain.Linger)) }

// extendDeadline sets the read deadline for an idle connection. Setting one is expensive compared
// with a small response, so it changes only after a sixteenth of the timeout.
func (c *conn) extendDeadline() {
	timeout := c.lane.IdleTimeout
	if c.deadline.IsZero() {
		timeout = c.lane.ReadHeaderTimeout
	}
	next := time.Now().Add(timeout)
	if early := next.Sub(c.deadline); early < 0 || early > timeout/16 {
		c.deadline = next
		c.SetReadDeadline(next)
	}
}

// respond responds to the first request in the buffer.
func (c *conn) respond() action {
	unread := c.buf[c.start:c.end]
	size := bytes.Index(unread, []byte("\r\n\r\n")) + 4
	c.head = head{Request: Request{Client: c.client, Arrived: time.Now()}}
	if size < 4 || !c.head.parse(string(unread[:size])) {
		return handOver
	}
	if c.lane.Client != nil {
		c.head.Client = c.lane.Client(c.client, c.head.forwardedFor)
	}
	c.response.Reset()
	if !c.lane.Handler.Respond(&c.head.Request, &c.response) {
		return handOver
	}
	c.start, c.min = c.start+size, minLater
	closing := c.head.closes() || c.lane.stopping.Load()
	err := c.send(closing)
	if err != nil || closing {
		return closeConn
	}
	return readNext
}

// send writes the response with one system call and informs the handler.
func (c *conn) send(closing bool) error {
	c.out = appendHead(c.out[:0], &c.response, closing)
	c.parts = [2][]byte{c.out, c.response.Body}
	c.vector = c.parts[:]
	if c.response.Body == nil {
		c.vector = c.parts[:1]
	}
	n, err := c.vector.WriteTo(c.Conn)
	c.lane.Handler.Responded(&c.head.Request, &c.response, max(0, n-int64(len(c.out))))
	c.parts, c.response.Body = [2][]byte{}, nil // release the page while the connection is idle
	return err
}

func (l *Lane) logf(format string, args ...any) {
	if l.ErrorLog != nil {
		l.ErrorLog.Printf(format, args...)
		return
	}
	log.Printf(format, args...)
}

// replayed is a connection that first returns bytes that the lane has read.
type replayed struct {
	net.Conn
	unread []byte
}

// Read returns the unread bytes first.
func (c *replayed) Read(p []byte) (int, error) {
	if len(c.unread) == 0 || len(p) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.unread)
	if c.unread = c.unread[n:]; len(c.unread) == 0 {
		c.unread = nil // releases the lane's buffer
	}
	return n, nil
}

// NetConn returns the underlying connection, to which writes go unchanged.
func (c *replayed) NetConn() net.Conn { return c.Conn }

// ReadFrom lets net/http use sendfile.
func (c *replayed) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.Conn, r) }

// CloseWrite lets net/http end a response before it stops reading.
func (c *replayed) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
