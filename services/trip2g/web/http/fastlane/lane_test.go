package fastlane_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"trip2g/internal/drain"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/http/fastlane"
)

// ask sends a head on an open connection and reads the response.
func ask(t *testing.T, c io.Writer, from *bufio.Reader, text string) (*http.Response, string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// counted is a handler that counts its responses.
type counted struct {
	fastlane.Handler
	answered chan string // paths
}

func (c counted) Responded(r *fastlane.Request, a *fastlane.Response, sent int64) {
	c.Handler.Responded(r, a, sent)
	c.answered <- r.Path
}

// newLane serves a handler only through a lane, with a 404 handler behind it.
func newLane(t *testing.T, h fastlane.Handler) *server {
	t.Helper()
	s := new(server)
	s.serve(t, http.NotFoundHandler(), h, true)
	return s
}

// pages is a handler that responds by path.
type pages map[string]func(*fastlane.Response)

func (p pages) Respond(r *fastlane.Request, a *fastlane.Response) bool {
	answer := p[r.Path]
	if answer != nil {
		answer(a)
	}
	return answer != nil
}

func (pages) Responded(*fastlane.Request, *fastlane.Response, int64) {}

func text(body string) func(*fastlane.Response) {
	return func(a *fastlane.Response) {
		a.Status, a.Body = http.StatusOK, []byte(body)
		a.Add("Content-Length", fmt.Sprint(len(body)))
	}
}

// Without this test, the comparison with net/http would pass with a lane that never responds.
func TestTheLaneTakesPlainRequestsAndNoOther(t *testing.T) {
	for _, tt := range []struct {
		requests []string
		taken    bool
	}{{plain, true}, {others, false}} {
		for _, request := range tt.requests {
			h := counted{pages{}, make(chan string, 1)}
			for _, path := range []string{"/", "/large", "/guides/my_note", "/заметки/первая_заметка", "/日本語"} {
				h.Handler.(pages)[path] = text("a page")
			}
			exchange(t, newLane(t, h).addr, []byte(request))
			if taken := len(h.answered) == 1; taken != tt.taken {
				t.Errorf("%q is answered by the lane: %v", request, taken)
			}
		}
	}
}

// A browser that reads pages and then signs in keeps its connection.
func TestAConnectionGoesOnInNetHTTP(t *testing.T) {
	db, follower := newSite(t)
	s := start(t, db, follower.Current, withLane)
	c := dial(t, s.addr)
	from := bufio.NewReader(c)
	for _, tt := range []struct {
		request string
		status  int
	}{
		{head("GET / HTTP/1.1"), 200},
		{head("GET /guides/my_note HTTP/1.1"), 200},
		{head("GET /no/such HTTP/1.1"), 404},
		{head("GET / HTTP/1.1"), 200},
		{head("POST / HTTP/1.1", "Content-Length: 100000") + strings.Repeat("x", 100_000), 405},
		{head("GET / HTTP/1.1", "Cookie: a="+strings.Repeat("x", 20_000)), 200},
	} {
		if res, _ := ask(t, c, from, tt.request); res.StatusCode != tt.status {
			t.Fatalf("%.60q is %d, want %d", tt.request, res.StatusCode, tt.status)
		}
	}
}

// A head that arrives byte by byte gets a response.
func TestAHeadInPiecesIsAnswered(t *testing.T) {
	db, follower := newSite(t)
	s := start(t, db, follower.Current, withLane)
	c := dial(t, s.addr)
	from := bufio.NewReader(c)
	ask(t, c, from, head("GET / HTTP/1.1"))
	request := head("GET /guides/my_note HTTP/1.1")
	for i := range len(request) - 1 {
		if _, err := io.WriteString(c, request[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if res, body := ask(t, c, from, request[len(request)-1:]); res.StatusCode != 200 || !strings.Contains(body, "some text") {
		t.Errorf("it is answered with %d", res.StatusCode)
	}
}

// TestASlowReaderKeepsItsVersion pauses in the middle of a page while the page changes and others
// read it.
func TestASlowReaderKeepsItsVersion(t *testing.T) {
	db, follower := newSite(t)
	push := func(letter string) {
		t.Helper()
		note := trip2g.NoteUpdate{Path: "huge.md", Content: strings.Repeat(letter, 12<<20)}
		if _, _, err := db.PushNotes(t.Context(), trip2g.Stage{Author: "key:1"}, []trip2g.NoteUpdate{note}, true); err != nil {
			t.Fatal(err)
		}
		if _, err := follower.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	push("a")
	s := start(t, db, follower.Current, withLane)
	slow := dial(t, s.addr)
	if _, err := io.WriteString(slow, head("GET /huge HTTP/1.1")); err != nil {
		t.Fatal(err)
	}
	from := bufio.NewReader(slow)
	res, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, letter := range []string{"b", "c"} {
		push(letter)
		c := dial(t, s.addr)
		if _, body := ask(t, c, bufio.NewReader(c), head("GET /huge HTTP/1.1")); !strings.Contains(body, strings.Repeat(letter, 12<<20)) {
			t.Errorf("another reader does not get the page with %q", letter)
		}
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(body), strings.Repeat("a", 12<<20)) || int64(len(body)) != res.ContentLength {
		t.Errorf("the slow reader gets %d bytes of %d and not the version that it began with: %v", len(body), res.ContentLength, err)
	}
}

// wantEnd waits for the server to close a connection, before which it sends only last.
func wantEnd(t *testing.T, c net.Conn, last string) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(30 * time.Second)) // much longer than needed, so that a missing end fails the test
	if text, err := io.ReadAll(c); err != nil || string(text) != last {
		t.Fatalf("the connection ended with %q, %v", text, err)
	}
	c.Close()
}

// TestShutdown lets the current response finish and notifies the other clients.
func TestShutdown(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	s := newLane(t, pages{"/": text("a page"), "/slow": func(a *fastlane.Response) {
		close(begun)
		<-goOn
		text("late")(a)
	}})
	fresh, idle, busy := dial(t, s.addr), dial(t, s.addr), dial(t, s.addr)
	ask(t, idle, bufio.NewReader(idle), head("GET / HTTP/1.1"))
	if _, err := io.WriteString(busy, head("GET /slow HTTP/1.1")); err != nil {
		t.Fatal(err)
	}
	<-begun
	ended := make(chan error)
	go func() { ended <- s.lane.Shutdown(context.Background()) }()
	wantEnd(t, fresh, drain.GoAwayResponse)
	wantEnd(t, idle, drain.GoAwayResponse)
	if c, err := net.Dial("tcp", s.addr); err == nil {
		c.Close()
		t.Error("a connection is accepted")
	}
	select {
	case err := <-ended:
		t.Fatalf("it did not wait for the answer under way: %v", err)
	default:
	}
	close(goOn)
	res, body := ask(t, io.Discard, bufio.NewReader(busy), "")
	if body != "late" || !res.Close {
		t.Errorf("the answer under way is %q, and its connection closes: %v", body, res.Close)
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// A reader that does not read cannot delay a shutdown.
func TestShutdownCutsWhatDoesNotEnd(t *testing.T) {
	s := newLane(t, pages{"/": text(strings.Repeat("x", 64<<20))})
	c := dial(t, s.addr)
	if _, err := io.WriteString(c, head("GET / HTTP/1.1")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.lane.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if n, _ := io.Copy(io.Discard, c); n >= 64<<20 {
		t.Error("the answer was not cut")
	}
}

// A page whose rendering panics ends one connection, not the node.
func TestAPanicEndsItsConnectionAlone(t *testing.T) {
	s := newLane(t, pages{"/": text("a page"), "/bad": func(*fastlane.Response) { panic("no such thing") }})
	if got, _ := exchange(t, s.addr, []byte(head("GET /bad HTTP/1.1"))); got != "" {
		t.Errorf("it is answered with %q", got)
	}
	if log := s.log.String(); !strings.Contains(log, "no such thing") {
		t.Errorf("the log has %q", log)
	}
	if got, _ := exchange(t, s.addr, []byte(head("GET / HTTP/1.1"))); !strings.HasSuffix(got, "a page") {
		t.Errorf("after it a page is %q", got)
	}
}

// Clients that connect and send nothing, or nothing more, are disconnected.
func TestSilentConnectionsEnd(t *testing.T) {
	for _, tt := range []struct {
		first, later time.Duration
		asks         bool
	}{
		{time.Millisecond, time.Hour, false},
		{time.Hour, time.Millisecond, true},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		lane := fastlane.New(listener, fastlane.Options{Handler: pages{"/": text("a page")}, ReadHeaderTimeout: tt.first, IdleTimeout: tt.later})
		c := dial(t, lane.Addr().String())
		if tt.asks {
			ask(t, c, bufio.NewReader(c), head("GET / HTTP/1.1"))
		}
		wantEnd(t, c, "")
		if err := lane.Close(); err != nil {
			t.Error(err)
		}
	}
}
