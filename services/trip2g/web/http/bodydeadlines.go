package http

import (
	"io"
	"net/http"
	"sync"
	"time"

	"trip2g/internal/forward"
)

// Timeouts of a request's body. The time in which the handler does not read does not count.
const (
	bodyTimeout         = 30 * time.Second // for a whole body, in addition to the time at minBodyRate
	minBodyRate         = 1 << 10          // bytes a second
	shutdownBodyTimeout = time.Second      // for the rest of a body while the node shuts down
	drainTimeout        = 5 * time.Second  // for what a handler leaves unread, part of which net/http reads
)

// BodyDeadlines bounds the time in which the bodies of requests must arrive. Otherwise a client
// that sends half a body would hold its request open and delay a shutdown. A Read of a late body
// fails with os.ErrDeadlineExceeded, and the connection closes after the response. The zero value
// is ready to use.
type BodyDeadlines struct {
	mu           sync.Mutex
	shuttingDown bool
	bodies       map[*timedBody]struct{} // still being received
}

// Wrap returns a handler that runs next with deadlines on the request's body. It must be outermost,
// because it sets deadlines on the server's own ResponseWriter.
func (d *BodyDeadlines) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !forward.HasBody(r) {
			next.ServeHTTP(w, r)
			return
		}
		body := &timedBody{ReadCloser: r.Body, server: http.NewResponseController(w), deadlines: d}
		d.track(body)
		defer d.untrack(body)
		timed := *r
		timed.Body = body
		next.ServeHTTP(w, &timed)
	})
}

// Shutdown shortens the deadline of all bodies that are still being received. No write is lost,
// because no handler acts on half a body.
func (d *BodyDeadlines) Shutdown() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shuttingDown = true
	for body := range d.bodies {
		body.extendDeadline(true)
	}
}

func (d *BodyDeadlines) track(body *timedBody) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.bodies == nil {
		d.bodies = make(map[*timedBody]struct{})
	}
	d.bodies[body] = struct{}{}
	body.extendDeadline(d.shuttingDown)
}

// untrack stops tracking body after its handler has returned, and sets the deadline for draining
// it.
func (d *BodyDeadlines) untrack(body *timedBody) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, tracked := d.bodies[body]; !tracked {
		return
	}
	delete(d.bodies, body)
	timeout := drainTimeout
	if d.shuttingDown {
		timeout = shutdownBodyTimeout
	}
	body.server.SetReadDeadline(time.Now().Add(timeout))
}

// startRead sets the deadline of a read.
func (d *BodyDeadlines) startRead(body *timedBody) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, tracked := d.bodies[body]; tracked {
		body.extendDeadline(d.shuttingDown)
	}
}

// endRead stops tracking body at EOF and removes its deadline, which net/http would otherwise take
// for a client that has disconnected.
func (d *BodyDeadlines) endRead(body *timedBody, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, tracked := d.bodies[body]; tracked && err == io.EOF {
		delete(d.bodies, body)
		body.server.SetReadDeadline(time.Time{})
	}
}

// timedBody is a request's body with a deadline for each read.
type timedBody struct {
	io.ReadCloser
	server    *http.ResponseController
	deadlines *BodyDeadlines

	received int64 // bytes
	waited   time.Duration
}

// Read implements io.Reader.
func (b *timedBody) Read(p []byte) (int, error) {
	b.deadlines.startRead(b)
	start := time.Now()
	n, err := b.ReadCloser.Read(p)
	b.received, b.waited = b.received+int64(n), b.waited+time.Since(start)
	b.deadlines.endRead(b, err)
	return n, err
}

// extendDeadline sets the deadline of the next read. It has no effect on a test's server without
// deadlines.
func (b *timedBody) extendDeadline(shuttingDown bool) {
	timeout := shutdownBodyTimeout
	if !shuttingDown {
		timeout = bodyTimeout + time.Duration(b.received/minBodyRate)*time.Second - b.waited
	}
	b.server.SetReadDeadline(time.Now().Add(timeout))
}
