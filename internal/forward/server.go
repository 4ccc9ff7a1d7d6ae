package forward

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"trip2g/internal/drain"
)

const (
	serverHeaderTimeout = 10 * time.Second
	serverIdleTimeout   = 2 * time.Minute
	serverMaxHeader     = 2 << 20 // more than public ports take, for what the forwarder adds and HTTP/2 counts

	// serverStreams bounds the requests under way on one connection. Together they may fill
	// serverWindow, so that uploads which their handlers leave unread never use up the connection's
	// flow-control window, which all others on it share (RFC 9113, section 5.2.1).
	serverStreams = 128
	serverWindow  = serverStreams * streamWindow

	// drainRound is how long Shutdown waits before it looks for connections that came in late.
	drainRound = 100 * time.Millisecond
)

// ServerOptions are the parts of a [Server].
type ServerOptions struct {
	Handler  http.Handler // probes, metrics and the intake or RefuseLoop
	Epoch    Epoch        // that of the intake's Verifier; forwarders learn it here
	ErrorLog *log.Logger  // for faults of connections; nil: the log package's
	// Timeline names the history of a leader's database for its replicas, see Options.Admit; nil: nothing
	// is said.
	Timeline func() string
}

// Server serves a node's internal port: HTTP/1.1 for forwarders, probes, Prometheus and people, and HTTP/2 in
// clear text with prior knowledge for forwarders.
type Server struct {
	http     *http.Server
	handler  http.Handler
	epoch    Epoch
	timeline func() string // nil: nothing is said
	drainer  *drain.Drainer
}

// NewServer makes a server.
func NewServer(o ServerOptions) *Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s := &Server{handler: o.Handler, epoch: o.Epoch, timeline: o.Timeline, drainer: drain.New(true)}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ErrorLog:          o.ErrorLog,
		Protocols:         protocols,
		ReadHeaderTimeout: serverHeaderTimeout,
		IdleTimeout:       serverIdleTimeout,
		MaxHeaderBytes:    serverMaxHeader,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          serverStreams,
			MaxReceiveBufferPerStream:     streamWindow,
			MaxReceiveBufferPerConnection: serverWindow,
			SendPingTimeout:               pingAfter,
			PingTimeout:                   pingTimeout,
		},
		DisableGeneralOptionsHandler: true, // serve has one
	}
	s.drainer.Attach(s.http)
	return s
}

// serve runs the handler. It answers OPTIONS * itself, with which a forwarder sees that it speaks with a Server.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions && r.RequestURI == "*" {
		w.Header().Set(serverHeader, s.epoch.String())
		if s.timeline != nil {
			w.Header().Set(timelineHeader, s.timeline())
		}
		w.Header().Set("Content-Length", "0")
		return
	}
	s.handler.ServeHTTP(w, r)
}

// Fields of a Server's answer to OPTIONS *: its epoch, and the history of its database.
const (
	serverHeader   = "X-Replica-Server"
	timelineHeader = "X-Replica-Timeline"
)

// epochOf returns the epoch in a Server's answer to OPTIONS *. Any other answer is an error.
func epochOf(res *http.Response) (Epoch, error) {
	e, ok := parseEpoch(res.Header.Get(serverHeader))
	if res.StatusCode != http.StatusOK || !ok {
		return e, fmt.Errorf("it answered %s as any server may", res.Status)
	}
	return e, nil
}

// Serve answers on l until Shutdown, and then returns http.ErrServerClosed at once.
func (s *Server) Serve(l net.Listener) error {
	return s.http.Serve(s.drainer.Listener(l))
}

// Shutdown stops the server without leaving a forwarder in doubt: it accepts no more connections,
// tells every forwarder with GOAWAY which requests it has taken, lets those finish, and closes. When
// ctx ends first it cuts what is left, which cancels the handlers' contexts, and returns an error.
//
// It rests on http.Server.Shutdown, which closes idle connections of HTTP/1.1, each with a [drain.GoAway], but
// never counts one of HTTP/2 as idle: that one gets GOAWAY, ignores the streams after the one it named,
// and closes a second after its last stream (net/http: maybeServeUnencryptedHTTP2 and goAwayTimeout).
// What it misses is a connection that was accepted but had not sent its preface yet when the GOAWAYs
// went out. So it is run again and again: each run tells those that have come since. One that the
// kernel had not handed over yet is reset; forwarders send no request on a connection before it has
// answered something harmless.
func (s *Server) Shutdown(ctx context.Context) error {
	s.drainer.Stop()
	defer s.drainer.Wait(context.WithoutCancel(ctx)) // a GoAway takes a second at most
	for {
		round, cancel := context.WithTimeout(ctx, drainRound)
		err := s.http.Shutdown(round)
		cancel()
		switch {
		case !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled):
			return err
		case ctx.Err() != nil:
			return errors.Join(fmt.Errorf("let requests on the internal port finish: %w: the rest is cut", ctx.Err()), s.http.Close())
		}
	}
}
