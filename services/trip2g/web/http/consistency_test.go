package http_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// replica is a node whose reads wait for positions, which the test sets.
type replica struct {
	*node
	served  atomic.Int64
	waiting atomic.Int64
	next    atomic.Pointer[chan struct{}] // closed when the position changes
	lag     atomic.Pointer[trip2ghttp.Lag]
}

// newReplica wraps a node's handler with ReadYourWrites; change can change the options.
func newReplica(t *testing.T, served int64, change func(*trip2ghttp.ConsistencyOptions)) *replica {
	t.Helper()
	r := &replica{node: newNode(t)}
	r.lag.Store(&trip2ghttp.Lag{})
	r.reach(served)
	o := trip2ghttp.ConsistencyOptions{
		Served:  r.position,
		Lag:     func() trip2ghttp.Lag { return *r.lag.Load() },
		WaitFor: r.waitFor, MaxWait: time.Minute,
	}
	if change != nil {
		change(&o)
	}
	r.Server = httptest.NewServer(trip2ghttp.ReadYourWrites(r.Server.Config.Handler, o))
	t.Cleanup(r.Close)
	return r
}

func (r *replica) position() trip2g.Position { return trip2g.Position(r.served.Load()) }

func (r *replica) reach(position int64) {
	next := make(chan struct{})
	r.served.Store(position)
	if last := r.next.Swap(&next); last != nil {
		close(*last)
	}
}

func (r *replica) waitFor(ctx context.Context, position trip2g.Position) error {
	r.waiting.Add(1)
	defer r.waiting.Add(-1)
	for {
		next := *r.next.Load()
		if trip2g.Position(r.served.Load()) >= position {
			return nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *replica) awaitWaiting(t *testing.T, n int64) {
	t.Helper()
	testwait.NoError(t, "reads wait", func() error {
		if waiting := r.waiting.Load(); waiting != n {
			return fmt.Errorf("%d reads wait, want %d", waiting, n)
		}
		return nil
	})
}

// briefly makes reads wait for a moment.
func briefly(o *trip2ghttp.ConsistencyOptions) { o.MaxWait = 10 * time.Millisecond }

// TestAReadWaitsForItsClientsWrite requests a position ahead of the node's in each possible way. It
// never gets an older response.
func TestAReadWaitsForItsClientsWrite(t *testing.T) {
	for name, headers := range map[string][]string{
		"header":                  {"X-Trip2g-Position", "7"},
		"cookie":                  {"Cookie", "trip2g_position=7"},
		"cookie among others":     {"Cookie", "session_r1=x; trip2g_position=7; a=b"},
		"header before cookie":    {"X-Trip2g-Position", "7", "Cookie", "trip2g_position=999"},
		"cookie after bad header": {"X-Trip2g-Position", "newest", "Cookie", "trip2g_position=7"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			t.Run(name+" "+method, func(t *testing.T) {
				r := newReplica(t, 5, nil)
				answered := make(chan *http.Response, 1)
				go func() {
					res, _ := r.ask(t, method, "/", headers...)
					answered <- res
				}()
				r.awaitWaiting(t, 1)
				r.reach(6)
				r.awaitWaiting(t, 1)
				select {
				case <-answered:
					t.Fatal("it was answered at position 6")
				default:
				}
				r.reach(8)
				res := <-answered
				if h := res.Header; res.StatusCode != http.StatusOK || h.Get("X-Trip2g-Position") != "8" || h.Get("X-Trip2g-Behind") != "" || h.Get("Cache-Control") != "public, no-cache" {
					t.Errorf("status %d, header %v", res.StatusCode, h)
				}
			})
		}
	}
}

// TestAReadThatTimesOutSaysSo requests a position that never comes. Every kind of response has the
// number of missing changes and is not cacheable, even if it would otherwise be cached permanently.
func TestAReadThatTimesOutSaysSo(t *testing.T) {
	r := newReplica(t, 5, briefly)
	_, page := r.ask(t, "GET", "/")
	etag := etagOf(t, r)
	for _, tt := range []struct {
		path    string
		headers []string
		status  int
		body    string
	}{
		{"/", nil, 200, page},
		{"/", []string{"If-None-Match", etag}, 304, ""},
		{"/", []string{"Range", "bytes=0-3"}, 206, page[:4]},
		{"/Guides/My%20note%20(2).md", nil, 302, ""},
		{"/no/such", nil, 404, ""},
		{"/secret", nil, 403, ""},
		{r.asset, nil, 200, assetText},
		{r.asset, []string{"Range", "bytes=2-4"}, 206, "234"},
	} {
		res, body := r.ask(t, "GET", tt.path, append(tt.headers, "X-Trip2g-Position", "12")...)
		h := res.Header
		if res.StatusCode != tt.status || tt.body != "" && body != tt.body {
			t.Errorf("%s: status %d, body %.100q", tt.path, res.StatusCode, body)
		}
		if h.Get("X-Trip2g-Position") != "5" || h.Get("X-Trip2g-Behind") != "7" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: header %v", tt.path, h)
		}
	}
}

func etagOf(t *testing.T, r *replica) string {
	t.Helper()
	res, _ := r.ask(t, "HEAD", "/")
	return res.Header.Get("ETag")
}

// TestOtherReadsNeverWait sends requests without a valid position to a node where waiting would
// take a minute.
func TestOtherReadsNeverWait(t *testing.T) {
	r := newReplica(t, 5, func(o *trip2ghttp.ConsistencyOptions) {
		o.WaitFor = func(context.Context, trip2g.Position) error {
			t.Error("a read waits")
			return errors.New("no")
		}
	})
	for _, headers := range [][]string{
		nil, {"Cookie", "a=b"}, {"Cookie", "trip2g_position=5"}, {"X-Trip2g-Position", "0"}, {"X-Trip2g-Position", "5"},
		{"X-Trip2g-Position", ""}, {"X-Trip2g-Position", "-9"}, {"X-Trip2g-Position", "+9"}, {"X-Trip2g-Position", "9.0"}, {"X-Trip2g-Position", "9e9"},
		{"X-Trip2g-Position", "0x99"}, {"X-Trip2g-Position", "99 99"}, {"X-Trip2g-Position", "9,9"}, {"X-Trip2g-Position", "٩٩"},
		{"X-Trip2g-Position", strings.Repeat("9", 19)}, {"X-Trip2g-Position", strings.Repeat("0", 30) + "9"},
		{"Cookie", "trip2g_position="}, {"Cookie", "trip2g_position"}, {"Cookie", "trip2g_position=x"}, {"Cookie", "xtrip2g_position=9; trip2g_positions=9"},
		{"Cookie", "a=trip2g_position=9"}, {"Cookie", "trip2g_position=" + strings.Repeat("9", 4000)},
	} {
		res, body := r.ask(t, "GET", "/", headers...)
		if res.StatusCode != http.StatusOK || !strings.Contains(body, "<main") || res.Header.Get("X-Trip2g-Behind") != "" || res.Header.Get("Cache-Control") != "public, no-cache" {
			t.Errorf("%q: status %d, header %v", headers, res.StatusCode, res.Header)
		}
	}
	if res, _ := r.ask(t, "OPTIONS", "/", "X-Trip2g-Position", "9"); res.StatusCode != http.StatusNoContent || res.Header.Get("X-Trip2g-Position") != "" {
		t.Errorf("OPTIONS: status %d, header %v", res.StatusCode, res.Header)
	}
}

// TestALeaderWaitsForNothing sends a forged position to a leader, which always serves the newest
// one.
func TestALeaderWaitsForNothing(t *testing.T) {
	r := newReplica(t, 5, func(o *trip2ghttp.ConsistencyOptions) { o.WaitFor = nil })
	if res, _ := r.ask(t, "GET", "/", "X-Trip2g-Position", "999"); res.Header.Get("X-Trip2g-Position") != "5" || res.Header.Get("X-Trip2g-Behind") != "994" {
		t.Errorf("header %v", res.Header)
	}
}

// TestForgedPositionsHoldUpNobodyElse lets many clients wait for a position that never comes. The
// number of waiting requests is limited, other requests get a response at once, and a client that
// disconnects frees its slot.
func TestForgedPositionsHoldUpNobodyElse(t *testing.T) {
	const most = 10
	r := newReplica(t, 5, func(o *trip2ghttp.ConsistencyOptions) { o.MaxWaiting = most })
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan struct{}, most)
	for range most {
		go func() {
			defer func() { ended <- struct{}{} }()
			req, _ := http.NewRequestWithContext(ctx, "GET", r.URL, nil)
			req.Header.Set("X-Trip2g-Position", strings.Repeat("9", 18))
			if res, err := http.DefaultClient.Do(req); err == nil {
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				t.Errorf("answered with %v", res.Header)
			}
		}()
	}
	r.awaitWaiting(t, most)
	if res, _ := r.ask(t, "GET", "/", "X-Trip2g-Position", "6"); res.StatusCode != http.StatusOK || res.Header.Get("X-Trip2g-Behind") != "1" {
		t.Errorf("one more: status %d, header %v", res.StatusCode, res.Header)
	}
	if res, _ := r.ask(t, "GET", "/"); res.StatusCode != http.StatusOK || res.Header.Get("X-Trip2g-Position") != "" {
		t.Errorf("somebody else: status %d, header %v", res.StatusCode, res.Header)
	}
	leave()
	for range most {
		<-ended
	}
	r.awaitWaiting(t, 0)
	answered := make(chan *http.Response, 1)
	go func() {
		res, _ := r.ask(t, "GET", "/", "X-Trip2g-Position", "6")
		answered <- res
	}()
	r.awaitWaiting(t, 1)
	r.reach(6)
	if res := <-answered; res.Header.Get("X-Trip2g-Behind") != "" {
		t.Errorf("after they left: header %v", res.Header)
	}
}

// TestLagOnDemand requests the lag with the header, on every kind of URL.
func TestLagOnDemand(t *testing.T) {
	r := newReplica(t, 5, briefly)
	if res, _ := r.ask(t, "GET", "/", "X-Trip2g-Position", "0"); res.Header.Get("X-Trip2g-Position") != "5" ||
		res.Header["X-Trip2g-Leader-Position"] != nil || res.Header.Get("X-Trip2g-Age") != "0.000" {
		t.Errorf("before the leader is heard: %v", res.Header)
	}
	r.lag.Store(&trip2ghttp.Lag{Leader: 9, Heard: time.Now(), Age: 12345 * time.Millisecond})
	for _, path := range []string{"/", "/no/such", "/secret", "/Guides/My%20note%20(2).md", r.asset, "/_system/graphql"} {
		for _, position := range []string{"0", "8", "whatever"} {
			h := func() http.Header { res, _ := r.ask(t, "GET", path, "X-Trip2g-Position", position); return res.Header }()
			if h.Get("X-Trip2g-Position") != "5" || h.Get("X-Trip2g-Leader-Position") != "9" || h.Get("X-Trip2g-Age") != "12.345" {
				t.Errorf("%s with %s: %v", path, position, h)
			}
		}
		if res, _ := r.ask(t, "GET", path, "Cookie", "trip2g_position=3"); res.Header["X-Trip2g-Age"] != nil || res.Header.Get("X-Trip2g-Position") != "5" {
			t.Errorf("%s with a cookie: %v", path, res.Header)
		}
	}
}

// TestReadsWithoutAPositionCostNothing measures the overhead of ReadYourWrites for other reads.
func TestReadsWithoutAPositionCostNothing(t *testing.T) {
	served := func() trip2g.Position { t.Error("the position was looked up"); return 0 }
	h := trip2ghttp.ReadYourWrites(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), trip2ghttp.ConsistencyOptions{Served: served})
	for name, header := range map[string]http.Header{
		"plain":     {"User-Agent": {"x"}, "Accept-Encoding": {"gzip"}},
		"signed in": {"Cookie": {"session=abcdef; theme=dark"}},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)
		r.Header = header
		if n := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
