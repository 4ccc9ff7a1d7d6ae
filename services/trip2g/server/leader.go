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

// runLeader runs the node that owns the database. Everything that writes is wired here and only
// here. It listens once it can serve. Until then replicas hold their writes.
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
	n.gc.siteLoaded()
	n.site.Store(follower)

	runner, err := jobs.NewRunner(db, n.log)
	if err != nil {
		return err
	}
	signIn, members, err := n.newSignIn(db, follower, runner)
	if err != nil {
		return err
	}
	n.nodes = n.newNodes(nil)
	api, err := n.newAPI(db, signIn, members, follower, runner)
	if err != nil {
		return err
	}
	n.missCounter = notfound.NewTracker(db, n.log, n.registry)
	routes, err := n.accountRoutes(n.accountLeader(signIn, n.newClaim(follower, signIn), members))
	if err != nil {
		return err
	}
	ports, err := n.leaderPorts(
		trip2ghttp.Options{Assets: db, GraphQL: api, Missing: n.missCounter.Add, Routes: routes},
		map[string]forward.MessageFunc{nodes.ReportPath: n.nodes.HandleReport, notfound.RelayPath: notfound.FromReplicas(db)})
	if err != nil {
		return err
	}

	return n.serveWith(ctx, ports,
		func(ctx context.Context) error { n.database.run(ctx, db.Ready); return nil },
		func(ctx context.Context) error { return follower.Run(ctx, nil) }, signIn.Run, n.missCounter.Run, runner.Run, n.nodes.Run, n.search.Run, n.docs.Run, n.watchLiteFS, n.watchDisk)
}

// serveWith serves while the loops run. The loops end after the ports, so that the last requests
// are counted and their sign-in codes sent. A loop that fails ends the node.
func (n *node) serveWith(ctx context.Context, p ports, loops ...func(context.Context) error) error {
	looping, stopLoops := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLoops()
	group, looping := errgroup.WithContext(looping)
	for _, loop := range loops {
		group.Go(func() error { return loop(looping) })
	}
	serving, stopServing := context.WithCancel(ctx)
	defer stopServing()
	context.AfterFunc(looping, stopServing)
	err := n.serve(serving, p)
	stopLoops()
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
		err = n.upgradeData(ctx, db)
	}
	if err == nil && n.config.OwnerEmail != "" {
		err = db.EnsureOwner(ctx, n.config.OwnerEmail)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// upgradeData converts what older releases stored. Each step runs once per database.
func (n *node) upgradeData(ctx context.Context, db *sqlite.DB) error {
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
		Nodes:     n.nodes,
		PublicURL: n.config.PublicURL,
		Cookie:    n.config.SessionCookieName,
		MaxAsset:  int64(n.config.MaxAssetSize),

		NodeSettings: n.config.Values(),
	})
}

// pageOf returns a function that finds the page of a note as the owner sees it.
func pageOf(follower *site.Follower) func(int64) (trip2g.NotePage, bool) {
	return func(id int64) (trip2g.NotePage, bool) { return follower.Current().NoteByID(id, trip2g.Owner) }
}

// assetQuery returns a function for the query string of a file's URL in the API: a signature,
// unless the file is public.
func (n *node) assetQuery() func(hash string) string {
	signer := trip2g.NewAssetSigner(n.config.JWTSecret.Reveal())
	return func(hash string) string {
		if _, public, ok := n.current().Asset(hash); ok && public {
			return ""
		}
		return signer.Query(hash, time.Now())
	}
}

// leaderPorts uses the same handler for the public port and for forwarded requests. messages are
// the handlers of messages between nodes, on the internal port alone.
func (n *node) leaderPorts(o trip2ghttp.Options, messages map[string]forward.MessageFunc) (ports, error) {
	own := n.ownHandler(o, nil)
	verifier, err := forward.NewVerifier(n.config.JWTSecret.Reveal(), n.epoch, nil)
	if err != nil {
		return ports{}, err
	}
	intake := forward.NewIntake(forward.IntakeOptions{
		Verifier: verifier, Handler: n.access.Wrap(trip2ghttp.IntakePort, own), Log: n.log, Registerer: n.registry,
		OnReject: n.nodes.Reject,
	})
	internal, err := forward.NewMessages(forward.MessageOptions{
		Secret: n.config.JWTSecret.Reveal(), Epoch: n.epoch, Take: messages, OnReject: n.nodes.Reject, Log: n.log, Registerer: n.registry,
	}, intake)
	if err != nil {
		return ports{}, err
	}
	tunnels, err := n.withTunnels(internal)
	if err != nil {
		return ports{}, err
	}
	return ports{
		public:   forward.PublicGuard(n.access.Wrap(trip2ghttp.PublicPort, own)),
		internal: n.internalHandler(tunnels),
	}, nil
}
