package forward

import (
	"io"
	"net/http"
	"time"
)

// HasBody reports whether a request has a body. An empty chunked one counts.
func HasBody(r *http.Request) bool {
	return r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0
}

// bufferBody reads a small body, or the beginning of a large one, before its request takes a slot.
// The part read is signed. A client that sent Expect: 100-continue is asked for its body when the
// leader wants it, since a proxy must leave that to the server (RFC 9110, section 10.1.1). Nothing
// of such a body is read here.
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
	// HTTP/2 is always full duplex and returns an error.
	_ = http.NewResponseController(x.w).EnableFullDuplex()
	if !asked {
		return nil
	}
	return x.body.bufferBeginning()
}

// bodyComes reports whether the client may not have sent all of its body yet.
func (x *exchange) bodyComes() bool { return x.body != nil && !x.body.isWhole() }

// closeAfter makes the answer that begins with these headers the connection's last if the body is
// still arriving. The end of such a body is unknown, so its rest would be read as the next request.
// In full duplex the server does not check that.
func (x *exchange) closeAfter(h http.Header) {
	if x.in.ProtoMajor == 1 && x.bodyComes() {
		h.Set("Connection", "close")
	}
}

// withoutBody returns the request with a body that ReverseProxy may close. Closing the client's own
// waits for a read of it.
func (x *exchange) withoutBody() *http.Request {
	if x.body == nil {
		return x.in
	}
	r := x.in.WithContext(x.in.Context())
	r.Body = io.NopCloser(nil)
	return r
}

// leaveBody ends the reading of the client's body. Nobody may read the server's connection after
// its handler has returned: net/http panics when two goroutines read it.
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
			return // not a connection of net/http's: nobody else reads it
		}
	}
}
