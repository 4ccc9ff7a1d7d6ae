package forward

import (
	"io"
	"net/http"
	"time"
)

// HasBody tells whether a request has a body, be it an empty one in chunks.
func HasBody(r *http.Request) bool {
	return r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0
}

// bufferBody reads a small body, or the beginning of a large one, before its request takes a slot: what is here
// is signed. A client that waits to be asked for its body (Expect: 100-continue) is asked when the leader wants
// it, as a proxy must leave that to the server (RFC 9110, section 10.1.1), so nothing is here of that.
func (x *exchange) bufferBody() error {
	asked := x.in.Header.Get("Expect") == ""
	if x.in.ContentLength > 0 && x.in.ContentLength <= bufferLimit && asked {
		if err := x.body.bufferWhole(x.in.ContentLength); err != nil {
			return err
		}
	}
	x.streamed = x.bodyComes()
	if !x.streamed {
		return nil
	}
	// Without it the server would read the whole body before the first byte of an early answer.
	// HTTP/2 is full duplex as it is, and says so by an error.
	_ = http.NewResponseController(x.w).EnableFullDuplex()
	if !asked {
		return nil
	}
	return x.body.bufferBeginning()
}

// bodyComes tells whether the client has not sent all of its body yet, as far as is known.
func (x *exchange) bodyComes() bool { return x.body != nil && !x.body.isWhole() }

// closeAfter makes the answer that begins now, with these headers, the connection's last if the body still comes:
// where it ends is not known, so the rest of it would be taken for the next request. In full duplex the server
// does not look.
func (x *exchange) closeAfter(h http.Header) {
	if x.in.ProtoMajor == 1 && x.bodyComes() {
		h.Set("Connection", "close")
	}
}

// withoutBody gives the request with a body that ReverseProxy may close: closing the client's own waits for a
// read of it.
func (x *exchange) withoutBody() *http.Request {
	if x.body == nil {
		return x.in
	}
	r := x.in.WithContext(x.in.Context())
	r.Body = io.NopCloser(nil)
	return r
}

// leaveBody ends the reading of the client's body. The server's connection must not be read any more when its
// handler has returned: net/http panics when two read it.
func (x *exchange) leaveBody() {
	if x.body == nil {
		return
	}
	x.body.end()
	if x.body.isWhole() {
		return
	}
	server := http.NewResponseController(x.w)
	if x.relay.begun {
		_ = server.Flush() // the client stops sending when it sees the answer
	}
	// A handler around this one may set a deadline of its own before each read.
	for patience := drainFor; !x.body.awaitIdle(patience); patience = lastPause {
		if err := server.SetReadDeadline(time.Now()); err != nil {
			return // it is no connection of net/http's: nobody else reads
		}
	}
}
