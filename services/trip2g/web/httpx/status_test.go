package httpx_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// TestAnErrorIsTheSameStatusEverywhere covers each code, also wrapped, and errors without a code.
// Temporary errors have a Retry-After.
func TestAnErrorIsTheSameStatusEverywhere(t *testing.T) {
	for _, tt := range []struct {
		err        error
		status     int
		retryAfter string
	}{
		{trip2g.Errorf(trip2g.EINVALID, "x"), http.StatusBadRequest, ""},
		{trip2g.Errorf(trip2g.EUNAUTHORIZED, "x"), http.StatusUnauthorized, ""},
		{trip2g.Errorf(trip2g.EFORBIDDEN, "x"), http.StatusForbidden, ""},
		{trip2g.Errorf(trip2g.ENOTFOUND, "x"), http.StatusNotFound, ""},
		{trip2g.Errorf(trip2g.ECONFLICT, "x"), http.StatusConflict, ""},
		{trip2g.Errorf(trip2g.EEXPIRED, "x"), http.StatusConflict, ""},
		{trip2g.Errorf(trip2g.ETOOLARGE, "x"), http.StatusRequestEntityTooLarge, ""},
		{trip2g.Errorf(trip2g.EUNAVAILABLE, "x"), http.StatusServiceUnavailable, "1"},
		{fmt.Errorf("store it: %w", trip2g.Errorf(trip2g.EUNAVAILABLE, "x")), http.StatusServiceUnavailable, "1"},
		{&trip2g.Error{Code: trip2g.ERATELIMITED, RetryAfter: 1500 * time.Millisecond}, http.StatusTooManyRequests, "2"},
		{&trip2g.Error{Code: trip2g.EUNAVAILABLE, RetryAfter: time.Minute}, http.StatusServiceUnavailable, "60"},
		{trip2g.Errorf(trip2g.EINDETERMINATE, "x"), http.StatusBadGateway, ""},
		{trip2g.Errorf(trip2g.EINTERNAL, "x"), http.StatusInternalServerError, ""},
		{errors.New("a secret of ours"), http.StatusInternalServerError, ""},
	} {
		w := httptest.NewRecorder()
		httpx.ServeError(w, tt.err)
		if w.Code != tt.status || w.Header().Get("Retry-After") != tt.retryAfter || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%v: %d, Retry-After %q, %q", tt.err, w.Code, w.Header().Get("Retry-After"), w.Body)
		}
	}
	if got := httpx.Status(nil); got != http.StatusOK {
		t.Errorf("no error is %d", got)
	}
}
