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
	serverMaxHeader     = 2 << 20 // above public ports': forwarders add headers, HTTP/2 counts more

	// serverStreams bounds the requests under way on one connection. Together they can at most fill
	// serverWindow. So uploads that their handlers leave unread never exhaust the connection's
	// flow-control window, which the other streams share (RFC 9113, section 5.2.1).
	serverStreams = 128
	serverWindow  = serverStreams * streamWindow

	// drainRound is the interval at which Shutdown looks for connections that came in late.
	drainRound = 100 * time.Millisecond
)

// ServerOptions configure a [Server].
type ServerOptions struct {
	Handler  http.Handler // probes, metrics and the intake or RefuseLoop
	Epoch    Epoch        // that of the intake's Verifier; forwarders read it here
	ErrorLog *log.Logger  // of connection errors; nil: the log package's
	// Timeline returns the history of a leader's database for its replicas, see Options.Admit; nil:
	// left out.
	Timeline func() string
}

// Server serves a node's internal port: HTTP/1.1 for forwarders, probes, Prometheus and people, and
// HTTP/2 in clear text with prior knowledge for forwarders.
type Server struct {
	http     *http.Server
	handler  http.Handler
	epoch    Epoch
	timeline func() string // nil: left out
	drainer  *drain.Drainer
}

// NewServer returns a server.
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
		DisableGeneralOptionsHandler: true, // serve answers OPTIONS *
	}
	s.drainer.Attach(s.http)
	return s
}

// serve runs the handler. It answers OPTIONS * itself, by which a forwarder recognizes a Server.
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

// Shutdown stops the server without leaving a forwarder in doubt. It accepts no more connections,
// sends every forwarder GOAWAY with the requests that it has begun, lets those finish, and closes.
// When ctx ends first it cuts the rest, which cancels the handlers' contexts, and returns an error.
//
// It relies on http.Server.Shutdown, which closes idle HTTP/1.1 connections, each with a
// [drain.GoAway], but never counts an HTTP/2 connection as idle. Such a connection sends GOAWAY,
// ignores the streams after the named one, and closes a second after its last stream (net/http:
// maybeServeUnencryptedHTTP2 and goAwayTimeout). http.Server.Shutdown misses a connection that was
// accepted but had not sent its preface when the GOAWAYs were sent. So it is run repeatedly, and
// each run reaches the connections that have come since. A connection that the kernel had not
// handed over yet is reset. Forwarders send no request on a connection before it has answered
// something harmless.
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
