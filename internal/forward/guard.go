package forward

import (
	"io"
	"net/http"
	"strings"
)

// PublicGuard returns a handler for a public port that runs next without the headers that no client
// may set. It drops X-Replica-Auth and the other headers of the hop between nodes, every
// X-Forwarded- header, Forwarded (RFC 7239) and X-Request-Id. A request that a forwarder has marked
// is answered with 508 Loop Detected (RFC 5842, section 7.2): some replica's TRIP2G_LEADER_ADDR
// names a public port.
//
// A request that came through the intake no longer has these headers and passes unchanged.
func PublicGuard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if hasViaMark(r.Header["Via"]) {
			refuseLoop(w, "A replica forwarded this request to a public port. Set the replica's TRIP2G_LEADER_ADDR to the "+
				"leader's internal address (TRIP2G_INTERNAL_LISTEN_ADDR there). Nothing was written.")
			return
		}
		for name := range r.Header {
			if isTrusted(name) {
				r = withOwnHeader(r)
				dropTrusted(r.Header)
				break
			}
		}
		next.ServeHTTP(w, r)
	})
}

// RefuseLoop returns the handler of everything on a replica's internal port that is no probe. A
// forwarder's request is answered with 508 Loop Detected and how to mend it, any other with 404.
// node is the replica's name.
func RefuseLoop(node string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, signed := r.Header[AuthHeader]
		if signed || hasViaMark(r.Header["Via"]) {
			refuseLoop(w, "This node, "+node+", is a replica and takes no writes of another's. Set the sender's TRIP2G_LEADER_ADDR "+
				"to the leader's internal address (TRIP2G_INTERNAL_LISTEN_ADDR there). Nothing was written.")
			return
		}
		http.Error(w, "This is the internal port of "+node+", a replica: it has probes and metrics and no write intake.", http.StatusNotFound)
	})
}

func refuseLoop(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusLoopDetected)
	io.WriteString(w, text+"\n")
}

// isTrusted reports whether a header, in canonical form, is one that only a replica may send.
func isTrusted(name string) bool {
	switch name {
	case AuthHeader, nodeHeader, bodyHeader, cookieHeader, requestIDHeader, "Forwarded":
		return true
	}
	return strings.HasPrefix(name, "X-Forwarded-")
}

func dropTrusted(h http.Header) {
	for name := range h {
		if isTrusted(name) {
			delete(h, name)
		}
	}
}

// withOwnHeader returns a copy of a request whose header can be changed. Everything else is shared.
// The server would not fill in the trailer of a deep copy (http.Request.Clone).
func withOwnHeader(r *http.Request) *http.Request {
	r = r.WithContext(r.Context())
	r.Header = r.Header.Clone()
	return r
}
