package forward

import (
	"net/http"
	"strings"
)

// viaName is the forwarder's pseudonym in Via (RFC 9110, section 7.6.3). Every forwarded request
// carries it to the intake, which removes it. Anywhere else it proves a loop.
const viaName = "trip2g-replica"

// markVia adds the forwarder's mark after those of earlier proxies. received is the request as the
// client sent it.
func markVia(out http.Header, received *http.Request) {
	version := strings.TrimPrefix(received.Proto, "HTTP/")
	out["Via"] = append(out["Via"], version+" "+viaName)
}

// unmarkVia removes the forwarder's mark, so that the handler sees the client's own Via lines.
func unmarkVia(h http.Header) {
	lines := h["Via"]
	if last := len(lines) - 1; last >= 0 && hasViaMark(lines[last:]) {
		lines = lines[:last]
	}
	h["Via"] = lines
	if len(lines) == 0 {
		h.Del("Via")
	}
}

// hasViaMark reports whether a forwarder has forwarded a request with these Via lines.
func hasViaMark(lines []string) bool {
	for _, line := range lines {
		for hop := range strings.SplitSeq(line, ",") {
			// A hop is the received protocol, the receiver and perhaps a comment.
			if words := strings.Fields(hop); len(words) > 1 && strings.EqualFold(words[1], viaName) {
				return true
			}
		}
	}
	return false
}
