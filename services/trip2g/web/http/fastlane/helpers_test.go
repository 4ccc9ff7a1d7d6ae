package fastlane_test

import (
	"bytes"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/content/site/render"
	"trip2g/services/trip2g/store/sqlite"
	trip2ghttp "trip2g/services/trip2g/web/http"
	"trip2g/services/trip2g/web/http/cork"
	"trip2g/services/trip2g/web/http/fastlane"
)

// vault has pages with the kinds of URLs and sizes that the lane distinguishes.
var vault = []trip2g.NoteUpdate{
	{Path: "index.md", Content: "# Start\n\n[[Guides/My note]]\n"},
	{Path: "Guides/My note.md", Content: "some text"},
	{Path: "Заметки/Первая заметка.md", Content: "текст"},
	{Path: "日本語.md", Content: "本文"},
	{Path: "large.md", Content: strings.Repeat("All work and no play makes a page large. ", 4000)},
	{Path: "secret.md", Content: "---\nfree: false\n---\nfor members"},
}

// newSite returns a site over a real database.
func newSite(t testing.TB) (*sqlite.DB, *site.Follower) {
	t.Helper()
	db, err := sqlite.OpenLeader(t.Context(), filepath.Join(t.TempDir(), "data.sqlite3"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if _, err := db.SetSiteAccess(t.Context(), trip2g.AccessEveryone, trip2g.AnyPosition); err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.PushNotes(t.Context(), trip2g.Stage{Author: "key:1"}, vault, true); err != nil {
		t.Fatal(err)
	}
	signIn(t, db)
	follower := site.NewFollower(db, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop()})
	if _, err := follower.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db, follower
}

// signIn creates the session with the token "t".
func signIn(t testing.TB, db *sqlite.DB) {
	t.Helper()
	if err := db.EnsureOwner(t.Context(), "me@example.com"); err != nil {
		t.Fatal(err)
	}
	me, err := db.UserByEmail(t.Context(), "me@example.com")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = db.CreateSession(t.Context(), trip2g.Session{
		TokenHash: trip2g.TokenHash("t"), User: me, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// server is a node's public port.
type server struct {
	addr     string
	lane     *fastlane.Lane // nil: no lane
	http     *http.Server
	log      lines
	registry *prometheus.Registry
}

// way is the setup of a port. All setups must send the same responses.
type way int

const (
	general   way = iota // only the general handler
	plainPath            // with FastPath in front of it
	withLane             // with the lane in front of that
)

// start serves a site on a port of this machine until the test ends.
func start(t testing.TB, db *sqlite.DB, current func() trip2g.Site, how way) *server {
	t.Helper()
	s := &server{registry: prometheus.NewRegistry()}
	access := trip2ghttp.NewAccessLog(zerolog.New(&s.log), s.registry)
	own := trip2ghttp.NewHandler(trip2ghttp.Options{
		Site: current, Assets: db, Static: render.StaticHandler(), StaticPrefix: render.StaticPrefix, SessionCookie: "session", Codings: render.Codings,
	})
	reads := trip2ghttp.ReadYourWrites(trip2ghttp.WithRequestID(own), trip2ghttp.ConsistencyOptions{
		Served: func() trip2g.Position { return current().Stats().Position },
		Lag:    func() trip2ghttp.Lag { return trip2ghttp.Lag{} },
	})
	handler := forward.PublicGuard(access.Wrap(trip2ghttp.PublicPort, reads))
	pages := trip2ghttp.NewFastPath(current, render.Codings, "session", access)
	if how != general {
		handler = pages.Wrap(handler)
	}
	s.serve(t, handler, pages, how == withLane)
	return s
}

func (s *server) serve(t testing.TB, handler http.Handler, plain fastlane.Handler, lane bool) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	listener = cork.Listener{Listener: listener}
	errors := log.New(&s.log, "", 0)
	s.http = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: errors, ConnContext: cork.WithConn}
	if lane {
		s.lane = fastlane.New(listener, fastlane.Options{
			Handler: plain, ReadHeaderTimeout: s.http.ReadHeaderTimeout, IdleTimeout: s.http.IdleTimeout, ErrorLog: errors,
		})
		listener = s.lane
	}
	ended := make(chan error)
	go func() { ended <- s.http.Serve(listener) }()
	t.Cleanup(func() {
		s.http.Close()
		if err := <-ended; err != http.ErrServerClosed {
			t.Errorf("the server ended: %v", err)
		}
		if s.lane != nil {
			s.lane.Shutdown(t.Context()) // t's context has ended, so remaining connections are closed
		}
	})
}

// lines collects a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func dial(t testing.TB, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}

// exchange sends bytes, closes the client's side and returns the response and how it ended.
func exchange(t testing.TB, addr string, sent []byte) (string, error) {
	t.Helper()
	c := dial(t, addr)
	defer c.Close()
	if _, err := c.Write(sent); err != nil {
		t.Fatal(err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	return string(got), err
}
