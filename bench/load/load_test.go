package load

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// A latency must count from the time when a request was due, not from when it could be sent.
// Otherwise a stalled server would show only one slow answer per connection.
func TestARequestThatHadToWaitCountsAsLate(t *testing.T) {
	const stall = 200 * time.Millisecond
	var first sync.Map // by connection
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, again := first.LoadOrStore(r.RemoteAddr, true); !again {
			time.Sleep(stall)
		}
		w.Write([]byte("text"))
	}))
	defer server.Close()
	const rate, seconds = 1000, 1
	latencies, err := OpenLoop{URL: server.URL, Request: Request{Path: "/"}, Rate: rate, For: seconds * time.Second}.Latencies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(latencies) < rate*seconds*9/10 {
		t.Errorf("%d requests were answered", len(latencies))
	}
	late := 0
	for _, latency := range latencies {
		if latency >= stall/2 {
			late++
		}
	}
	// All requests due in the first half of the stall, except for the rounding of schedules.
	if due := rate * int(stall/2/time.Millisecond) / 1000; late < due-Connections {
		t.Errorf("%d requests were late, and %d were due while the server stood still", late, due)
	}
}

// Otherwise refused requests would be counted as very fast answers.
func TestAWrongAnswerIsAnError(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"404":       http.NotFound,
		"no length": func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() },
		"cut":       func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		server := httptest.NewServer(handler)
		_, err := OpenLoop{URL: server.URL, Request: Request{Path: "/"}, Rate: 100, For: time.Second}.Latencies(t.Context())
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		server.Close()
	}
}

// Ctrl-C must end a load at once, also while the server does not respond.
func TestALoadEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		stop()
		<-r.Context().Done()
	}))
	defer server.Close()
	if _, err := (OpenLoop{URL: server.URL, Request: Request{Path: "/"}, Rate: 100, For: time.Hour}).Latencies(ctx); err == nil {
		t.Error("no error")
	}
}

// The page shows percentiles by the nearest rank, so that each is a measured latency.
func TestPercentile(t *testing.T) {
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for p, want := range map[float64]time.Duration{50: 50, 99: 99, 99.9: 100, 100: 100, 0: 1} {
		if got := Percentile(hundred, p); got != want {
			t.Errorf("p%v of 1 to 100 is %d, want %d", p, got, want)
		}
	}
	if got := Percentile(nil, 99); got != 0 {
		t.Errorf("p99 of nothing is %d", got)
	}
}

// A lost tick would make a load slower than reported.
func TestATimerLosesNoMoment(t *testing.T) {
	timer, err := NewTimer(time.Millisecond, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	time.Sleep(20 * time.Millisecond) // late
	var moments uint64
	for moments < 30 {
		n, err := timer.Wait()
		if err != nil {
			t.Fatal(err)
		}
		moments += n
	}
	if passed := uint64(time.Since(began)/time.Millisecond) + 2; moments > passed {
		t.Errorf("%d moments in %d ms", moments, passed)
	}
	time.AfterFunc(time.Millisecond, timer.Stop)
	for {
		if _, err := timer.Wait(); err != nil {
			return // stopped
		}
	}
}

// The errors that wrk reports must not be lost: its rate counts refused requests.
func TestWhatWrkPrints(t *testing.T) {
	const good = "Running 1s test @ http://127.0.0.1:1/\n  1 threads and 16 connections\n  41 requests in 1.00s, 1.2MB read\nRequests/sec:  48901.23\nTransfer/sec:      1.2MB\n"
	const refused = "  Non-2xx or 3xx responses: 7\n"
	const socket = "  Socket errors: connect 0, read 3, write 0, timeout 0\n"
	for _, test := range []struct {
		name, out string
		any       bool
		want      float64
		err       string
	}{
		{"good", good, false, 48901.23, ""},
		{"refused", refused + good, false, 0, "Non-2xx"},
		{"refused, as expected", refused + good, true, 48901.23, ""},
		{"socket errors", socket + good, true, 0, "read 3"},
		{"nothing", strings.ReplaceAll(good, "48901.23", "0.00"), false, 0, "no request"},
		{"no rate", "unable to connect to 127.0.0.1:1 Connection refused\n", false, 0, "Connection refused"},
	} {
		rate, err := Wrk{URL: "http://127.0.0.1:1", AnyStatus: test.any}.parse(test.out)
		if rate != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v, %v", test.name, rate, err)
		}
	}
}
