package forward

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// authScheme is the challenge of the intake's 401 (RFC 9110, section 11.6.1). By it a forwarder
// distinguishes a rejected signature from a 401 of the handler behind the intake.
const authScheme = "Trip2g-Replica"

// IntakeOptions configure an intake.
type IntakeOptions struct {
	Verifier   *Verifier
	Handler    http.Handler          // the public port's
	OnReject   func(Rejection)       // called for each rejection; nil: not called
	Log        zerolog.Logger        // of rejections, at most one line a minute for each reason
	Registerer prometheus.Registerer // for trip2g_intake_rejected_total; nil: not registered
}

// NewIntake returns the leader's handler for requests that replicas send to its internal port. A
// request with a valid signature runs through the handler as if the client had sent it here.
// RemoteAddr (with port 0) and Host are the client's, [OriginFrom] returns the rest, and the
// headers of the hop are gone. Any other request is answered with 401 and a body that is always the
// same; the log has the reason.
func NewIntake(o IntakeOptions) http.Handler {
	i := &intake{IntakeOptions: o, rejections: newRejections(o.Registerer), logged: map[Reason]*logLimiter{}}
	for _, reason := range reasons {
		i.logged[reason] = new(logLimiter)
	}
	return i
}

type intake struct {
	IntakeOptions
	rejections *prometheus.CounterVec
	logged     map[Reason]*logLimiter // never written after NewIntake
}

// ServeHTTP implements http.Handler.
func (i *intake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := i.Verifier.Verify(r); err != nil {
		i.reject(w, r, err)
		return
	}
	origin, err := readOrigin(r)
	if err != nil {
		i.reject(w, r, err)
		return
	}
	body, err := i.Verifier.guardBody(r)
	if auth := (*AuthError)(nil); errors.As(err, &auth) {
		i.reject(w, r, err)
		return
	}
	if err != nil {
		http.Error(w, "the body broke off", http.StatusBadRequest)
		return
	}
	r = restore(r, origin)
	r.Body = body
	i.Handler.ServeHTTP(w, r)
	flushForTrailers(w)
}

// restore returns the request as the client sent it to the replica.
func restore(r *http.Request, origin Origin) *http.Request {
	r = withOwnHeader(r.WithContext(context.WithValue(r.Context(), originKey{}, origin)))
	r.RemoteAddr = net.JoinHostPort(origin.ClientAddr, "0")
	r.Host = origin.Host
	if lines, ok := r.Header[cookieHeader]; ok {
		r.Header["Cookie"] = lines
	}
	dropTrusted(r.Header)
	unmarkVia(r.Header)
	return r
}

// flushForTrailers keeps trailers alive. For a short body that was never flushed the server would
// compute a Content-Length. Over HTTP/1.1 a body with a length has no trailers, so the replica
// could not pass them on.
func flushForTrailers(w http.ResponseWriter) {
	for name := range w.Header() {
		if name == "Trailer" || strings.HasPrefix(name, http.TrailerPrefix) {
			http.NewResponseController(w).Flush()
			return
		}
	}
}

func (i *intake) reject(w http.ResponseWriter, r *http.Request, err error) {
	reason := ReasonMalformed
	var auth *AuthError
	if errors.As(err, &auth) {
		reason = auth.Reason
	}
	i.rejections.WithLabelValues(string(reason)).Inc()
	if i.OnReject != nil {
		i.OnReject(rejectionOf(r, reason))
	}
	i.log(r, err, reason)
	w.Header().Set("WWW-Authenticate", authScheme)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusUnauthorized)
	io.WriteString(w, "unauthorized\n")
}

// log logs a rejection, unless one of the same reason was logged within a minute. A replica with
// another secret is rejected every second, and a stranger may send as often as it likes.
func (i *intake) log(r *http.Request, err error, reason Reason) {
	if !i.logged[reason].due() {
		return
	}
	i.Log.Warn().Err(err).Str("reason", string(reason)).Str("remote", r.RemoteAddr).Str("node", clip(r.Header.Get(nodeHeader))).
		Str("method", clip(r.Method)).Str("path", clip(r.URL.Path)).Str("request_id", clip(r.Header.Get(requestIDHeader))).
		Msg("rejected a request on the internal port")
}

// IsIntakeRejection reports whether a response is the intake's own 401, from a leader's internal
// port.
func IsIntakeRejection(res *http.Response) bool {
	return res.StatusCode == http.StatusUnauthorized && res.Header.Get("WWW-Authenticate") == authScheme
}

// clip shortens a text of an unknown peer, so that it cannot fill the log.
func clip(s string) string {
	const most = 200
	if len(s) > most {
		return s[:most] + "…"
	}
	return s
}
