package http

import (
	"io"
	"net/http"
	"sync"
	"time"

	"trip2g/internal/forward"
)

// A body is waited for bodyPatience in all, and a second more for each bodyRate bytes of it that have come; the
// time in which nobody wants more of it does not count. When the node stops, hurryPatience is what it waits for
// more of one. What a handler leaves unread, of which net/http reads some, has leftPatience.
const (
	bodyPatience  = 30 * time.Second
	bodyRate      = 1 << 10
	hurryPatience = time.Second
	leftPatience  = 5 * time.Second
)

// Pace bounds how long the bodies of requests take to come: a client that sends half of one would else hold
// its request for as long as it likes, and a node that stops would wait for it. A Read of a body that is late
// fails with os.ErrDeadlineExceeded, and the connection ends with the answer. The zero value works.
type Pace struct {
	mu      sync.Mutex
	hurried bool
	bodies  map[*pacedBody]struct{} // that still come
}

// Wrap gives a handler that runs next. It must be the outermost: it sets deadlines on the server's own writer.
func (p *Pace) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !forward.HasBody(r) {
			next.ServeHTTP(w, r)
			return
		}
		body := &pacedBody{ReadCloser: r.Body, server: http.NewResponseController(w), pace: p}
		p.enter(body)
		defer p.leave(body)
		paced := *r
		paced.Body = body
		next.ServeHTTP(w, &paced)
	})
}

// Hurry is for a node that stops. Nothing is lost: no handler carries out a request of which it has half.
func (p *Pace) Hurry() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hurried = true
	for body := range p.bodies {
		body.wait(true)
	}
}

func (p *Pace) enter(body *pacedBody) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bodies == nil {
		p.bodies = make(map[*pacedBody]struct{})
	}
	p.bodies[body] = struct{}{}
	body.wait(p.hurried)
}

// leave is for a body whose handler has returned.
func (p *Pace) leave(body *pacedBody) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, comes := p.bodies[body]; !comes {
		return
	}
	delete(p.bodies, body)
	patience := leftPatience
	if p.hurried {
		patience = hurryPatience
	}
	body.server.SetReadDeadline(time.Now().Add(patience))
}

// begin is for a read that begins.
func (p *Pace) begin(body *pacedBody) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, comes := p.bodies[body]; comes {
		body.wait(p.hurried)
	}
}

// end is for a read that has ended.
func (p *Pace) end(body *pacedBody, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, comes := p.bodies[body]; comes && err == io.EOF {
		delete(p.bodies, body)
		body.server.SetReadDeadline(time.Time{}) // the server would take a late one for the client's end
	}
}

// pacedBody is a request's body with a deadline for each read.
type pacedBody struct {
	io.ReadCloser
	server *http.ResponseController
	pace   *Pace

	received int64 // bytes
	waited   time.Duration
}

// Read implements io.Reader.
func (b *pacedBody) Read(p []byte) (int, error) {
	b.pace.begin(b)
	began := time.Now()
	n, err := b.ReadCloser.Read(p)
	b.received, b.waited = b.received+int64(n), b.waited+time.Since(began)
	b.pace.end(b, err)
	return n, err
}

// wait sets how long more of the body is waited for. A server that has no deadlines, a test's, waits as ever.
func (b *pacedBody) wait(hurried bool) {
	patience := hurryPatience
	if !hurried {
		patience = bodyPatience + time.Duration(b.received/bodyRate)*time.Second - b.waited
	}
	b.server.SetReadDeadline(time.Now().Add(patience))
}
