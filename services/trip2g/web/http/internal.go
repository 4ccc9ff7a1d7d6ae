package http

import (
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"trip2g/services/trip2g"
)

// Readiness is the response of /readyz.
type Readiness struct {
	Ready    bool              `json:"ready"`
	Role     string            `json:"role"` // "leader" or "replica"
	Node     string            `json:"node"`
	Position trip2g.Position   `json:"position"`           // that the node serves
	Missing  map[string]string `json:"missing,omitempty"`  // parts that are not ready, with the reason
	Impaired map[string]string `json:"impaired,omitempty"` // parts that are failing or soon will, with the reason; the node stays ready
	Lag      Lag               `json:"-"`                  // see readyDetail; never makes a node unready
	Timeline string            `json:"timeline,omitempty"` // of the leader's database; see trip2g.Timeline
}

// Lag is a node's distance from its leader, as far as the node knows. A leader has no lag.
type Lag struct {
	Leader  trip2g.Position // last known position of the leader; 0: unknown
	Heard   time.Time       // when the leader reported it; zero: never
	Answers bool            // the leader responded to the last check
	Age     time.Duration   // time since this node last served the leader's newest position
	Note    string          // the problem, in a sentence; "": none
	// Diverges is set if the node's database has diverged from its leader's. Then their positions
	// are not comparable.
	Diverges bool
}

// behind returns how many of the leader's positions a node does not serve: all of them if its
// database has diverged.
func (l Lag) behind(served trip2g.Position) trip2g.Position {
	if l.Diverges {
		return max(1, l.Leader)
	}
	return max(0, l.Leader-served)
}

// readyDetail is the body of /readyz.
type readyDetail struct {
	Readiness
	LeaderPosition trip2g.Position `json:"leader_position"`
	LeaderHeardAgo *float64        `json:"leader_heard_seconds_ago"` // null: never
	Age            float64         `json:"age_seconds"`
	Behind         trip2g.Position `json:"behind"` // positions
	Note           string          `json:"note,omitempty"`
}

func (state Readiness) detail() readyDetail {
	lag := state.Lag
	d := readyDetail{
		Readiness: state, LeaderPosition: lag.Leader, Age: lag.Age.Seconds(), Behind: lag.behind(state.Position), Note: lag.Note,
	}
	if !lag.Heard.IsZero() {
		ago := time.Since(lag.Heard).Seconds()
		d.LeaderHeardAgo = &ago
	}
	return d
}

// NewInternalHandler returns the handler of the internal port. Probes and metrics need no
// authentication. All other requests go to rest, which on a leader serves its replicas.
func NewInternalHandler(ready func() Readiness, gatherer prometheus.Gatherer, rest http.Handler) http.Handler {
	r := mux.NewRouter().SkipClean(true).UseEncodedPath()
	probes := r.Methods(http.MethodGet, http.MethodHead).Subrouter()
	probes.Path("/livez").HandlerFunc(text("alive"))
	probes.Path("/healthz").HandlerFunc(text("ok"))
	probes.Path("/readyz").HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { serveReady(w, ready()) })
	probes.Path("/metrics").Handler(promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{}))
	r.PathPrefix("/").Handler(rest)
	return r
}

// profiles is the prefix of net/http/pprof.
const profiles = "/debug/pprof/"

// WithProfiles returns a handler that serves Go's profiles, and rest for all other requests. It
// serves only GET and HEAD, which replicas never forward, so that clients of a public port cannot
// reach them.
func WithProfiles(rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, profiles)
		if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
			rest.ServeHTTP(w, r)
			return
		}
		switch name {
		case "cmdline":
			pprof.Cmdline(w, r)
		case "profile":
			pprof.Profile(w, r)
		case "symbol":
			pprof.Symbol(w, r)
		case "trace":
			pprof.Trace(w, r)
		default:
			pprof.Index(w, r)
		}
	})
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.Write([]byte(body))
	}
}

func serveReady(w http.ResponseWriter, state Readiness) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !state.Ready {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	json.NewEncoder(w).Encode(state.detail())
}
