package httpx

import (
	"net/http"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
)

// Origin returns where a request came from: the client of the replica that forwarded it, or else
// the client of this node.
func Origin(r *http.Request) trip2g.Origin {
	if o, forwarded := forward.OriginFrom(r.Context()); forwarded {
		return trip2g.Origin{ClientAddr: o.ClientAddr, Scheme: o.Scheme, Host: o.Host}
	}
	return trip2g.Origin{ClientAddr: r.RemoteAddr, Scheme: forward.Scheme(r), Host: r.Host}
}
