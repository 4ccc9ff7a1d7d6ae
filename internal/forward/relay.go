package forward

import (
	"maps"
	"net/http"
)

// relay is the http.ResponseWriter to which the leader's response is written. The leader's response
// is relayed with nothing added: its handlers have set its headers. The headers that handlers
// around the forwarder have set are sent only with the forwarder's own answers.
type relay struct {
	http.ResponseWriter
	header http.Header // until the response has begun
	begun  bool
	broken bool // writing to the client has failed

	closeAfter func(http.Header) // the exchange's, called with the response's headers
}

// Unwrap lets http.ResponseController reach the server's writer.
func (w *relay) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Header implements http.ResponseWriter. After WriteHeader it returns the server's own, for
// trailers.
func (w *relay) Header() http.Header {
	if w.begun {
		return w.ResponseWriter.Header()
	}
	return w.header
}

// WriteHeader implements http.ResponseWriter.
func (w *relay) WriteHeader(status int) {
	if status >= 100 && status <= 199 {
		w.writeInterim(status)
		return
	}
	w.begun = true
	h := w.ResponseWriter.Header()
	connection, ends := h["Connection"] // of a node that stops
	clear(h)
	maps.Copy(h, w.header)
	if ends {
		h["Connection"] = connection
	}
	for _, name := range []string{"Content-Type", "Date"} {
		if _, ok := h[name]; !ok {
			h[name] = nil // keeps the server from adding one
		}
	}
	w.closeAfter(h)
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *relay) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p)
	w.broken = w.broken || err != nil
	return n, err
}

// writeInterim sends a 1xx response with its own headers and no others.
func (w *relay) writeInterim(status int) {
	h := w.ResponseWriter.Header()
	outer := maps.Clone(h)
	clear(h)
	maps.Copy(h, w.header)
	w.ResponseWriter.WriteHeader(status)
	clear(h)
	maps.Copy(h, outer)
}
