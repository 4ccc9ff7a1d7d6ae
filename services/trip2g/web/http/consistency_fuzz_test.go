package http_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"trip2g/services/trip2g"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// FuzzWantedPosition sends any X-Trip2g-Position and any cookies to a node at position 7. The
// response must contain a position that the next request can send, say how many changes are
// missing, and stay out of caches exactly if some are.
func FuzzWantedPosition(f *testing.F) {
	f.Add("7", "")
	f.Add("8", "trip2g_position=6")
	f.Add("", "trip2g_position=8; session=a")
	f.Add("-1", "a; trip2g_position = 999999999999999999 ;=")
	f.Add("999999999999999999", "trip2g_position=x; trip2g_position=9")
	const served = 7
	handler := trip2ghttp.ReadYourWrites(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "public")
		w.WriteHeader(http.StatusOK)
	}), trip2ghttp.ConsistencyOptions{
		Served: func() trip2g.Position { return served },
		Lag:    func() trip2ghttp.Lag { return trip2ghttp.Lag{} },
	})
	f.Fuzz(func(t *testing.T, position, cookies string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set(trip2g.PositionHeader, position)
		r.Header.Set("Cookie", cookies)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)

		got, ok := trip2g.ParsePosition(w.Header().Get(trip2g.PositionHeader))
		if !ok || got != served {
			t.Errorf("the response is at position %q", w.Header().Get(trip2g.PositionHeader))
		}
		behind := int64(0)
		if text := w.Header().Get(trip2ghttp.BehindHeader); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if behind = n; err != nil || behind <= 0 {
				t.Errorf("the response is %q changes behind", text)
			}
		}
		if wanted, ok := trip2g.ParsePosition(position); ok && behind != max(0, int64(wanted)-served) {
			t.Errorf("a read of position %d is %d changes behind", wanted, behind)
		}
		if !ok && behind > 0 && !strings.Contains(cookies, trip2g.PositionCookie) {
			t.Errorf("a read of no position is %d changes behind", behind)
		}
		if cached := w.Result().Header.Get("Cache-Control") == "public"; cached == (behind > 0) {
			t.Errorf("a response that is %d changes behind has Cache-Control %q", behind, w.Result().Header.Get("Cache-Control"))
		}
	})
}
