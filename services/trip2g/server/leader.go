package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
	"trip2g/services/trip2g/content/access"
	"trip2g/services/trip2g/content/history"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/publish"
	"trip2g/services/trip2g/content/settings"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/ops/filemode"
	"trip2g/services/trip2g/ops/jobs"
	"trip2g/services/trip2g/replication/nodes"
	"trip2g/services/trip2g/store/sqlite"
	"trip2g/services/trip2g/web/graphql"
	trip2ghttp "trip2g/services/trip2g/web/http"
	"trip2g/services/trip2g/web/notfound"
)

// runLeader runs the node that owns the database: all that writes is wired here and only here.
// It listens when it can serve, so that a replica's write is held until then.
func (n *node) runLeader(ctx context.Context) (err error) {
	db, err := n.openLeaderDatabase(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	n.database.opened()

	options := n.siteOptions()
	options.Warn = func(w trip2g.Warning) {
		n.log.Warn().Str("note", w.Path).Int("line", w.Line).Msg(w.Text)
	}
	follower := site.NewFollower(db, options)
	if _, err := follower.Refresh(ctx); err != nil {
		return err
	}
	db.Shrink()
	n.garbage.settle()
	n.site.Store(follower)

	runner, err := jobs.NewRunner(db, n.log)
	if err != nil {
		return err
	}
	signIn, members, err := n.newPeople(db, follower, runner)
	if err != nil {
		return err
	}
	n.nodes = n.newNodes(nil)
	api, err := n.newAPI(db, signIn, members, follower, runner)
	if err != nil {
		return err
	}
	n.counted = notfound.NewTracker(db, n.log, n.registry)
	routes, err := n.peopleRoutes(n.leaderOfPeople(signIn, n.newClaim(follower, signIn), members))
	if err != nil {
		return err
	}
	ports, err := n.leaderPorts(
		trip2ghttp.Options{Assets: db, GraphQL: api, Missing: n.counted.Add, Routes: routes},
		map[string]forward.MessageFunc{nodes.ReportPath: n.nodes.Take, notfound.RelayPath: notfound.FromReplicas(db)})
	if err != nil {
		return err
	}

	return n.serveBeside(ctx, ports,
		func(ctx context.Context) error { n.database.run(ctx, db.Ready); return nil },
		func(ctx context.Context) error { return follower.Run(ctx, nil) }, signIn.Run, n.counted.Run, runner.Run, n.nodes.Run, n.search.Run, n.docs.Run, n.watchLiteFS, n.watchDisk)
}

// serveBeside serves while the loops run. They end after the ports, so that the last requests are
// counted and their codes sent; one that fails ends the node.
func (n *node) serveBeside(ctx context.Context, p ports, loops ...func(context.Context) error) error {
	beside, stopBeside := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBeside()
	group, beside := errgroup.WithContext(beside)
	for _, loop := range loops {
		group.Go(func() error { return loop(beside) })
	}
	serving, stopServing := context.WithCancel(ctx)
	defer stopServing()
	context.AfterFunc(beside, stopServing)
	err := n.serve(serving, p)
	stopBeside()
	return errors.Join(err, group.Wait())
}

func (n *node) openLeaderDatabase(ctx context.Context) (*sqlite.DB, error) {
	filemode.RestrictDatabase(n.config.DBFile, n.log)
	db, err := sqlite.OpenLeader(ctx, n.config.DBFile, sqlite.Options{
		TempDirs: n.tempDirs, DiskReserve: int64(n.config.DiskReserve),
		Migrated: func(decision string) { n.log.Info().Msg(decision) },
	})
	if err != nil {
		return nil, err
	}
	err = db.CheckEncryptionKey(ctx, n.config.EncryptionKey())
	if err == nil {
		err = db.SetPublicURL(ctx, n.config.PublicURL)
	}
	if err == nil {
		err = n.healDatabase(ctx, db)
	}
	if err == nil && n.config.OwnerEmail != "" {
		err = db.EnsureOwner(ctx, n.config.OwnerEmail)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// healDatabase brings what an older release stored to what this one expects. Each part does so once.
func (n *node) healDatabase(ctx context.Context, db *sqlite.DB) error {
	merged, err := db.NormalizePaths(ctx)
	for _, path := range merged {
		n.log.Warn().Str("note", path).Msg("two notes had this path in different Unicode forms; they are one now, with both histories, and readers see what was published last")
	}
	if err != nil {
		return err
	}
	return db.FillReferences(ctx, markdown.AssetRefs)
}

func (n *node) newAPI(db *sqlite.DB, signIn *auth.SignIn, members *auth.People, follower *site.Follower, runner *jobs.Runner) (http.Handler, error) {
	publisher := publish.New(publish.Options{
		Vault: db, Assets: db, References: markdown.AssetRefs, Address: markdown.Address, Refresh: follower.Refresh,
		Settings:     func(content string) trip2g.Settings { return *markdown.Parse(trip2g.SettingsPath, content).Settings },
		StoredAccess: func() trip2g.SiteAccess { return follower.Current().Access().Stored },
		Published:    func(id int64) (trip2g.PublishedNote, bool) { return follower.Current().Published(id) },
		MaxNoteSize:  int64(n.config.MaxNoteSize), MaxAssetSize: int64(n.config.MaxAssetSize),
	})
	return graphql.New(graphql.Options{
		AssetQuery: n.assetQuery(),
		TempDirs:   n.tempDirs,

		Publisher: publisher,
		History:   history.New(history.Options{Archive: db, Publisher: publisher, Page: pageOf(follower)}),
		Settings:  settings.New(settings.Options{Archive: db, Publisher: publisher, Parse: markdown.Parse, SetFields: markdown.SetFields}),
		Access:    access.New(access.Options{Store: db, Site: follower.Current, Refresh: follower.Refresh, Parse: markdown.Parse}),
		Missing:   db,
		Jobs:      runner,
		Redirects: publish.NewRedirects(db, follower.Refresh),
		Searcher:  n.search,
		Feed:      n.feed,
		Site:      follower.Current,
		SignIn:    signIn,
		People:    members,
		Keys:      auth.NewKeys(db, nil),
		Origin:    origin,
		Nodes:     n.nodes,
		PublicURL: n.config.PublicURL,
		Cookie:    n.config.SessionCookieName,
		MaxAsset:  int64(n.config.MaxAssetSize),

		NodeSettings: n.config.Values(),
	})
}

// pageOf tells of the page that a note has for its owner.
func pageOf(follower *site.Follower) func(int64) (trip2g.NotePage, bool) {
	return func(id int64) (trip2g.NotePage, bool) { return follower.Current().NoteByID(id, trip2g.Owner) }
}

// assetQuery gives what the API puts behind the address of a file: a signature, unless anyone may
// have the file.
func (n *node) assetQuery() func(hash string) string {
	signer := trip2g.NewAssetSigner(n.config.JWTSecret.Reveal())
	return func(hash string) string {
		if _, public, ok := n.current().Asset(hash); ok && public {
			return ""
		}
		return signer.Query(hash, time.Now())
	}
}

// origin tells the API who asks: the client of the replica that forwarded the request, if one did.
func origin(r *http.Request) trip2g.Origin {
	if o, forwarded := forward.OriginFrom(r.Context()); forwarded {
		return trip2g.Origin{ClientAddr: o.ClientAddr, Scheme: o.Scheme, Host: o.Host}
	}
	o := graphql.DirectOrigin(r)
	o.Scheme = forward.Scheme(r)
	return o
}

// leaderPorts gives the public port and the intake the very same handler. take is what replicas have to
// say for themselves: it is for the internal port alone.
func (n *node) leaderPorts(o trip2ghttp.Options, take map[string]forward.MessageFunc) (ports, error) {
	own := n.ownHandler(o, nil)
	verifier, err := forward.NewVerifier(n.config.JWTSecret.Reveal(), n.epoch, nil)
	if err != nil {
		return ports{}, err
	}
	intake := forward.NewIntake(forward.IntakeOptions{
		Verifier: verifier, Handler: n.access.Wrap(trip2ghttp.IntakePort, own), Log: n.log, Registerer: n.registry,
		OnReject: n.nodes.Reject,
	})
	messages, err := forward.NewMessages(forward.MessageOptions{
		Secret: n.config.JWTSecret.Reveal(), Epoch: n.epoch, Take: take, OnReject: n.nodes.Reject, Log: n.log, Registerer: n.registry,
	}, intake)
	if err != nil {
		return ports{}, err
	}
	tunnels, err := n.withTunnels(messages)
	if err != nil {
		return ports{}, err
	}
	return ports{
		public:   forward.PublicGuard(n.access.Wrap(trip2ghttp.PublicPort, own)),
		internal: n.internalHandler(tunnels),
	}, nil
}
