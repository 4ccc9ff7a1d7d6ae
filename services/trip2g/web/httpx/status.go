// Package httpx maps the domain to HTTP for all handlers: status and headers of an error, the
// origin of a request, cookies, and CORS.
package httpx

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"trip2g/services/trip2g"
)

// defaultRetryAfter is the Retry-After of an error without a time.
const defaultRetryAfter = time.Second

// Status returns the status of the response to a request that failed with err. It is the only
// mapping of error codes to statuses.
func Status(err error) int {
	switch trip2g.ErrorCode(err) {
	case "":
		return http.StatusOK
	case trip2g.EINVALID:
		return http.StatusBadRequest
	case trip2g.EUNAUTHORIZED:
		return http.StatusUnauthorized
	case trip2g.EFORBIDDEN:
		return http.StatusForbidden
	case trip2g.ENOTFOUND:
		return http.StatusNotFound
	case trip2g.ECONFLICT, trip2g.EEXPIRED:
		return http.StatusConflict
	case trip2g.ETOOLARGE:
		return http.StatusRequestEntityTooLarge
	case trip2g.ERATELIMITED:
		return http.StatusTooManyRequests
	case trip2g.EUNAVAILABLE:
		return http.StatusServiceUnavailable
	case trip2g.EINDETERMINATE:
		return http.StatusBadGateway // as for a replica that lost the leader's response
	default:
		return http.StatusInternalServerError
	}
}

// SetErrorHeader sets the Retry-After field if a retry may help (RFC 9110, section 10.2.3).
func SetErrorHeader(header http.Header, err error) {
	switch Status(err) {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
	default:
		return
	}
	wait := defaultRetryAfter
	if e := (*trip2g.Error)(nil); errors.As(err, &e) && e.RetryAfter > 0 {
		wait = e.RetryAfter
	}
	seconds := (wait + time.Second - 1) / time.Second
	header.Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
}

// ServeError responds to a request that failed with err, in plain text that is not cached.
func ServeError(w http.ResponseWriter, err error) {
	w.Header().Set("Cache-Control", "no-store")
	SetErrorHeader(w.Header(), err)
	http.Error(w, trip2g.ErrorMessage(err), Status(err))
}
