package fastlane

import (
	"bytes"
	"io"
	"log"
	"net"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// bufferSize bounds the heads that the lane reads, in bytes; a longer one is net/http's.
const bufferSize = 4 << 10

// How many bytes net/http wants to see before it takes them for the beginning of a request: fewer,
// after which the client hangs up, are no fault worth a 400.
const (
	firstBegun = 1
	laterBegun = 4
)

// conn is a connection in the lane. Only its own goroutine reads and writes it.
type conn struct {
	net.Conn
	lane   *Lane
	client string
	busy   atomic.Bool // a request is being answered: Shutdown lets it finish

	buf        [bufferSize]byte
	start, end int       // of what is read and not answered
	begun      int       // so many bytes are the beginning of a request
	deadline   time.Time // for reading; zero before the first

	head   head
	answer Answer
	out    []byte      // the head of the answer
	parts  [2][]byte   // head and body
	vector net.Buffers // parts, as they are being written
}

// outcome is what becomes of a connection after a request.
type outcome int

const (
	goOn     outcome = iota // answered: the next request
	end                     // the connection is to be closed
	handOver                // the request is net/http's
)

func (c *conn) serve() {
	next := end
	defer func() {
		if fault := recover(); fault != nil {
			c.lane.logf("fast lane: panic serving %s: %v\n%s", c.client, fault, debug.Stack())
			next = end
		}
		if next == end {
			c.Conn.Close()
		}
		c.lane.forget(c)
	}()
	for next = goOn; next == goOn; {
		if c.end-c.start < c.begun {
			next = c.read()
			continue
		}
		next = c.answerNext()
	}
	if next == handOver {
		c.SetReadDeadline(time.Time{})
		c.lane.give(&replayed{Conn: c.Conn, unread: c.buf[c.start:c.end]})
	}
}

// read waits for the first bytes of a request.
func (c *conn) read() outcome {
	c.busy.Store(false)
	if c.lane.stopping.Load() {
		return end
	}
	c.extendDeadline()
	c.start, c.end = 0, copy(c.buf[:], c.buf[c.start:c.end])
	n, err := c.Conn.Read(c.buf[c.end:])
	if err != nil || !c.busy.CompareAndSwap(false, true) {
		return end
	}
	c.end += n
	return goOn
}

// extendDeadline lets the client idle. Setting a deadline costs a share of a small answer, so that it
// is moved on only when a sixteenth of the time is over.
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

// closeIfIdle closes the connection unless a request is being answered, and keeps one from beginning.
func (c *conn) closeIfIdle() {
	if c.busy.CompareAndSwap(false, true) {
		c.Conn.Close()
	}
}

// answerNext answers the first request in the buffer.
func (c *conn) answerNext() outcome {
	unread := c.buf[c.start:c.end]
	size := bytes.Index(unread, []byte("\r\n\r\n")) + 4
	c.head = head{Request: Request{Client: c.client, Arrived: time.Now()}}
	if size < 4 || !c.head.parse(string(unread[:size])) {
		return handOver
	}
	if c.lane.Client != nil {
		c.head.Client = c.lane.Client(c.client, c.head.forwardedFor)
	}
	c.answer.Reset()
	if !c.lane.Handler.Answer(&c.head.Request, &c.answer) {
		return handOver
	}
	c.start, c.begun = c.start+size, laterBegun
	closing := c.head.closes() || c.lane.stopping.Load()
	err := c.send(closing)
	if err != nil || closing {
		return end
	}
	return goOn
}

// send writes the answer with one call and tells the handler.
func (c *conn) send(closing bool) error {
	c.out = appendHead(c.out[:0], &c.answer, closing)
	c.parts = [2][]byte{c.out, c.answer.Body}
	c.vector = c.parts[:]
	if c.answer.Body == nil {
		c.vector = c.parts[:1]
	}
	n, err := c.vector.WriteTo(c.Conn)
	c.lane.Handler.Answered(&c.head.Request, &c.answer, max(0, n-int64(len(c.out))))
	c.parts, c.answer.Body = [2][]byte{}, nil // an idle connection keeps no page in memory
	return err
}

func (l *Lane) logf(format string, args ...any) {
	if l.ErrorLog != nil {
		l.ErrorLog.Printf(format, args...)
		return
	}
	log.Printf(format, args...)
}

// replayed is a connection of which some bytes were read already.
type replayed struct {
	net.Conn
	unread []byte
}

// Read gives the bytes that were read first.
func (c *replayed) Read(p []byte) (int, error) {
	if len(c.unread) == 0 || len(p) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.unread)
	if c.unread = c.unread[n:]; len(c.unread) == 0 {
		c.unread = nil // lets the lane's buffer go
	}
	return n, nil
}

// NetConn gives the connection itself, to which writes go unchanged.
func (c *replayed) NetConn() net.Conn { return c.Conn }

// ReadFrom lets net/http send a file without copying it through memory.
func (c *replayed) ReadFrom(r io.Reader) (int64, error) { return io.Copy(c.Conn, r) }

// CloseWrite lets net/http end an answer before it stops reading.
func (c *replayed) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
