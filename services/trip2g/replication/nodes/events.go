package nodes

import (
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"trip2g/internal/eventstream"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// EventsPath is the path of a node's topology stream.
const EventsPath = "/_system/events"

const (
	// maxStreams bounds the streams at a time: a few windows of one owner.
	maxStreams = 64
	// reconnectAfter is the delay after which a client reconnects, in milliseconds.
	reconnectAfter = 1000
)

// streams bounds and ends the event streams.
type streams struct {
	open   chan struct{} // holds one element per stream
	ending chan struct{} // closed when the node stops
	end    func()
}

func newStreams() streams {
	s := streams{open: make(chan struct{}, maxStreams), ending: make(chan struct{})}
	s.end = sync.OnceFunc(func() { close(s.ending) })
	return s
}

// EndEvents ends all streams, so that a stopping server need not wait for them. Clients reconnect.
func (n *Nodes) EndEvents() { n.streams.end() }

// Events returns the handler of EventsPath: a stream of server-sent events (WHATWG HTML, section
// 9.2) for the owner. Each event is named "topology" and has the whole topology. One is sent at
// once, and then about one a second. Where the session ends, a last event named "end" reports it.
// reader returns what a request's sender may read; ready is false as long as this node cannot know.
func (n *Nodes) Events(reader func(*http.Request) (who trip2g.Visitor, ready bool)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Vary", "Cookie, Authorization")
		who, ready := reader(r)
		switch {
		case r.Method != http.MethodGet:
			w.Header().Set("Allow", http.MethodGet)
			http.Error(w, "this address takes only GET", http.StatusMethodNotAllowed)
			return
		case !ready:
			httpx.ServeError(w, trip2g.ErrStarting)
			return
		case who == trip2g.Anonymous:
			httpx.ServeError(w, trip2g.Errorf(trip2g.EUNAUTHORIZED, "only the owner may watch the nodes: sign in"))
			return
		case !who.IsOwner():
			httpx.ServeError(w, trip2g.Errorf(trip2g.EFORBIDDEN, "only the owner may watch the nodes"))
			return
		}
		select {
		case n.streams.open <- struct{}{}:
			defer func() { <-n.streams.open }()
			n.stream(w, r, func() bool { who, _ := reader(r); return who.IsOwner() })
		default:
			httpx.ServeError(w, &trip2g.Error{
				Code: trip2g.EUNAVAILABLE, Message: "too many watch the nodes already: close other windows", RetryAfter: 10 * time.Second,
			})
		}
	})
}

// stream sends topologies until the client disconnects, the node stops, or the session ends.
func (n *Nodes) stream(w http.ResponseWriter, r *http.Request, allowed func() bool) {
	out := eventstream.NewWriter(w)
	defer out.Close()
	if out.RetryAfter(reconnectAfter) != nil {
		return
	}
	ticker := time.NewTicker(n.Every)
	defer ticker.Stop()
	for {
		if !allowed() {
			_ = out.Event("end", `"the session has ended"`)
			return
		}
		topology, err := json.Marshal(n.Topology())
		if err != nil || out.Event("topology", string(topology)) != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-n.streams.ending:
			return
		case <-ticker.C:
		}
	}
}
