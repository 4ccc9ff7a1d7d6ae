package graphql

import (
	"net"
	"net/http"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

// maxClientName limits the stored part of a program's name, in bytes.
const maxClientName = 200

// pushOf returns the push that a request belongs to, without its author. A push without an id is
// identified by the program and the address, which is the best guess.
func pushOf(r *http.Request, origin trip2g.Origin) (trip2g.Stage, error) {
	if id := r.Header.Get(trip2g.PushIDHeader); id != "" {
		return trip2g.Stage{Push: id}, trip2g.ValidatePushID(id)
	}
	name := strings.ToValidUTF8(r.UserAgent()+" plugin/"+r.Header.Get("X-Plugin-Version"), "")
	if len(name) > maxClientName {
		name = strings.ToValidUTF8(name[:maxClientName], "")
	}
	address := origin.ClientAddr
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	return trip2g.Stage{Client: name, Address: address, ReceivedAt: time.Now()}, nil
}
