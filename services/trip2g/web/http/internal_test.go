package http_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	trip2ghttp "trip2g/services/trip2g/web/http"
)

// startInternal serves an internal port with a given state of the node.
func startInternal(t *testing.T, state func() trip2ghttp.Readiness, gatherer prometheus.Gatherer, rest http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(trip2ghttp.NewInternalHandler(state, gatherer, rest))
	t.Cleanup(s.Close)
	return s
}

func fetch(t *testing.T, method, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// TestReadyzTellsTheLag reads the detail like an operator's dashboard. Being behind never makes a
// node unready, because its readers would have no node.
func TestReadyzTellsTheLag(t *testing.T) {
	state := trip2ghttp.Readiness{Ready: true, Role: "replica", Node: "r1", Position: 5}
	s := startInternal(t, func() trip2ghttp.Readiness { return state }, prometheus.NewRegistry(), http.NotFoundHandler())
	detail := func() map[string]any {
		status, body := fetch(t, "GET", s.URL+"/readyz")
		var d map[string]any
		if err := json.Unmarshal([]byte(body), &d); err != nil || status != http.StatusOK {
			t.Fatalf("status %d, %s: %v", status, body, err)
		}
		return d
	}
	never := map[string]any{
		"ready": true, "role": "replica", "node": "r1", "position": 5.0, "leader_position": 0.0, "leader_heard_seconds_ago": nil,
		"age_seconds": 0.25, "behind": 0.0, "note": "not heard yet",
	}
	state.Lag = trip2ghttp.Lag{Age: 250 * time.Millisecond, Note: "not heard yet"}
	if diff := cmp.Diff(never, detail()); diff != "" {
		t.Error(diff)
	}
	state.Lag = trip2ghttp.Lag{Leader: 9, Heard: time.Now().Add(-time.Hour), Age: 2 * time.Hour}
	behind := detail()
	if ago, ok := behind["leader_heard_seconds_ago"].(float64); !ok || ago < 3600 {
		t.Errorf("heard %v seconds ago", behind["leader_heard_seconds_ago"])
	}
	if behind["behind"] != 4.0 || behind["age_seconds"] != 7200.0 || behind["leader_position"] != 9.0 {
		t.Errorf("detail %v", behind)
	}
	state.Position = 10 // the leader's position was read before this one
	if ahead := detail(); ahead["behind"] != 0.0 {
		t.Errorf("detail %v", ahead)
	}
}

// TestMetricsTellTheLag reads the gauges as Prometheus does.
func TestMetricsTellTheLag(t *testing.T) {
	registry := prometheus.NewRegistry()
	var lag trip2ghttp.Lag
	n := newReplica(t, 5, nil)
	trip2ghttp.RegisterLag(registry, func() trip2ghttp.Lag { return lag }, n.position)
	s := startInternal(t, func() trip2ghttp.Readiness { return trip2ghttp.Readiness{} }, registry, http.NotFoundHandler())
	for _, tt := range []struct {
		lag  trip2ghttp.Lag
		want []string
	}{
		{trip2ghttp.Lag{Age: time.Second}, []string{
			"trip2g_leader_position 0", "trip2g_leader_heard_timestamp_seconds 0", "trip2g_leader_up 0", "trip2g_served_age_seconds 1", "trip2g_served_behind_positions 0",
		}},
		{trip2ghttp.Lag{Leader: 9, Heard: time.UnixMilli(1_500), Answers: true, Age: 2500 * time.Millisecond}, []string{
			"trip2g_leader_position 9", "trip2g_leader_heard_timestamp_seconds 1.5", "trip2g_leader_up 1", "trip2g_served_age_seconds 2.5", "trip2g_served_behind_positions 4",
		}},
	} {
		lag = tt.lag
		_, body := fetch(t, "GET", s.URL+"/metrics")
		for _, line := range tt.want {
			if !strings.Contains(body, "\n"+line+"\n") {
				t.Errorf("no %q in\n%s", line, body)
			}
		}
	}
}

// TestProfilesAreOutOfReachOfForwardedRequests requests profiles as `go tool pprof` does, and with
// the methods that a replica forwards, which are handled as without profiles.
func TestProfilesAreOutOfReachOfForwardedRequests(t *testing.T) {
	rest := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	s := startInternal(t, nil, prometheus.NewRegistry(), trip2ghttp.WithProfiles(rest))
	for path, want := range map[string]string{
		"": "goroutine", "goroutine?debug=1": "goroutine profile", "heap?debug=1": "heap profile", "cmdline": "test", "symbol": "num_symbols",
		"trace?seconds=0.01": "go 1.", "profile?seconds=1": "",
	} {
		if status, body := fetch(t, "GET", s.URL+"/debug/pprof/"+path); status != http.StatusOK || !strings.Contains(body, want) || body == "" {
			t.Errorf("%s: status %d, %.100q", path, status, body)
		}
	}
	for _, tt := range [][2]string{
		{"POST", "/debug/pprof/symbol"}, {"POST", "/debug/pprof/profile"}, {"PUT", "/debug/pprof/"}, {"GET", "/debug/pprof"}, {"GET", "//debug/pprof/"}, {"POST", "/_system/graphql"},
	} {
		if status, _ := fetch(t, tt[0], s.URL+tt[1]); status != http.StatusUnauthorized {
			t.Errorf("%s %s: status %d", tt[0], tt[1], status)
		}
	}
	without := startInternal(t, nil, prometheus.NewRegistry(), rest)
	if status, _ := fetch(t, "GET", without.URL+"/debug/pprof/heap"); status != http.StatusUnauthorized {
		t.Errorf("without profiles: status %d", status)
	}
}
