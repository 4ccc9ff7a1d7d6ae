package http_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	trip2ghttp "trip2g/services/trip2g/web/http"
)

// A client that sends half of a body must not delay a shutdown for as long as replicas hold the
// writes of others.
func TestAStopDoesNotWaitForHalfABody(t *testing.T) {
	for name, handler := range map[string]func(r *http.Request) error{
		"that is read":   func(r *http.Request) error { _, err := io.ReadAll(r.Body); return err },
		"that is unread": func(*http.Request) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			var bodies trip2ghttp.BodyDeadlines
			begun, read := make(chan struct{}), make(chan error, 1)
			server := httptest.NewServer(bodies.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				close(begun)
				read <- handler(r)
			})))
			t.Cleanup(server.Close)
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n{")
			<-begun
			bodies.Shutdown()
			if err := server.Config.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			if err := <-read; err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the body ended with %v", err)
			}
		})
	}
}

// deadlines records the deadlines that a handler's writer receives.
type deadlines struct {
	http.ResponseWriter
	set []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return nil
}

func TestABodyHasTimeAsItComes(t *testing.T) {
	var bodies trip2ghttp.BodyDeadlines
	w := &deadlines{ResponseWriter: httptest.NewRecorder()}
	within := func(when string, least time.Duration) {
		t.Helper()
		if last := time.Until(w.set[len(w.set)-1]); last > least || last < least-10*time.Second {
			t.Errorf("%s, it is waited for %v, want about %v", when, last, least)
		}
	}
	bodies.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		within("before the body", 30*time.Second)
		io.ReadFull(r.Body, make([]byte, 100<<10))
		r.Body.Read(make([]byte, 1))
		within("after 100 KB", 130*time.Second)
		io.ReadAll(r.Body)
		if last := w.set[len(w.set)-1]; !last.IsZero() {
			t.Errorf("when it has come whole, a deadline is left: %v", last)
		}
	})).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", 200<<10))))
	if last := w.set[len(w.set)-1]; !last.IsZero() {
		t.Errorf("after the request, a deadline is left: %v", last)
	}
	w.set = nil
	bodies.Wrap(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if w.set != nil {
		t.Errorf("a request without a body has deadlines: %v", w.set)
	}
}
