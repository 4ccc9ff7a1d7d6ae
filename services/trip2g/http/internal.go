package http

import (
	"encoding/json"
	"net/http"

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
	Position trip2g.Position   `json:"position"`          // served now
	Missing  map[string]string `json:"missing,omitempty"` // part that is not there yet → why
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
	json.NewEncoder(w).Encode(state)
}
