package trip2g

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// defaultRetryAfter is the Retry-After of an error that names no time itself.
const defaultRetryAfter = time.Second

// ErrStarting answers a request that needs the site while this node has none yet.
var ErrStarting = Errorf(EUNAVAILABLE, "this node is starting; try again in a moment (/readyz on its internal port says what it waits for)")

// HTTPStatus returns the status of the answer to a request that failed with err. Every handler takes
// it from here, so that one cause has one status on every address.
func HTTPStatus(err error) int {
	switch ErrorCode(err) {
	case "":
		return http.StatusOK
	case EINVALID:
		return http.StatusBadRequest
	case EUNAUTHORIZED:
		return http.StatusUnauthorized
	case EFORBIDDEN:
		return http.StatusForbidden
	case ENOTFOUND:
		return http.StatusNotFound
	case ECONFLICT:
		return http.StatusConflict
	case ETOOLARGE:
		return http.StatusRequestEntityTooLarge
	case ERATELIMITED:
		return http.StatusTooManyRequests
	case EUNAVAILABLE:
		return http.StatusServiceUnavailable
	case EINDETERMINATE:
		return http.StatusBadGateway // as a replica answers that lost the leader's answer
	default:
		return http.StatusInternalServerError
	}
}

// SetErrorHeader sets what the header of an answer says of err beside its status: Retry-After where
// trying again may help (RFC 9110, section 10.2.3).
func SetErrorHeader(header http.Header, err error) {
	switch HTTPStatus(err) {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
	default:
		return
	}
	wait := defaultRetryAfter
	if e := (*Error)(nil); errors.As(err, &e) && e.RetryAfter > 0 {
		wait = e.RetryAfter
	}
	seconds := (wait + time.Second - 1) / time.Second
	header.Set("Retry-After", strconv.FormatInt(int64(seconds), 10))
}

// ServeError answers a request that failed with err, in plain text and for no cache.
func ServeError(w http.ResponseWriter, err error) {
	w.Header().Set("Cache-Control", "no-store")
	SetErrorHeader(w.Header(), err)
	http.Error(w, ErrorMessage(err), HTTPStatus(err))
}
