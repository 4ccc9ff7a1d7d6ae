package http

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/felixge/httpsnoop"

	"trip2g/services/trip2g"
)

// Header fields by which a node says how far it is, beside trip2g.PositionHeader.
const (
	BehindHeader         = "X-Trip2g-Behind"          // answer: positions missing to the one wanted; absent if none is
	LeaderPositionHeader = "X-Trip2g-Leader-Position" // answer: the leader's as last heard; absent if never
	AgeHeader            = "X-Trip2g-Age"             // answer: Lag.Age in seconds
)

// DefaultMaxWaiting bounds the reads that wait at a time.
const DefaultMaxWaiting = 1024

// ConsistencyOptions is what ReadYourWrites is made of. Served and Lag are needed.
type ConsistencyOptions struct {
	Served func() trip2g.Position // what the node serves now; 0 until it has a site
	Lag    func() Lag
	// WaitFor returns when the node serves a position, or with ctx's error. nil on a leader: what it
	// serves is the newest there is.
	WaitFor    func(ctx context.Context, position trip2g.Position) error
	AtMost     time.Duration // that one read waits; 0: not at all
	MaxWaiting int           // reads that wait at a time, a further one does not; 0: DefaultMaxWaiting
}

// ReadYourWrites gives a handler for the reads of a node's public port. A GET or HEAD that names a
// position, in the header or else the cookie, waits until the node serves it, for a bounded time,
// and is then answered by next with what there is. The answer says which position that is at the
// least and how many are missing; one that misses some is kept by no cache. With the header, whatever
// it says, the answer also tells the node's lag. Every other request passes as it is.
//
// A position is taken as it comes: a forged one costs its sender the wait and gives nothing.
func ReadYourWrites(next http.Handler, o ConsistencyOptions) http.Handler {
	if o.MaxWaiting == 0 {
		o.MaxWaiting = DefaultMaxWaiting
	}
	return &consistency{o, next, make(chan struct{}, o.MaxWaiting)}
}

type consistency struct {
	ConsistencyOptions
	next    http.Handler
	waiting chan struct{} // holds one element for each read that waits
}

// ServeHTTP implements http.Handler.
func (c *consistency) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header, cookies := r.Header[trip2g.PositionHeader], r.Header["Cookie"]
	if header == nil && cookies == nil || r.Method != http.MethodGet && r.Method != http.MethodHead {
		c.next.ServeHTTP(w, r)
		return
	}
	wanted, ok := wantedPosition(header, cookies)
	if ok {
		w = c.reach(w, r, wanted)
	}
	if header != nil {
		c.tell(w.Header())
	}
	c.next.ServeHTTP(w, r)
}

// reach waits for a position and says what the answer will have of it.
func (c *consistency) reach(w http.ResponseWriter, r *http.Request, wanted trip2g.Position) http.ResponseWriter {
	served := c.Served()
	if served < wanted && c.wait(r.Context(), wanted) {
		served = c.Served()
	}
	w.Header().Set(trip2g.PositionHeader, formatPosition(served))
	if served >= wanted {
		return w
	}
	w.Header().Set(BehindHeader, formatPosition(wanted-served))
	return uncached(w)
}

// wait waits for a position; false if it did not.
func (c *consistency) wait(ctx context.Context, wanted trip2g.Position) bool {
	if c.WaitFor == nil || c.AtMost <= 0 {
		return false
	}
	select {
	case c.waiting <- struct{}{}:
		defer func() { <-c.waiting }()
	default:
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, c.AtMost)
	defer cancel()
	_ = c.WaitFor(ctx, wanted) // what is served afterwards says how it ended
	return true
}

// tell adds the node's lag to an answer, and the position served if the read named none.
func (c *consistency) tell(h http.Header) {
	if h.Get(trip2g.PositionHeader) == "" {
		h.Set(trip2g.PositionHeader, formatPosition(c.Served()))
	}
	lag := c.Lag()
	if !lag.Heard.IsZero() {
		h.Set(LeaderPositionHeader, formatPosition(lag.Leader))
	}
	h.Set(AgeHeader, strconv.FormatFloat(lag.Age.Seconds(), 'f', 3, 64))
}

// wantedPosition reads the position that a request names. What is no position counts as absent.
func wantedPosition(header, cookies []string) (trip2g.Position, bool) {
	if len(header) == 1 {
		if position, ok := trip2g.ParsePosition(header[0]); ok {
			return position, true
		}
	}
	for _, line := range cookies {
		for pair := range strings.SplitSeq(line, ";") {
			name, value, _ := strings.Cut(pair, "=")
			if strings.TrimSpace(name) != trip2g.PositionCookie {
				continue
			}
			if position, ok := trip2g.ParsePosition(strings.TrimSpace(value)); ok {
				return position, true
			}
		}
	}
	return 0, false
}

func formatPosition(p trip2g.Position) string { return strconv.FormatInt(int64(p), 10) }

// uncached keeps an answer out of every cache, whatever the handler that writes it says.
func uncached(w http.ResponseWriter) http.ResponseWriter {
	mark := func() { w.Header().Set("Cache-Control", "no-store") }
	return httpsnoop.Wrap(w, httpsnoop.Hooks{
		WriteHeader: func(next httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
			return func(status int) { mark(); next(status) }
		},
		Write: func(next httpsnoop.WriteFunc) httpsnoop.WriteFunc {
			return func(p []byte) (int, error) { mark(); return next(p) }
		},
		ReadFrom: func(next httpsnoop.ReadFromFunc) httpsnoop.ReadFromFunc {
			return func(r io.Reader) (int64, error) { mark(); return next(r) }
		},
	})
}
