package nodes

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
)

// metrics holds the metrics of the topology and of its reports.
type metrics struct {
	reports  *prometheus.CounterVec
	arrivals prometheus.Histogram
}

func newMetrics(registerer prometheus.Registerer, n *Nodes) *metrics {
	m := &metrics{
		reports: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trip2g_node_reports_total", Help: "Reports of this replica to its leader, by whether the leader took them, failed to, or rejected their signature.",
		}, []string{"outcome"}),
		arrivals: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "trip2g_change_lag_seconds",
			Help:    "Time from a change's commit on the leader to its being served here, clocks compared; of a replica.",
			Buckets: []float64{.0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}),
	}
	if registerer == nil {
		return m
	}
	registerer.MustRegister(&stateCollector{n}, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "trip2g_event_streams", Help: "Streams of the nodes' picture that are open.",
	}, func() float64 { return float64(len(n.streams.open)) }), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "trip2g_ready", Help: "1 if this node would serve correctly, as it last knew, else 0.",
	}, func() float64 {
		if n.ownReport().Ready {
			return 1
		}
		return 0
	}))
	if n.Messenger != nil {
		registerer.MustRegister(m.reports, m.arrivals)
		for _, outcome := range []string{"taken", "failed", "rejected"} {
			m.reports.WithLabelValues(outcome)
		}
	}
	return m
}

func (m *metrics) sent(err error) {
	outcome := "taken"
	if rejected := (*forward.RejectedError)(nil); errors.As(err, &rejected) {
		outcome = "rejected"
	} else if err != nil {
		outcome = "failed"
	}
	m.reports.WithLabelValues(outcome).Inc()
}

func (n *Nodes) ownReport() trip2g.NodeReport {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.own
}

// stateCollector counts the nodes of this node's topology by their state.
type stateCollector struct{ nodes *Nodes }

var nodeStates = prometheus.NewDesc("trip2g_nodes", "Nodes in this node's picture, itself included, by their state.", []string{"state"}, nil)

// Describe implements prometheus.Collector.
func (c *stateCollector) Describe(out chan<- *prometheus.Desc) { out <- nodeStates }

// Collect implements prometheus.Collector.
func (c *stateCollector) Collect(out chan<- prometheus.Metric) {
	count := map[trip2g.NodeState]int{trip2g.NodeOK: 0, trip2g.NodeWrong: 0, trip2g.NodeGone: 0, trip2g.NodeUnknown: 0}
	for _, n := range c.nodes.Topology().Nodes {
		count[n.State]++
	}
	for state, n := range count {
		out <- prometheus.MustNewConstMetric(nodeStates, prometheus.GaugeValue, float64(n), string(state))
	}
}
