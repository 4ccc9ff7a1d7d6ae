package http

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"

	"trip2g/services/trip2g"
)

// NewRegistry returns a registry with the metrics of the Go runtime and the process.
func NewRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry
}

// requestMetrics counts and times requests.
type requestMetrics struct {
	count    *prometheus.CounterVec
	duration *prometheus.HistogramVec
	plain    map[string]plainMetrics // by method
}

// plainMetrics holds the metrics of plain reads, because looking them up costs more than counting.
type plainMetrics struct {
	ok, notModified prometheus.Counter
	duration        prometheus.Observer
}

func newRequestMetrics(registerer prometheus.Registerer) *requestMetrics {
	m := &requestMetrics{
		count: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "trip2g_http_requests_total",
			Help: "Requests, by method, status and port (public, intake).",
		}, []string{"method", "code", "port"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "trip2g_http_request_duration_seconds",
			Help:    "Time from a request's head to the end of its response.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"method", "port"}),
		plain: make(map[string]plainMetrics),
	}
	registerer.MustRegister(m.count, m.duration)
	for _, method := range []string{"GET", "HEAD"} {
		m.plain[method] = plainMetrics{
			ok:          m.count.WithLabelValues(method, "200", PublicPort),
			notModified: m.count.WithLabelValues(method, "304", PublicPort),
			duration:    m.duration.WithLabelValues(method, PublicPort),
		}
	}
	return m
}

// total returns the number of requests.
func (m *requestMetrics) total() float64 {
	metrics := make(chan prometheus.Metric)
	go func() {
		m.count.Collect(metrics)
		close(metrics)
	}()
	total := 0.0
	for metric := range metrics {
		var value dto.Metric
		if metric.Write(&value) == nil { // fails only for labels that are not UTF-8
			total += value.GetCounter().GetValue()
		}
	}
	return total
}

// observePlain counts and times a plain read, whose status is 200 or 304.
func (m *requestMetrics) observePlain(method string, code int, d time.Duration) {
	plain := m.plain[method]
	if code == http.StatusNotModified {
		plain.notModified.Inc()
	} else {
		plain.ok.Inc()
	}
	plain.duration.Observe(d.Seconds())
}

func (m *requestMetrics) observe(method, port string, code int, d time.Duration) {
	method = knownMethod(method)
	m.count.WithLabelValues(method, strconv.Itoa(code), port).Inc()
	m.duration.WithLabelValues(method, port).Observe(d.Seconds())
}

// knownMethod limits the values of the label, because clients can send any method.
func knownMethod(method string) string {
	switch method {
	case "GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE":
		return method
	default:
		return "other"
	}
}

// RegisterNode registers the metrics of a node's role, site and replication. lag returns the lag of
// the node's LiteFS, 0 on a primary, and false without LiteFS.
func RegisterNode(registerer prometheus.Registerer, role string, site func() trip2g.Site, lag func() (time.Duration, bool)) {
	gauge := func(name, help string, value func(trip2g.SiteStats) float64) {
		registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
			if s := site(); s != nil {
				return value(s.Stats())
			}
			return 0
		}))
	}
	gauge("trip2g_position", "Position that this node serves; 0 until the site is loaded.", func(s trip2g.SiteStats) float64 { return float64(s.Position) })
	gauge("trip2g_position_changed_timestamp_seconds", "When the change at that position was made.", func(s trip2g.SiteStats) float64 { return float64(s.ChangedAt.UnixMilli()) / 1000 })
	gauge("trip2g_site_notes", "Notes in memory.", func(s trip2g.SiteStats) float64 { return float64(s.Notes) })
	gauge("trip2g_site_pages", "Pages in memory.", func(s trip2g.SiteStats) float64 { return float64(s.Pages) })
	gauge("trip2g_site_text_bytes", "Text of the notes in memory.", func(s trip2g.SiteStats) float64 { return float64(s.Bytes) })
	registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "trip2g_role", Help: "1; the label is this node's role.", ConstLabels: prometheus.Labels{"role": role},
	}, func() float64 { return 1 }))
	registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "trip2g_replication_lag_seconds", Help: "Lag that this node's LiteFS reports; 0 on a primary and without LiteFS.",
	}, func() float64 {
		if lag, ok := lag(); ok {
			return lag.Seconds()
		}
		return 0
	}))
}

// RegisterLag registers the metrics of a node's lag. served returns the position that it serves.
func RegisterLag(registerer prometheus.Registerer, lag func() Lag, served func() trip2g.Position) {
	gauge := func(name, help string, value func(Lag) float64) {
		registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return value(lag()) }))
	}
	gauge("trip2g_leader_position", "The leader's last known position; 0 if unknown.",
		func(l Lag) float64 { return float64(l.Leader) })
	gauge("trip2g_leader_heard_timestamp_seconds", "When the leader last reported its position; 0 if never.", func(l Lag) float64 {
		if l.Heard.IsZero() {
			return 0
		}
		return float64(l.Heard.UnixMilli()) / 1000
	})
	gauge("trip2g_leader_up", "1 if the leader responded to the last check, else 0.", func(l Lag) float64 {
		if l.Answers {
			return 1
		}
		return 0
	})
	gauge("trip2g_served_age_seconds", "Time since this node last knew that it served the leader's newest position; 0 on a leader.",
		func(l Lag) float64 { return l.Age.Seconds() })
	gauge("trip2g_database_diverges", "1 if this node's database has diverged from its leader's, else 0. Such a node is not ready and does not forward writes.", func(l Lag) float64 {
		if l.Diverges {
			return 1
		}
		return 0
	})
	gauge("trip2g_served_behind_positions", "Positions between the leader's last known one and the one that this node serves.",
		func(l Lag) float64 { return float64(l.behind(served())) })
}

// RegisterDisk registers the metrics of the database's disk. space returns bytes, false until they
// are known.
func RegisterDisk(registerer prometheus.Registerer, space func() (free, total, reserve uint64, known bool)) {
	registerer.MustRegister(diskCollector(space))
}

// diskCollector collects nothing until the space is known, because 0 free bytes would raise alarms.
type diskCollector func() (free, total, reserve uint64, known bool)

var (
	diskFree    = prometheus.NewDesc("trip2g_disk_free_bytes", "Free space of the disk that holds the database.", nil, nil)
	diskTotal   = prometheus.NewDesc("trip2g_disk_size_bytes", "Size of the disk that holds the database.", nil, nil)
	diskReserve = prometheus.NewDesc("trip2g_disk_reserve_bytes", "Free space below which the disk counts as full; a leader on LiteFS then refuses writes.", nil, nil)
)

// Describe implements prometheus.Collector.
func (c diskCollector) Describe(out chan<- *prometheus.Desc) {
	out <- diskFree
	out <- diskTotal
	out <- diskReserve
}

// Collect implements prometheus.Collector.
func (c diskCollector) Collect(out chan<- prometheus.Metric) {
	free, total, reserve, known := c()
	if !known {
		return
	}
	out <- prometheus.MustNewConstMetric(diskFree, prometheus.GaugeValue, float64(free))
	out <- prometheus.MustNewConstMetric(diskTotal, prometheus.GaugeValue, float64(total))
	out <- prometheus.MustNewConstMetric(diskReserve, prometheus.GaugeValue, float64(reserve))
}
