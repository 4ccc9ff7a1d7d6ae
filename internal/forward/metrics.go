package forward

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Outcome classifies how forwarding a request ended. It is the label of
// trip2g_forward_requests_total.
type Outcome string

// The outcomes of a [Forwarder].
const (
	OutcomeOK            Outcome = "ok"            // answered by the leader, whatever the status
	OutcomeHeldThenOK    Outcome = "held_then_ok"  // the same, after having been held
	OutcomeUnavailable   Outcome = "unavailable"   // 503, nothing was written
	OutcomeIndeterminate Outcome = "indeterminate" // 502, the write may have happened
	OutcomeCut           Outcome = "cut"           // the leader's answer ended early
	OutcomeClientGone    Outcome = "client_gone"   // the client left or broke off its body
	OutcomeRefused       Outcome = "refused"       // not forwardable, or refused by the leader
	OutcomeRejected      Outcome = "rejected"      // 502, the leader rejected the signature
)

var outcomes = []Outcome{OutcomeOK, OutcomeHeldThenOK, OutcomeUnavailable, OutcomeIndeterminate, OutcomeCut, OutcomeClientGone, OutcomeRefused, OutcomeRejected}

// forwardMetrics holds a replica's metrics.
type forwardMetrics struct {
	requests *prometheus.CounterVec
	hold     prometheus.Histogram
}

func newForwardMetrics(registerer prometheus.Registerer) *forwardMetrics {
	m := &forwardMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trip2g_forward_requests_total",
			Help: "Requests for the leader, by how forwarding them ended.",
		}, []string{"outcome"}),
		hold: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "trip2g_forward_hold_seconds",
			Help:    "Time that requests were held because the leader could not be reached, of those that were.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15, 30, 60},
		}),
	}
	for _, o := range outcomes {
		m.requests.WithLabelValues(string(o))
	}
	if registerer != nil {
		registerer.MustRegister(m.requests, m.hold)
	}
	return m
}

func (m *forwardMetrics) observe(o Outcome, held time.Duration) {
	m.requests.WithLabelValues(string(o)).Inc()
	if held > 0 {
		m.hold.Observe(held.Seconds())
	}
}

// newRejections counts what an intake rejects, by reason.
func newRejections(registerer prometheus.Registerer) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "trip2g_intake_rejected_total",
		Help: "Requests on the internal port without a valid X-Replica-Auth, by what was wrong with it.",
	}, []string{"reason"})
	for _, r := range reasons {
		c.WithLabelValues(string(r))
	}
	if registerer != nil {
		registerer.MustRegister(c)
	}
	return c
}
