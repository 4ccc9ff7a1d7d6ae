package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Pauses between attempts to reach the leader. Each is twice the one before.
const (
	firstPause = 20 * time.Millisecond
	lastPause  = 320 * time.Millisecond
)

// exchange forwards one request to the leader and the response to the client.
type exchange struct {
	*Forwarder
	w         http.ResponseWriter // the client's
	relay     *relay              // writes the leader's response to w
	in        *http.Request
	body      *body // nil without one
	transport transport
	nonce     nonce
	start     time.Time // of the wait for the leader

	streamed bool // the body is forwarded while the client still sends it

	sent    int           // attempts that had a connection
	failed  bool          // an attempt did not reach the leader
	held    time.Duration // from the start to the last attempt, if one before it failed
	outcome Outcome
	err     error // of an outcome without an answer
}

// transport sends requests to the leader. [notProcessed] recognizes the errors which mean that the
// leader did not begin one.
//
// There are two because neither suits all requests. http1Pool sends a request that has arrived
// whole about a millisecond faster. http2Pool sends one whose body is still arriving: both sides
// can send at the same time and stop each other.
type transport interface {
	// reserve returns a connection with room for one request, for which roundTrip must be called.
	// After an error nothing of the request has been sent.
	reserve(context.Context) (*conn, error)
	roundTrip(*conn, *http.Request) (*http.Response, error)
	// drop discards a connection on which roundTrip has failed.
	drop(*conn)
}

func newExchange(f *Forwarder, w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{Forwarder: f, w: w, in: r, nonce: newNonce()}
	x.relay = &relay{ResponseWriter: w, header: make(http.Header), closeAfter: x.closeAfter}
	return x
}

// run serves the client.
func (x *exchange) run() {
	defer x.leaveBody()
	defer x.recordOutcome() // before leaveBody, which may end the request's context
	if switchesProtocol(x.in) {
		x.fail(notUpgradable(x.in))
		return
	}
	if HasBody(x.in) {
		x.body = newBody(x.in.Body, x.in.ContentLength, x.in.Trailer, x.replay)
		if err := x.bufferBody(); err != nil {
			x.fail(badBody(err))
			return
		}
	}
	x.start = time.Now()
	x.transport = x.http1
	if x.streamed {
		x.transport = x.http2
	}
	release, err := x.acquireSlot()
	if err != nil {
		x.fail(err)
		return
	}
	defer release()
	proxy := httputil.ReverseProxy{
		Rewrite:        x.rewrite,
		Transport:      x,
		ModifyResponse: x.receive,
		ErrorHandler:   func(_ http.ResponseWriter, _ *http.Request, err error) { x.fail(err) },
		FlushInterval:  -1,
		BufferPool:     &x.buffers,
		ErrorLog:       silent,
	}
	proxy.ServeHTTP(x.relay, x.withoutBody())
}

// acquireSlot waits for a slot for as long as a request may be held. Requests whose body is still
// arriving share half of the slots, so that clients that stall halfway through a body do not keep
// out the others.
func (x *exchange) acquireSlot() (release func(), err error) {
	timer := time.NewTimer(x.holdFor)
	defer timer.Stop()
	if !x.bodyComes() {
		return x.acquire(x.slots, timer.C)
	}
	releasePartial, err := x.acquire(x.partial, timer.C)
	if err != nil {
		return nil, err
	}
	leave, err := x.acquire(x.slots, timer.C)
	if err != nil {
		releasePartial()
		return nil, err
	}
	return func() { leave(); releasePartial() }, nil
}

func (x *exchange) acquire(slots chan struct{}, late <-chan time.Time) (release func(), err error) {
	release = func() { <-slots }
	select {
	case slots <- struct{}{}:
		return release, nil
	default:
	}
	select {
	case slots <- struct{}{}:
		return release, nil
	case <-late:
		return nil, overloaded(fmt.Errorf("%d requests are under way", cap(slots)))
	case <-x.in.Context().Done():
		return nil, clientGone(x.in.Context().Err(), false)
	}
}

// rewrite makes the request for the leader. ReverseProxy has removed the hop-by-hop headers.
func (x *exchange) rewrite(pr *httputil.ProxyRequest) {
	in, out := pr.In, pr.Out
	out.URL = target(in, x.addr)
	out.Host = x.addr
	dropTrusted(out.Header)
	setOrigin(out.Header, in, x.node)
	x.cookies.toLeader(out.Header)
	if lines, ok := out.Header["Cookie"]; ok {
		out.Header[cookieHeader] = lines
		delete(out.Header, "Cookie")
	}
	markVia(out.Header, in)
	out.Trailer = announced(in.Trailer)
}

// target returns the URL whose request target equals, byte for byte, the one that the client sent.
func target(in *http.Request, addr string) *url.URL {
	u := &url.URL{Scheme: "http", Host: addr}
	path, query, hasQuery := strings.Cut(in.RequestURI, "?")
	u.RawQuery, u.ForceQuery = query, hasQuery && query == ""
	if strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "//") {
		u.Opaque = path
		return u
	}
	// An absolute URI, or a path that a URL would parse as a host.
	u.Path, u.RawPath = in.URL.Path, in.URL.RawPath
	return u
}

// RoundTrip implements http.RoundTripper. It tries until the leader has answered, the request's
// fate is unknown, or it has been held for as long as is allowed. Its errors are failures.
func (x *exchange) RoundTrip(out *http.Request) (*http.Response, error) {
	hold := out.Context()
	if x.holdFor > 0 {
		var cancel context.CancelFunc
		hold, cancel = context.WithDeadline(hold, x.start.Add(x.holdFor))
		defer cancel()
	}
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		res, err := x.try(hold, out)
		if err == nil {
			return res, nil
		}
		if final := new(failure); errors.As(err, &final) {
			return nil, final
		}
		x.failed = true
		if x.body != nil && !x.body.replayable() {
			return nil, notReplayable(err)
		}
		if x.outages.due() {
			x.log.Warn().Err(err).Dur("at_most", x.holdFor).Msg("the leader cannot be reached: holding writes")
		}
		if x.holdFor == 0 || !sleep(hold, pause) {
			return nil, x.unreachable(err)
		}
	}
}

// sleep pauses for half of d to d, so that held requests do not all retry at once. It returns false
// if ctx has ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d/2 + rand.N(d/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// unreachable returns the failure of a request that did not reach the leader.
func (x *exchange) unreachable(err error) *failure {
	if gone := x.in.Context().Err(); gone != nil {
		return clientGone(gone, false)
	}
	x.held = time.Since(x.start)
	return unavailable(err)
}

// try sends the request once. An error that is no failure means that the leader did not receive it.
func (x *exchange) try(hold context.Context, out *http.Request) (*http.Response, error) {
	if x.suspended != nil {
		if err := x.suspended(); err != nil {
			return nil, &notAdmittedError{err}
		}
	}
	c, err := x.transport.reserve(hold)
	if err != nil {
		return nil, err
	}
	if x.failed {
		x.held = time.Since(x.start)
	}
	res, wrote, err := x.send(c, out)
	if err != nil {
		defer x.transport.drop(c)
		return nil, x.classifyError(c, wrote, err)
	}
	if x.body != nil {
		x.body.stopBuffering()
	}
	return res, nil
}

// send sends the request on a connection with room reserved. wrote reports whether any byte of it
// may have been written.
func (x *exchange) send(c *conn, out *http.Request) (res *http.Response, wrote bool, err error) {
	x.sent++
	var headers atomic.Bool
	ctx := httptrace.WithClientTrace(out.Context(), &httptrace.ClientTrace{WroteHeaders: func() { headers.Store(true) }})
	req := out.WithContext(ctx)
	req.Header = out.Header.Clone()
	req.Trailer = out.Trailer.Clone()
	x.sign(req, c)
	res, err = x.transport.roundTrip(c, req)
	return res, headers.Load(), err
}

// classifyError maps an error of send to a failure, or returns it if the request can be sent again.
func (x *exchange) classifyError(c *conn, wrote bool, err error) error {
	if gone := x.in.Context().Err(); gone != nil {
		return clientGone(gone, wrote)
	}
	if x.body != nil && x.body.failure() != nil {
		return badBody(x.body.failure())
	}
	if !wrote {
		if c.Reserve() == nil {
			// The connection is good. The request itself cannot be sent.
			c.Release()
			return notCarriable(err)
		}
		return err
	}
	if notProcessed(err) {
		return err
	}
	return indeterminate(err)
}

// errNotProcessed is the error of an HTTP/1.1 request whose response was a GoAway of the package
// drain.
var errNotProcessed = errors.New("the leader closed the connection and did not begin the request")

// notProcessed reports whether an error of a connection means that the leader did not begin the
// request. Over HTTP/1.1 that is a GoAway of the package drain, received as the response or before
// the request was sent. Over HTTP/2 it is GOAWAY with a lower last stream (RFC 9113, section 6.8)
// or a stream reset with REFUSED_STREAM (section 8.7). For some of them net/http has only a text.
// If that text ever changes, such requests end as indeterminate, which is safe, and a test fails.
func notProcessed(err error) bool {
	const (
		closedIdle    = "http: server closed idle connection"
		goAway        = "http2: Transport received Server's graceful shutdown GOAWAY"
		refusedStream = 0x7
	)
	var reset streamReset
	return errors.Is(err, errNotProcessed) || err.Error() == closedIdle || err.Error() == goAway ||
		errors.As(err, &reset) && reset.Code == refusedStream
}

// streamReset is the form that net/http's unexported stream error takes under errors.As: any struct
// with these fields.
type streamReset struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

// Error implements error.
func (r streamReset) Error() string {
	return fmt.Sprintf("stream %d was reset with code %d", r.StreamID, r.Code)
}

// receive checks the leader's response before it goes to the client.
func (x *exchange) receive(res *http.Response) error {
	if IsIntakeRejection(res) {
		f := rejected(rejectedBy(res, x.signer.now()))
		if x.sent > 1 {
			f = indeterminate(f.err) // perhaps as a replay of an attempt that the leader did begin
		}
		if x.rejections.due() {
			x.log.Error().Err(f.err).Msg("forwarding does not work")
		}
		return f
	}
	if res.StatusCode == http.StatusLoopDetected && x.loops.due() {
		x.log.Error().Msg("forwarding does not work: TRIP2G_LEADER_ADDR does not name the leader's internal address (508 Loop Detected)")
	}
	if x.onResponse != nil {
		x.onResponse(res.Header)
	}
	x.outcome = OutcomeOK
	if x.failed {
		x.outcome = OutcomeHeldThenOK
	}
	x.cookies.fromLeader(res.Header)
	if isEventStream(res) {
		res.Body = newEventBody(res.Body, x)
	} else {
		res.Body = &truncationReader{res.Body, x}
	}
	return nil
}

// truncationReader records a response body that ends early.
type truncationReader struct {
	io.ReadCloser
	x *exchange
}

// Read implements io.Reader.
func (b *truncationReader) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		b.x.outcome, b.x.err = OutcomeCut, err
	}
	return n, err
}

// fail answers the client in the leader's place.
func (x *exchange) fail(err error) {
	f := new(failure)
	if !errors.As(err, &f) {
		f = notCarriable(err) // ReverseProxy itself rejected the request
	}
	x.outcome, x.err = f.outcome, f.err
	x.closeAfter(x.w.Header())
	x.relay.begun = true
	f.answer(x.w, x.in)
}

// recordOutcome counts and logs how the exchange ended, also after a panic.
func (x *exchange) recordOutcome() {
	answered := x.outcome == OutcomeOK || x.outcome == OutcomeHeldThenOK
	if x.relay.broken || !answered && x.in.Context().Err() != nil {
		x.outcome = OutcomeClientGone
	}
	x.metrics.observe(x.outcome, x.held)
	switch x.outcome {
	case OutcomeUnavailable, OutcomeIndeterminate, OutcomeCut:
		x.log.Warn().Err(x.err).Str("outcome", string(x.outcome)).Str("method", x.in.Method).Str("path", clip(x.in.URL.Path)).
			Str("request_id", RequestID(x.in.Context())).Dur("held", x.held).Msg("a request has no answer of the leader")
	}
}
