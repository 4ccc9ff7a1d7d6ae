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

// EventsPath is where a node tells its picture as it changes.
const EventsPath = "/_system/events"

const (
	// maxStreams bounds those who watch at a time: a few windows of one owner.
	maxStreams = 64
	// reconnectAfter is what a client is asked to wait when its stream ended, in milliseconds.
	reconnectAfter = 1000
)

// streams bounds and ends the streams of events.
type streams struct {
	open   chan struct{} // holds one element for each
	ending chan struct{} // closed when the node stops
	end    func()
}

func newStreams() streams {
	s := streams{open: make(chan struct{}, maxStreams), ending: make(chan struct{})}
	s.end = sync.OnceFunc(func() { close(s.ending) })
	return s
}

// EndEvents ends all streams, so that a server which stops need not wait for them. Clients come back.
func (n *Nodes) EndEvents() { n.streams.end() }

// Events gives the handler of EventsPath: a stream of server-sent events (WHATWG HTML, section 9.2) for the
// owner. Each is named "topology" and has the whole picture, at once and from then on about once a second.
// Where the session ends, a last one named "end" says so. reader tells what a request's sender may read; ready
// is false as long as this node cannot know.
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

// stream sends pictures until the client goes, the node stops, or the session ends.
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
