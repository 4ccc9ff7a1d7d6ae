// Package server wires the parts of a node together and runs it: a leader or a replica.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"trip2g/internal/drain"
	"trip2g/internal/forward"
	"trip2g/internal/tcpopt"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/ops/config"
	"trip2g/services/trip2g/ops/filemode"
	trip2ghttp "trip2g/services/trip2g/web/http"
	"trip2g/services/trip2g/web/http/cork"
	"trip2g/services/trip2g/web/http/fastlane"
)

// Bounds on a public connection. The head of a request is small and arrives at once. A body may be
// large and slow.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
)

// Run runs a node until ctx ends or a part of it fails. It returns nil when ctx ended it.
func Run(ctx context.Context, c *config.Config, log zerolog.Logger) error {
	filemode.SetUmask()
	log.Info().Str("version", trip2g.Version).Str("database", c.DBFile).Msg("starting")
	if c.MinioEndpoint != "" {
		log.Warn().Msg("TRIP2G_MINIO_ settings are set, but this version keeps files in SQLite alone")
	}
	if !c.Profile {
		disableMemoryProfile()
	}
	n := newNode(c, log)
	n.gc.start()
	run := n.runLeader
	if c.Replica() {
		run = n.runReplica
	}
	if err := run(ctx); err != nil {
		return err
	}
	log.Info().Msg("stopped")
	return nil
}

// ports are a node's two listeners and what they serve.
type ports struct {
	public   http.Handler
	internal http.Handler
}

// serve answers on both ports until ctx ends, then lets requests finish within the configured time.
// On the internal port a leader informs its replicas which writes were not begun. They hold these
// for the next leader.
func (n *node) serve(ctx context.Context, p ports) error {
	publicListener, internalListener, err := n.listen(ctx)
	if err != nil {
		return err
	}
	proxies, err := n.proxies()
	if err != nil {
		return err
	}
	var deadlines trip2ghttp.BodyDeadlines
	drainer := drain.New(false)
	public := &http.Server{
		Handler:           deadlines.Wrap(proxies.Wrap(n.fastPath.Wrap(p.public))),
		ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: serverErrors(n.log, "public"), ConnContext: cork.WithConn,
	}
	drainer.Attach(public)
	public.RegisterOnShutdown(n.endStreams)
	internalOptions := forward.ServerOptions{Handler: deadlines.Wrap(p.internal), Epoch: n.epoch, ErrorLog: serverErrors(n.log, "internal")}
	if !n.config.Replica() {
		internalOptions.Timeline = func() string { return n.timeline().String() }
	}
	internal := forward.NewServer(internalOptions)
	publicListener = cork.Listener{Listener: publicListener}
	stopLane := func(context.Context) error { return nil }
	if n.config.FastLane {
		lane := fastlane.New(publicListener, fastlane.Options{
			Handler: n.fastPath, Client: proxies.Client, ReadHeaderTimeout: readHeaderTimeout, IdleTimeout: idleTimeout, ErrorLog: public.ErrorLog,
		})
		publicListener, stopLane = lane, lane.Shutdown
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serving("public", public.Serve(drainer.Listener(publicListener))) })
	group.Go(func() error { return serving("internal", internal.Serve(internalListener)) })
	group.Go(func() error {
		<-ctx.Done()
		n.stopping.Store(true)
		n.log.Info().Dur("within", n.config.ShutdownTimeout).Msg("stopping: letting requests finish")
		grace, cancel := context.WithTimeout(context.Background(), n.config.ShutdownTimeout)
		defer cancel()
		var ending errgroup.Group
		deadlines.Shutdown()
		laneEnded := make(chan struct{})
		ending.Go(func() error {
			defer close(laneEnded)
			return stopLane(grace)
		})
		ending.Go(func() error { return drainer.Shutdown(grace, public, laneEnded) })
		ending.Go(func() error { return internal.Shutdown(grace) })
		if err := ending.Wait(); err != nil {
			n.log.Warn().Err(err).Msg("some requests did not finish in time and were cut")
		}
		return nil
	})
	n.log.Info().Stringer("public", publicListener.Addr()).Stringer("internal", internalListener.Addr()).Msg("listening")
	if !n.config.Replica() {
		n.announce()
	}
	return group.Wait()
}

// proxies returns what is in front of the public port.
func (n *node) proxies() (*trip2ghttp.Proxies, error) {
	if n.config.PublicURL == "" {
		return trip2ghttp.NewProxies(n.config.TrustedProxies, nil), nil
	}
	public, err := url.Parse(n.config.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("read the public URL: %w", err)
	}
	return trip2ghttp.NewProxies(n.config.TrustedProxies, public), nil
}

func (n *node) listen(ctx context.Context) (public, internal net.Listener, err error) {
	var l net.ListenConfig
	if public, err = l.Listen(ctx, "tcp", n.config.ListenAddr); err != nil {
		return nil, nil, fmt.Errorf("open the public port: %w: free it, or set %sLISTEN_ADDR to another", err, config.Prefix)
	}
	if internal, err = tcpopt.ListenConfig().Listen(ctx, "tcp", n.config.InternalListenAddr); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the internal port: %w: free it, or set %sINTERNAL_LISTEN_ADDR to another", err, config.Prefix), public.Close())
	}
	return public, internal, nil
}

func serving(port string, err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve the %s port: %w", port, err)
}
