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

// Ports that receive requests, as named in logs and metrics.
const (
	PublicPort = "public"
	IntakePort = "intake"
)

// AccessLog logs and counts each request. It assigns the request an ID, or keeps the ID that the
// forwarding replica assigned, so that one ID finds the log lines of both nodes.
type AccessLog struct {
	log     zerolog.Logger
	metrics *requestMetrics
}

// NewAccessLog returns the access log of a node. log has the node's name and role already.
func NewAccessLog(log zerolog.Logger, registerer prometheus.Registerer) *AccessLog {
	return &AccessLog{log: log, metrics: newRequestMetrics(registerer)}
}

// Requests returns the number of requests since the start, on all ports. It is too slow to call
// more than about once a second.
func (a *AccessLog) Requests() float64 { return a.metrics.total() }

// Wrap returns a handler that logs the requests of next. Their context has a logger with the ID.
func (a *AccessLog) Wrap(port string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin, _ := forward.OriginFrom(r.Context())
		id := origin.RequestID
		if id == "" {
			id = xid.New().String()
		}
		log := a.log.With().Str("request_id", id).Logger()
		ctx := forward.WithRequestID(log.WithContext(r.Context()), id)
		captured := httpsnoop.Metrics{Code: http.StatusOK}
		ended := false
		defer func() { a.write(&log, port, r, captured, origin, ended) }() // an aborted response panics
		captured.CaptureMetrics(w, func(w http.ResponseWriter) { next.ServeHTTP(w, r.WithContext(ctx)) })
		ended = true
	})
}

func (a *AccessLog) write(log *zerolog.Logger, port string, r *http.Request, captured httpsnoop.Metrics, origin forward.Origin, ended bool) {
	a.metrics.observe(r.Method, port, captured.Code, captured.Duration)
	line := log.Info()
	if captured.Code >= http.StatusInternalServerError || !ended {
		line = log.Warn()
	}
	// The query is left out because it can contain secrets.
	line.Str("method", r.Method).Str("path", r.URL.Path).Int("status", captured.Code).
		Int64("bytes", captured.Written).Dur("duration", captured.Duration).
		Str("client", r.RemoteAddr).Str("port", port)
	if origin.Node != "" {
		line.Str("replica", origin.Node)
	}
	if !ended {
		line.Bool("broken_off", true)
	}
	line.Msg("request")
}

// writePlain logs and counts a plain read of a public page, which arrived on the public port.
func (a *AccessLog) writePlain(r *fastlane.Request, status int, sent int64, ended bool) {
	duration := time.Since(r.Arrived)
	a.metrics.observePlain(r.Method, status, duration)
	line := a.log.Info()
	if !ended {
		line = a.log.Warn()
	}
	line.Str("request_id", r.ID).Str("method", r.Method).Str("path", r.Path).Int("status", status).
		Int64("bytes", sent).Dur("duration", duration).Str("client", r.Client).Str("port", PublicPort)
	if !ended {
		line.Bool("broken_off", true)
	}
	line.Msg("request")
}

// WithRequestID adds the request's ID to the response, so that a user can report it.
func WithRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", forward.RequestID(r.Context()))
		next.ServeHTTP(w, r)
	})
}
