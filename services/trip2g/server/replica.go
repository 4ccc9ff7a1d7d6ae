package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

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
// no writer, queue or schedule, because none is made here. It listens at once: a write
// needs only the leader, and a probe is told what the node waits for.
func (n *node) runReplica(ctx context.Context) error {
	var assets laterAssets
	ports, err := n.replicaPorts(&assets)
	if err != nil {
		return err
	}
	follow := func(ctx context.Context) error { return n.follow(ctx, &assets) }
	return n.serveBeside(ctx, ports, follow, n.watch.Run, n.nodes.Run, n.search.Run, n.docs.Run, n.watchLiteFS, n.watchDisk, n.counted.Run, n.runTunnel)
}

// follow opens the database when it is there and keeps the site up to date until ctx ends.
func (n *node) follow(ctx context.Context, assets *laterAssets) (err error) {
	reader, err := sqlite.OpenReader(ctx, n.config.DBFile, sqlite.Options{Waiting: n.wait})
	if err != nil {
		return unlessEnded(ctx, err)
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	if err := reader.CheckEncryptionKey(ctx, n.config.EncryptionKey()); err != nil {
		return unlessEnded(ctx, err)
	}
	assets.reader.Store(reader)
	n.database.opened()
	probing, stopProbing := context.WithCancel(ctx)
	var probe sync.WaitGroup
	probe.Go(func() { n.database.run(probing, reader.Ready) })
	defer probe.Wait()
	defer stopProbing()
	wake, err := n.wakeUps(ctx)
	if err != nil {
		return err
	}
	follower := site.NewFollower(reader, n.siteOptions())
	n.site.Store(follower)
	_, _ = follower.Refresh(ctx) // Run tries again and says what is wrong
	reader.Shrink()
	n.garbage.settle()
	return unlessEnded(ctx, follower.Run(ctx, wake))
}

// hear takes in the position that the leader's answer to a forwarded request has.
func (n *node) hear(answer http.Header) {
	if position, ok := trip2g.ParsePosition(answer.Get(trip2g.PositionHeader)); ok {
		n.watch.Heard(position)
	}
}

// waitFor returns when the site is at position, or with ctx's error.
func (n *node) waitFor(ctx context.Context, position trip2g.Position) error {
	if follower := n.site.Load(); follower != nil {
		return follower.WaitFor(ctx, position)
	}
	return errNoDatabase
}

// divergence returns an error if this node's database is no state of the leader's: then nothing goes to
// the leader.
func (n *node) divergence() error {
	if how := n.watch.State().Diverges; how != "" {
		return trip2g.Errorf(trip2g.EUNAVAILABLE, "this node's database has %s", how)
	}
	return nil
}

// catchUp waits until the site is where the leader was last heard to be, for as long as a read may wait.
func (n *node) catchUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, n.config.ReadWait)
	defer cancel()
	_ = n.waitFor(ctx, n.lag().Leader) // what is there afterwards says how it ended
}

// unlessEnded gives err, or nil if ctx ended and so is why.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// wakeUps tells when to look for changes: LiteFS's events on a mount, the file's own on a shared volume.
func (n *node) wakeUps(ctx context.Context) (<-chan struct{}, error) {
	beside, err := n.litefsNode()
	if err != nil {
		return nil, err
	}
	if beside != nil {
		behind := func() trip2g.Position { return n.lag().Leader - n.served() }
		return paceCatchUp(ctx, beside.Watch(ctx, filepath.Base(n.config.DBFile)), behind), nil
	}
	return dbwatch.Watch(ctx, n.config.DBFile, n.log)
}

func (n *node) replicaPorts(assets trip2g.AssetReader) (ports, error) {
	signer, err := forward.NewSigner(n.config.JWTSecret.Reveal(), nil)
	if err != nil {
		return ports{}, err
	}
	n.watch = leaderwatch.New(leaderwatch.Options{LeaderAddr: n.config.LeaderAddr, Served: n.timeline, ChangedAt: n.changedAt, Log: n.log})
	messenger, err := forward.NewMessenger(forward.MessengerOptions{
		LeaderAddr: n.config.LeaderAddr, Secret: n.config.JWTSecret.Reveal(), Node: n.config.NodeName,
	})
	if err != nil {
		return ports{}, err
	}
	n.nodes = n.newNodes(messenger)
	n.counted = notfound.NewTracker(notfound.ToLeader{Messenger: messenger, Suspended: n.divergence}, n.log, n.registry)
	n.forwarder, err = forward.New(forward.Options{
		OnAnswer: n.hear, LastEvent: graphql.LastEvent,
		Admit:      func(timeline string) error { return n.watch.Admit(trip2g.ParseTimeline(timeline)) },
		Suspended:  n.divergence,
		LeaderAddr: n.config.LeaderAddr, Signer: signer, Node: n.config.NodeName, HoldFor: holdFor(n.config.ForwardWait),
		Cookie: n.config.SessionCookieName, LeaderCookie: n.config.LeaderSessionCookieName, Log: n.log, Registerer: n.registry,
	})
	if err != nil {
		return ports{}, err
	}
	routes, err := n.peopleRoutes(nil)
	if err != nil {
		return ports{}, err
	}
	own := n.ownHandler(trip2ghttp.Options{Routes: routes, Assets: assets, Missing: n.counted.Add, CatchUp: n.catchUp}, n.waitFor)
	return ports{
		public:   forward.PublicGuard(n.access.Wrap(trip2ghttp.PublicPort, forward.Split(own, n.forwarder))),
		internal: n.internalHandler(forward.RefuseLoop(n.config.NodeName)),
	}, nil
}

// laterAssets reads files once the database is there; the site, which names them, comes after it.
type laterAssets struct {
	reader atomic.Pointer[sqlite.Reader]
}

var errNoDatabase = trip2g.Errorf(trip2g.EUNAVAILABLE, "this node is still waiting for its database")

// Asset is trip2g.AssetReader's.
func (a *laterAssets) Asset(ctx context.Context, hash string) (trip2g.Asset, error) {
	if r := a.reader.Load(); r != nil {
		return r.Asset(ctx, hash)
	}
	return trip2g.Asset{}, errNoDatabase
}

// OpenAsset is trip2g.AssetReader's.
func (a *laterAssets) OpenAsset(ctx context.Context, hash string) (io.ReadSeekCloser, error) {
	if r := a.reader.Load(); r != nil {
		return r.OpenAsset(ctx, hash)
	}
	return nil, errNoDatabase
}

// IsReferenced is trip2g.AssetReader's.
func (a *laterAssets) IsReferenced(ctx context.Context, hash string) (bool, error) {
	if r := a.reader.Load(); r != nil {
		return r.IsReferenced(ctx, hash)
	}
	return false, errNoDatabase
}

// holdFor gives the forwarder's word for a wait: it takes 0 for its default.
func holdFor(wait time.Duration) time.Duration {
	if wait == 0 {
		return -1
	}
	return wait
}
