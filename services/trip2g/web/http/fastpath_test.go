package http_test

import (
	"net/http"
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/render"
	trip2ghttp "trip2g/services/trip2g/web/http"
	"trip2g/services/trip2g/web/http/fastlane"
)

// A page of a signed-in reader can differ, so that only the handler behind may respond with it.
func TestOnlyRequestsWithoutASessionTakeTheFastPath(t *testing.T) {
	n := newNode(t)
	fast := trip2ghttp.NewFastPath(n.current, render.Codings, "session_r1", trip2ghttp.NewAccessLog(zerolog.Nop(), prometheus.NewRegistry()))
	served := n.current().Stats().Position
	for _, tt := range []struct {
		path, cookie string
		want         bool
	}{
		{"/", "", true},
		{"/", "theme=dark; session=" + token, true},
		{"/", "session_r1=" + token, false},
		{"/", "theme=dark; session_r1 = none", false},
		{"/", trip2g.PositionCookie + "=1", true},
		{"/", trip2g.PositionCookie + "=" + strconv.FormatInt(int64(served+1), 10), false},
		{"/secret", "", false},
		{"/no/such", "", false},
		{"/_system/", "", false},
	} {
		var response fastlane.Response
		got := fast.Respond(&fastlane.Request{Method: http.MethodGet, Path: tt.path, Cookie: tt.cookie}, &response)
		if got != tt.want {
			t.Errorf("%s with the cookies %q takes the fast path: %v", tt.path, tt.cookie, got)
		}
	}
}
