package http

import (
	"net/http"
	"time"

	"github.com/felixge/httpsnoop"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/xid"
	"github.com/rs/zerolog"

	"trip2g/internal/forward"
	"trip2g/services/trip2g/web/http/fastlane"
)

// Ports that a request can have come in by, as logs and metrics name them.
const (
	PublicPort = "public"
	IntakePort = "intake"
)

// AccessLog writes a line for each request and counts it. It gives each request an id, or keeps
// that of the replica that forwarded it, so that one id finds the lines of both nodes.
type AccessLog struct {
	log     zerolog.Logger
	metrics *requestMetrics
}

// NewAccessLog makes the log of a node; log has the node's name and role already.
func NewAccessLog(log zerolog.Logger, registerer prometheus.Registerer) *AccessLog {
	return &AccessLog{log: log, metrics: newRequestMetrics(registerer)}
}

// Answered gives the number of requests answered since the start, on all ports. It costs a little: it is
// for once a second.
func (a *AccessLog) Answered() float64 { return a.metrics.total() }

// Wrap gives next with the log around it. The request's context carries a logger with its id.
func (a *AccessLog) Wrap(port string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin, _ := forward.OriginFrom(r.Context())
		id := origin.RequestID
		if id == "" {
			id = xid.New().String()
		}
		log := a.log.With().Str("request_id", id).Logger()
		ctx := forward.WithRequestID(log.WithContext(r.Context()), id)
		seen := httpsnoop.Metrics{Code: http.StatusOK}
		ended := false
		defer func() { a.write(&log, port, r, seen, origin, ended) }() // an answer that breaks off panics
		seen.CaptureMetrics(w, func(w http.ResponseWriter) { next.ServeHTTP(w, r.WithContext(ctx)) })
		ended = true
	})
}

func (a *AccessLog) write(log *zerolog.Logger, port string, r *http.Request, seen httpsnoop.Metrics, origin forward.Origin, ended bool) {
	a.metrics.observe(r.Method, port, seen.Code, seen.Duration)
	line := log.Info()
	if seen.Code >= http.StatusInternalServerError || !ended {
		line = log.Warn()
	}
	// The query is left out: it may hold what is nobody's business.
	line.Str("method", r.Method).Str("path", r.URL.Path).Int("status", seen.Code).
		Int64("bytes", seen.Written).Dur("duration", seen.Duration).
		Str("client", r.RemoteAddr).Str("port", port)
	if origin.Node != "" {
		line.Str("replica", origin.Node)
	}
	if !ended {
		line.Bool("broken_off", true)
	}
	line.Msg("request")
}

// plain is write for a plain read of a public page, which came in by the public port.
func (a *AccessLog) plain(r *fastlane.Request, status int, sent int64, ended bool) {
	took := time.Since(r.Arrived)
	a.metrics.observePlain(r.Method, status, took)
	line := a.log.Info()
	if !ended {
		line = a.log.Warn()
	}
	line.Str("request_id", r.ID).Str("method", r.Method).Str("path", r.Path).Int("status", status).
		Int64("bytes", sent).Dur("duration", took).Str("client", r.Client).Str("port", PublicPort)
	if !ended {
		line.Bool("broken_off", true)
	}
	line.Msg("request")
}

// WithRequestID answers with the request's id, so that a user can name it to an operator.
func WithRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", forward.RequestID(r.Context()))
		next.ServeHTTP(w, r)
	})
}
