package forward

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/http/httpguts"
)

const (
	// replayLimit bounds the part of a body kept for sending it again while no answer has come.
	replayLimit = 1 << 20
	// replayBudget bounds the kept parts of all bodies together. Past it only the first chunk of
	// each is kept.
	replayBudget = 64 << 20

	chunkSize = 32 << 10

	// bufferLimit bounds the bytes read of a body before its request takes a slot.
	bufferLimit = 64 << 10
	// firstChunkTime bounds the wait for the first bytes of a body before its request is sent. A client
	// may send its body only after it has seen the response's headers.
	firstChunkTime = time.Second
	// bufferTime bounds the wait for more of a body's beginning when some of it has arrived.
	bufferTime = 100 * time.Millisecond

	// drainLimit and drainFor bound the bytes and the time for which a client that still sends
	// after its answer is read before its connection is closed. Data that arrives at a closed
	// connection resets it, and the answer can be lost with it (RFC 9112, section 9.6).
	drainLimit = 256 << 10
	drainFor   = 500 * time.Millisecond
)

var errBodyClosed = errors.New("the attempt to send this request has ended")

// body lets successive attempts send one client's request body. It keeps what was read, within
// bounds, so that the next attempt can start from the beginning.
type body struct {
	source  io.Reader
	trailer http.Header // the client's; the server fills it in before source returns io.EOF
	budget  *budget

	// State of the current attempt. Attempts never overlap.
	chunks  chan chunk    // read by pump; unbuffered
	next    chan struct{} // returns pump's buffer to it
	ended   chan struct{} // closed when nobody will read any more
	lent    bool          // pump waits for next
	current []byte        // the rest of the last chunk
	final   error         // the error that came with it

	mu      sync.Mutex
	idle    chan struct{} // closed when pump has stopped reading; nil if it has not begun
	whole   bool          // source has returned io.EOF
	begun   bool          // something has been read
	kept    []byte
	limit   int   // of kept
	keeping bool  // kept holds all that was read
	err     error // of source, other than io.EOF
}

// chunk is a part of the source and the error that came with it.
type chunk struct {
	data []byte // valid until pump has its buffer back
	err  error
}

// newBody wraps a client's body. length is its Content-Length, -1 if that is unknown.
func newBody(source io.Reader, length int64, trailer http.Header, b *budget) *body {
	limit := replayLimit
	if length > replayLimit { // it will not be kept whole
		limit = bufferLimit
	}
	return &body{
		source: source, trailer: trailer, budget: b,
		chunks: make(chan chunk), next: make(chan struct{}), ended: make(chan struct{}),
		limit: limit, keeping: true,
	}
}

// bufferWhole reads a body of a known length to its end and keeps it, or a part of it where the
// budget is exhausted.
func (b *body) bufferWhole(length int64) error {
	b.begun = true
	for buf := make([]byte, min(length, chunkSize)); b.budget.take(len(buf)); {
		n, err := b.source.Read(buf)
		b.budget.give(len(buf) - n)
		b.kept = append(b.kept, buf[:n]...)
		switch {
		case err == io.EOF:
			b.whole = true
			return nil
		case err != nil:
			b.err = err
			return err
		}
	}
	return nil
}

// bufferBeginning waits at most firstChunkTime for the first chunk, and then at most bufferTime for
// more, up to bufferLimit.
func (b *body) bufferBeginning() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	timer := time.AfterFunc(firstChunkTime, cancel)
	defer timer.Stop()
	for b.final == nil && len(b.kept)+chunkSize <= bufferLimit && (len(b.kept) == 0 || b.budget.has(chunkSize)) {
		c, err := b.receive(ctx.Done())
		if err != nil {
			return nil // the time is over
		}
		first := len(b.kept) == 0
		b.buffer(c)
		if c.err != nil && c.err != io.EOF {
			return c.err
		}
		if first && len(c.data) > 0 {
			timer.Reset(bufferTime)
		}
	}
	return nil
}

// startPump starts pump unless it has begun or nobody will read.
func (b *body) startPump() {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.ended:
	default:
		if b.idle == nil {
			b.idle = make(chan struct{})
			go b.pump()
		}
	}
}

// pump reads the source in a goroutine of its own. A read from a client that sends nothing blocks
// for long, and the end of an attempt must not wait for it.
func (b *body) pump() {
	defer close(b.idle)
	buf := make([]byte, chunkSize)
	for {
		n, err := b.source.Read(buf)
		if err == io.EOF {
			b.mu.Lock()
			b.whole = true
			b.mu.Unlock()
		}
		select {
		case b.chunks <- chunk{buf[:n], err}:
		case <-b.ended:
			b.drain(buf, err)
			return
		}
		if err != nil {
			return
		}
		select {
		case <-b.next:
		case <-b.ended:
			b.drain(buf, nil)
			return
		}
	}
}

// drain reads and discards the rest of the body, within drainLimit.
func (b *body) drain(buf []byte, err error) {
	for left := drainLimit; err == nil && left > 0; {
		var n int
		n, err = b.source.Read(buf)
		left -= n
	}
}

// isWhole reports whether the client has sent all of the body and it was well formed.
func (b *body) isWhole() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.whole
}

// beginning returns the first bytes of the body that the next attempt can send without waiting, at
// most bufferLimit. whole reports whether they are all of it.
func (b *body) beginning() (first []byte, whole bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	received := b.whole && (b.idle == nil || b.final == io.EOF)
	return b.kept[:min(len(b.kept), bufferLimit)], received && len(b.kept) <= bufferLimit
}

// attempt returns a reader from the body's beginning. Unless bufferWhole has read the body, a new
// attempt requires that the last is no longer in use and that the body is replayable. trailer is
// that of the request to send. Its keys get their values when the body has been read.
func (b *body) attempt(trailer http.Header) io.ReadCloser {
	b.mu.Lock()
	defer b.mu.Unlock()
	if buffered := b.whole && b.idle == nil; buffered { // then attempts share nothing
		return io.NopCloser(bytes.NewReader(b.kept))
	}
	b.current = nil // it is in kept
	return &attempt{body: b, trailer: trailer, replay: b.kept, closed: make(chan struct{})}
}

// replayable reports whether another attempt can send the body from its beginning.
func (b *body) replayable() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.keeping || !b.begun
}

// failure returns the error that ended reading from the client, nil if there was none.
func (b *body) failure() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// keep adds a chunk to kept, and drops kept if it exceeds the limit or the budget.
func (b *body) keep(c chunk) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.record(c)
	if !b.keeping {
		return
	}
	if len(b.kept)+len(c.data) > b.limit || !b.budget.take(len(c.data)) {
		b.dropKept()
		return
	}
	b.kept = append(b.kept, c.data...)
}

// buffer adds a chunk to kept, whatever is left of the budget.
func (b *body) buffer(c chunk) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.record(c)
	b.budget.force(len(c.data))
	b.kept = append(b.kept, c.data...)
}

// record notes that a chunk was read. b.mu is held.
func (b *body) record(c chunk) {
	b.begun = true
	if c.err != nil && c.err != io.EOF {
		b.err = c.err
	}
}

// stopBuffering drops kept. A response has come, and the request will not be sent again.
func (b *body) stopBuffering() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.dropKept()
}

func (b *body) dropKept() {
	b.budget.give(len(b.kept))
	b.kept, b.keeping = nil, false
}

// end frees what the body holds. Until idle is closed a read of the source may still be under way.
// Its result is dropped.
func (b *body) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.ended)
	b.dropKept()
}

// awaitIdle waits, after end, until nobody reads the source. It returns false after d.
func (b *body) awaitIdle(d time.Duration) bool {
	b.mu.Lock()
	idle := b.idle
	b.mu.Unlock()
	if idle == nil {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-idle:
		return true
	case <-timer.C:
		return false
	}
}

// attempt implements io.ReadCloser for one sending of a body.
type attempt struct {
	body    *body
	trailer http.Header
	replay  []byte // read by earlier attempts

	close  sync.Once
	closed chan struct{}
}

// Read implements io.Reader.
func (a *attempt) Read(p []byte) (int, error) {
	select {
	case <-a.closed:
		return 0, errBodyClosed
	default:
	}
	if len(a.replay) > 0 {
		n := copy(p, a.replay)
		a.replay = a.replay[n:]
		return n, nil
	}
	b := a.body
	if len(b.current) == 0 && b.final == nil {
		if err := a.receive(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.current)
	b.current = b.current[n:]
	if len(b.current) > 0 {
		return n, nil
	}
	if b.final == io.EOF {
		for name := range a.trailer {
			a.trailer[name] = b.trailer[name]
		}
	}
	return n, b.final
}

// receive waits for the next chunk of the source.
func (a *attempt) receive() error {
	c, err := a.body.receive(a.closed)
	if err == nil {
		a.body.keep(c)
	}
	return err
}

// receive waits for the next chunk of the source until stop is closed.
func (b *body) receive(stop <-chan struct{}) (chunk, error) {
	b.startPump()
	if b.lent {
		select {
		case b.next <- struct{}{}:
			b.lent = false
		case <-b.ended:
			return chunk{}, errBodyClosed
		}
	}
	select {
	case c := <-b.chunks:
		b.current, b.final, b.lent = c.data, c.err, true
		return c, nil
	case <-stop:
		return chunk{}, errBodyClosed
	case <-b.ended:
		return chunk{}, errBodyClosed
	}
}

// Close implements io.Closer. It interrupts a Read.
func (a *attempt) Close() error {
	a.close.Do(func() { close(a.closed) })
	return nil
}

// announced returns the trailer of a request to send: the names that the client announced. It
// leaves out those that a trailer may not hold (RFC 9110, section 6.5.1), for which the leader's
// server would reset the stream. Trailers that a request does not announce are not forwarded:
// HTTP/2 servers of net/http drop them.
func announced(trailer http.Header) http.Header {
	var out http.Header
	for name := range trailer {
		if httpguts.ValidTrailerHeader(name) && !isTrusted(name) {
			if out == nil {
				out = make(http.Header)
			}
			out[name] = nil
		}
	}
	return out
}
