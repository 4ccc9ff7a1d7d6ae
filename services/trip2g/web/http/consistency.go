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

// Header fields of a response about the node's position, in addition to trip2g.PositionHeader.
const (
	BehindHeader         = "X-Trip2g-Behind"          // positions missing to the requested one; absent if none
	LeaderPositionHeader = "X-Trip2g-Leader-Position" // last known position of the leader; absent if unknown
	AgeHeader            = "X-Trip2g-Age"             // Lag.Age in seconds
)

// DefaultMaxWaiting is the default of ConsistencyOptions.MaxWaiting.
const DefaultMaxWaiting = 1024

// ConsistencyOptions configures ReadYourWrites. Served and Lag are required.
type ConsistencyOptions struct {
	Served func() trip2g.Position // 0 until the site is loaded
	Lag    func() Lag
	// WaitFor returns when the node serves a position, or with ctx's error. nil on a leader, which
	// always serves the newest position.
	WaitFor    func(ctx context.Context, position trip2g.Position) error
	MaxWait    time.Duration // of one read; 0: reads do not wait
	MaxWaiting int           // concurrent waiting reads, above which reads do not wait; 0: DefaultMaxWaiting
}

// ReadYourWrites returns a handler for the public port. A GET or HEAD that names a position, in the
// header or else the cookie, waits for a bounded time until the node serves it; then next responds.
// The response has the served position. If that is below the requested one, the response also has
// the difference and is not cacheable. A request with the header, valid or not, gets the node's lag
// as well. All other requests go to next unchanged.
//
// A forged position only delays its sender's own response.
func ReadYourWrites(next http.Handler, o ConsistencyOptions) http.Handler {
	if o.MaxWaiting == 0 {
		o.MaxWaiting = DefaultMaxWaiting
	}
	return &consistency{o, next, make(chan struct{}, o.MaxWaiting)}
}

type consistency struct {
	ConsistencyOptions
	next    http.Handler
	waiting chan struct{} // one element for each waiting read
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
		w = c.awaitPosition(w, r, wanted)
	}
	if header != nil {
		c.addLag(w.Header())
	}
	c.next.ServeHTTP(w, r)
}

// awaitPosition waits for a position and adds the served one to the response.
func (c *consistency) awaitPosition(w http.ResponseWriter, r *http.Request, wanted trip2g.Position) http.ResponseWriter {
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

// wait waits for a position. It returns false without waiting if too many reads wait.
func (c *consistency) wait(ctx context.Context, wanted trip2g.Position) bool {
	if c.WaitFor == nil || c.MaxWait <= 0 {
		return false
	}
	select {
	case c.waiting <- struct{}{}:
		defer func() { <-c.waiting }()
	default:
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, c.MaxWait)
	defer cancel()
	_ = c.WaitFor(ctx, wanted) // the caller compares positions
	return true
}

// addLag adds the node's lag to a response, and the served position if the request named none.
func (c *consistency) addLag(h http.Header) {
	if h.Get(trip2g.PositionHeader) == "" {
		h.Set(trip2g.PositionHeader, formatPosition(c.Served()))
	}
	lag := c.Lag()
	if !lag.Heard.IsZero() {
		h.Set(LeaderPositionHeader, formatPosition(lag.Leader))
	}
	h.Set(AgeHeader, strconv.FormatFloat(lag.Age.Seconds(), 'f', 3, 64))
}

// wantedPosition returns the position that a request names. It ignores invalid ones.
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

// uncached returns w such that the response is not cacheable, whatever the handler sets.
func uncached(w http.ResponseWriter) http.ResponseWriter {
	setNoStore := func() { w.Header().Set("Cache-Control", "no-store") }
	return httpsnoop.Wrap(w, httpsnoop.Hooks{
		WriteHeader: func(next httpsnoop.WriteHeaderFunc) httpsnoop.WriteHeaderFunc {
			return func(status int) { setNoStore(); next(status) }
		},
		Write: func(next httpsnoop.WriteFunc) httpsnoop.WriteFunc {
			return func(p []byte) (int, error) { setNoStore(); return next(p) }
		},
		ReadFrom: func(next httpsnoop.ReadFromFunc) httpsnoop.ReadFromFunc {
			return func(r io.Reader) (int64, error) { setNoStore(); return next(r) }
		},
	})
}
