package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/replication/dbwatch"
	"trip2g/services/trip2g/replication/leaderwatch"
	"trip2g/services/trip2g/store/sqlite"
	"trip2g/services/trip2g/web/graphql"
	trip2ghttp "trip2g/services/trip2g/web/http"
	"trip2g/services/trip2g/web/notfound"
)

// runReplica runs a node that reads its copy of the database and forwards everything else. It has
// no writer, queue or schedule. It listens at once: writes need only the leader, and probes show
// what the node waits for.
func (n *node) runReplica(ctx context.Context) error {
	messenger, err := forward.NewMessenger(forward.MessengerOptions{
		LeaderAddr: n.config.LeaderAddr, Secret: n.config.JWTSecret.Reveal(), Node: n.config.NodeName,
	})
	if err != nil {
		return err
	}
	n.watch = leaderwatch.New(leaderwatch.Options{LeaderAddr: n.config.LeaderAddr, Served: n.timeline, ChangedAt: n.changedAt, Log: n.log})
	n.nodes = n.newNodes(messenger)
	n.missCounter = notfound.NewTracker(notfound.ToLeader{Messenger: messenger, Suspended: n.divergence}, n.log, n.registry)
	if n.forwarder, err = n.newForwarder(); err != nil {
		return err
	}
	var assets lateAssets
	ports, err := n.replicaPorts(&assets)
	if err != nil {
		return err
	}
	follow := func(ctx context.Context) error { return n.follow(ctx, &assets) }
	return n.serveWith(ctx, ports, follow, n.watch.Run, n.nodes.Run, n.search.Run, n.docs.Run, n.watchLiteFS, n.watchDisk, n.missCounter.Run, n.runTunnel)
}

// follow waits for the database, opens it and keeps the site up to date until ctx ends.
func (n *node) follow(ctx context.Context, assets *lateAssets) (err error) {
	reader, err := sqlite.OpenReplica(ctx, n.config.DBFile, sqlite.Options{Waiting: n.wait})
	if err != nil {
		return unlessStopped(ctx, err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	if err := reader.CheckEncryptionKey(ctx, n.config.EncryptionKey()); err != nil {
		return unlessStopped(ctx, err)
	}
	assets.reader.Store(reader)
	n.database.opened()
	probing, stopProbing := context.WithCancel(ctx)
	var probe sync.WaitGroup
	probe.Go(func() { n.database.run(probing, reader.Ready) })
	defer probe.Wait()
	defer stopProbing()
	wake, err := n.changeSignals(ctx)
	if err != nil {
		return err
	}
	follower := site.NewFollower(reader, n.siteOptions())
	n.site.Store(follower)
	_, _ = follower.Refresh(ctx) // Run retries and logs errors
	reader.Shrink()
	n.gc.siteLoaded()
	return unlessStopped(ctx, follower.Run(ctx, wake))
}

// observeLeader records the leader's position from the response to a forwarded request.
func (n *node) observeLeader(response http.Header) {
	if position, ok := trip2g.ParsePosition(response.Get(trip2g.PositionHeader)); ok {
		n.watch.Heard(position)
	}
}

// waitFor blocks until the site is at position, or returns ctx's error.
func (n *node) waitFor(ctx context.Context, position trip2g.Position) error {
	if follower := n.site.Load(); follower != nil {
		return follower.WaitFor(ctx, position)
	}
	return errNoDatabase
}

// divergence returns an error if this node's database is not a past state of the leader's. Nothing
// is forwarded then.
func (n *node) divergence() error {
	if how := n.watch.State().Diverges; how != "" {
		return trip2g.Errorf(trip2g.EUNAVAILABLE, "this node's database has %s", how)
	}
	return nil
}

// catchUp waits until the site is at the leader's last known position, at most as long as a read
// may wait.
func (n *node) catchUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, n.config.ReadWait)
	defer cancel()
	_ = n.waitFor(ctx, n.lag().Leader) // the caller looks at the site again
}

// unlessStopped returns err, or nil if ctx has ended.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// changeSignals returns a channel that receives when the database may have changed: events of
// LiteFS on a mount, of the file system elsewhere.
func (n *node) changeSignals(ctx context.Context) (<-chan struct{}, error) {
	node, err := n.litefsNode()
	if err != nil {
		return nil, err
	}
	if node != nil {
		behind := func() trip2g.Position { return n.lag().Leader - n.served() }
		return paceCatchUp(ctx, node.Watch(ctx, filepath.Base(n.config.DBFile)), behind), nil
	}
	return dbwatch.Watch(ctx, n.config.DBFile, n.log)
}

// newForwarder returns the forwarder of writes to the leader.
func (n *node) newForwarder() (*forward.Forwarder, error) {
	signer, err := forward.NewSigner(n.config.JWTSecret.Reveal(), nil)
	if err != nil {
		return nil, err
	}
	return forward.New(forward.Options{
		OnResponse: n.observeLeader, LastEvent: graphql.LastEvent,
		Admit:      func(timeline string) error { return n.watch.Admit(trip2g.ParseTimeline(timeline)) },
		Suspended:  n.divergence,
		LeaderAddr: n.config.LeaderAddr, Signer: signer, Node: n.config.NodeName, HoldFor: n.config.ForwardWait,
		Cookie: n.config.SessionCookieName, LeaderCookie: n.config.LeaderSessionCookieName, Log: n.log, Registerer: n.registry,
	})
}

// replicaPorts returns the handlers of both ports. It needs the node's forwarder and 404 counter.
func (n *node) replicaPorts(assets trip2g.AssetReader) (ports, error) {
	routes, err := n.accountRoutes(nil)
	if err != nil {
		return ports{}, err
	}
	own := n.ownHandler(trip2ghttp.Options{Routes: routes, Assets: assets, Missing: n.missCounter.Add, CatchUp: n.catchUp}, n.waitFor)
	return ports{
		public:   forward.PublicGuard(n.access.Wrap(trip2ghttp.PublicPort, forward.RouteByMethod(own, n.forwarder))),
		internal: n.internalHandler(forward.RefuseLoop(n.config.NodeName)),
	}, nil
}

// lateAssets reads files once the database is open.
type lateAssets struct {
	reader atomic.Pointer[sqlite.ReadDB]
}

var errNoDatabase = trip2g.Errorf(trip2g.EUNAVAILABLE, "this node is still waiting for its database")

// Asset implements trip2g.AssetReader.
func (a *lateAssets) Asset(ctx context.Context, hash string) (trip2g.Asset, error) {
	if r := a.reader.Load(); r != nil {
		return r.Asset(ctx, hash)
	}
	return trip2g.Asset{}, errNoDatabase
}

// OpenAsset implements trip2g.AssetReader.
func (a *lateAssets) OpenAsset(ctx context.Context, hash string) (io.ReadSeekCloser, error) {
	if r := a.reader.Load(); r != nil {
		return r.OpenAsset(ctx, hash)
	}
	return nil, errNoDatabase
}

// IsReferenced implements trip2g.AssetReader.
func (a *lateAssets) IsReferenced(ctx context.Context, hash string) (bool, error) {
	if r := a.reader.Load(); r != nil {
		return r.IsReferenced(ctx, hash)
	}
	return false, errNoDatabase
}
