package graphql

import (
	"net"
	"net/http"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

// maxClientName bounds what is kept of a program's name, in bytes.
const maxClientName = 200

// pushOf returns the push that a request belongs to, without its author: by its id, else by the program and
// the address that sent it, which is the best guess for a client that sends no id.
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
