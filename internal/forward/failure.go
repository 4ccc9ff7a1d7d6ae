package forward

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// failure describes why a request has no answer of the leader, and the answer that its client gets
// instead.
type failure struct {
	outcome    Outcome
	status     int
	retryAfter int // seconds; 0: left out
	text       string
	err        error
}

// Error implements error.
func (f *failure) Error() string { return string(f.outcome) + ": " + f.err.Error() }

// Unwrap returns the cause.
func (f *failure) Unwrap() error { return f.err }

// retryAfter is the Retry-After of a 503, in seconds.
const retryAfter = 5

func unavailable(err error) *failure {
	if refused := (*notAdmittedError)(nil); errors.As(err, &refused) {
		return &failure{OutcomeUnavailable, http.StatusServiceUnavailable, retryAfter,
			"This replica's database is not a copy of the leader's, so nothing was sent to the leader and nothing was written. Operator: /readyz of this replica says what is wrong.", err}
	}
	return &failure{OutcomeUnavailable, http.StatusServiceUnavailable, retryAfter,
		"The leader cannot be reached, so nothing was written. Reading goes on; try to write again in a few seconds.", err}
}

func overloaded(err error) *failure {
	return &failure{OutcomeUnavailable, http.StatusServiceUnavailable, retryAfter,
		"Too many writes are waiting for the leader, so this one was not begun: nothing was written. Try again in a few seconds.", err}
}

func notReplayable(err error) *failure {
	return &failure{OutcomeUnavailable, http.StatusServiceUnavailable, 1,
		"The leader is stopping and did not begin this request, so nothing was written. Its body is too large to be kept and sent again from here: send it again.", err}
}

func indeterminate(err error) *failure {
	return &failure{OutcomeIndeterminate, http.StatusBadGateway, 0,
		"The connection to the leader was lost before it answered. The write may or may not have happened: look before you send it again.", err}
}

// clientGone returns the failure of a client that closed its connection, or its half of it.
// net/http cannot distinguish the two, so somebody may still read the answer. begun: the leader may
// have begun the request.
func clientGone(err error, begun bool) *failure {
	f := &failure{OutcomeClientGone, http.StatusBadGateway, 0,
		"The client closed its side of the connection, which ends a request here, before the leader got it: nothing was written. Keep the connection open until the answer has come.", err}
	if begun {
		f.text = "The client closed its side of the connection, which ends a request here, before the leader answered. The write may or may not have happened: look before you send it again, and keep the connection open until the answer has come."
	}
	return f
}

func rejected(err *RejectedError) *failure {
	return &failure{OutcomeRejected, http.StatusBadGateway, 0,
		"The leader did not accept this replica's signature, so nothing was written. Operator: TRIP2G_JWT_SECRET must be the same on both nodes, and their clocks must agree to within seconds.", err}
}

// badBody returns the failure of reading the client's body.
func badBody(err error) *failure {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return &failure{OutcomeRefused, http.StatusRequestEntityTooLarge, 0,
			"The request's body is larger than " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes.", err}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &failure{OutcomeClientGone, http.StatusRequestTimeout, 0, "The request's body did not arrive in time.", err}
	default:
		return &failure{OutcomeClientGone, http.StatusBadRequest, 0, "The request's body broke off or is malformed.", err}
	}
}

// notCarriable returns the failure of a request that cannot be carried unchanged, or not to this
// leader.
func notCarriable(err error) *failure {
	f := &failure{OutcomeRefused, http.StatusBadRequest, 0,
		"The request cannot be carried to the leader as it is, so nothing was written.", err}
	if strings.Contains(err.Error(), "header list") {
		f.status, f.text = http.StatusRequestHeaderFieldsTooLarge, "The request's headers are too large for the leader, so nothing was written."
	}
	return f
}

func notUpgradable(r *http.Request) *failure {
	return &failure{OutcomeRefused, http.StatusNotImplemented, 0,
		"This node is a replica and forwards requests only: it opens no tunnels (CONNECT) and switches to no other protocol (Upgrade).",
		errors.New("asked for a tunnel or another protocol: " + r.Method + ", Upgrade: " + clip(r.Header.Get("Upgrade")))}
}

// answer sends the client a GraphQL error if it sent JSON, else plain text.
func (f *failure) answer(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if f.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(f.retryAfter))
	}
	if sentJSON(r) {
		type message struct {
			Message string `json:"message"`
		}
		text, _ := json.Marshal(map[string][]message{"errors": {{f.text}}}) // cannot fail
		h.Set("Content-Type", "application/json")
		w.WriteHeader(f.status)
		w.Write(text)
		return
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(f.status)
	io.WriteString(w, f.text+"\n")
}

func sentJSON(r *http.Request) bool {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return kind == "application/json" || strings.HasSuffix(kind, "+json")
}
