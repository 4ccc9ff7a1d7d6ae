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

// Readiness is what /readyz answers.
type Readiness struct {
	Ready    bool              `json:"ready"`
	Role     string            `json:"role"` // "leader" or "replica"
	Node     string            `json:"node"`
	Position trip2g.Position   `json:"position"`           // served now
	Missing  map[string]string `json:"missing,omitempty"`  // part that is not there yet → why
	Impaired map[string]string `json:"impaired,omitempty"` // part that does not work, or soon will not → why; the node is ready all the same
	Lag      Lag               `json:"-"`                  // told as readyDetail says; a lag alone never makes a node unready
	Timeline string            `json:"timeline,omitempty"` // of a leader's database, for its replicas; see trip2g.Timeline
}

// Lag is how far a node is behind its leader, as far as it knows. A leader is never: it is its own
// position, heard now.
type Lag struct {
	Leader  trip2g.Position // the leader's position as last heard; 0: never heard
	Heard   time.Time       // when; zero: never
	Answers bool            // whether the leader answered when it was last asked
	Age     time.Duration   // since this node last knew that it served the leader's newest position
	Note    string          // what is wrong, in a sentence; "" if nothing is
	// Diverges is set if the node serves a database that is no state of its leader's. Then positions of
	// the one say nothing of the other.
	Diverges bool
}

// behind returns how many of the leader's positions a node does not serve: all, if the node has another
// database.
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

// NewInternalHandler gives the handler of the internal port: probes and metrics, open to whoever
// reaches the port, and rest for everything else: the intake on a leader, a refusal on a replica.
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

// profiles is where Go's own tools look for them (net/http/pprof).
const profiles = "/debug/pprof/"

// WithProfiles gives rest with Go's profiles before it. They are for GET and HEAD alone, which no
// replica forwards: what a client sends to a public port never reaches them.
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
