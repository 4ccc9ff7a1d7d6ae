package server

import (
	"bytes"
	"cmp"
	"context"
	stdlog "log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"trip2g/internal/forward"
	"trip2g/internal/litefs"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/notefeed"
	"trip2g/services/trip2g/content/search"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/content/site/render"
	"trip2g/services/trip2g/ops/config"
	"trip2g/services/trip2g/replication/leaderwatch"
	"trip2g/services/trip2g/replication/nodes"
	"trip2g/services/trip2g/store/filecache"
	"trip2g/services/trip2g/store/sqlite"
	trip2ghttp "trip2g/services/trip2g/web/http"
	"trip2g/services/trip2g/web/notfound"
)

// node contains what leaders and replicas share.
type node struct {
	config      *config.Config
	log         zerolog.Logger
	registry    *prometheus.Registry
	epoch       forward.Epoch // of the internal port
	access      *trip2ghttp.AccessLog
	fastPath    *trip2ghttp.FastPath
	site        atomic.Pointer[site.Follower] // nil until the database is open
	watch       *leaderwatch.Watch            // nil on a leader
	nodes       *nodes.Nodes                  // set before the ports open
	litefs      atomic.Pointer[litefsState]   // nil without LiteFS
	disk        atomic.Pointer[diskState]     // nil before the first measurement
	missCounter *notfound.Tracker             // of 404s; set with nodes
	feed        *notefeed.Feed                // of a leader's subscriptions
	forwarder   *forward.Forwarder            // nil on a leader
	search      *search.Index
	docs        *documentation
	heavy       *semaphore.Weighted // limits concurrent work that uses a processor for long
	gc          gcTuner
	stopping    atomic.Bool
	database    databaseProbe
}

func newNode(c *config.Config, log zerolog.Logger) *node {
	n := &node{config: c, log: log, registry: trip2ghttp.NewRegistry(), epoch: forward.NewEpoch()}
	n.database.wait("not open yet")
	n.heavy = semaphore.NewWeighted(int64(search.Turns()))
	n.search, n.feed = n.newSearch(), notefeed.New()
	n.docs = newDocumentation(n)
	n.access = trip2ghttp.NewAccessLog(log, n.registry)
	n.fastPath = trip2ghttp.NewFastPath(n.current, render.Codings, c.SessionCookieName, n.access)
	trip2ghttp.RegisterNode(n.registry, c.Role(), n.current, n.replicationLag)
	trip2ghttp.RegisterLag(n.registry, n.lag, n.served)
	trip2ghttp.RegisterDisk(n.registry, n.diskSpace)
	return n
}

// current returns the site that is served, nil until it is loaded.
func (n *node) current() trip2g.Site {
	if follower := n.site.Load(); follower != nil {
		return follower.Current()
	}
	return nil
}

// served returns the position that is served, 0 until the site is loaded.
func (n *node) served() trip2g.Position {
	if s := n.current(); s != nil {
		return s.Stats().Position
	}
	return 0
}

// timeline returns the timeline of the database that is served, zero until the site is loaded.
func (n *node) timeline() trip2g.Timeline {
	if s := n.current(); s != nil {
		return s.Stats().Timeline()
	}
	return trip2g.Timeline{}
}

// changedAt returns the time of the change at the served position, zero if it is unknown.
func (n *node) changedAt() time.Time {
	if s := n.current(); s != nil {
		return s.Stats().ChangedAt
	}
	return time.Time{}
}

// lag returns how far this node is behind the leader. A leader is never behind.
func (n *node) lag() trip2ghttp.Lag {
	if n.watch == nil {
		return trip2ghttp.Lag{Leader: n.served(), Heard: time.Now(), Answers: true}
	}
	s := n.watch.State()
	return trip2ghttp.Lag{Leader: s.Position, Heard: s.Heard, Answers: s.Answers, Age: s.Age, Note: s.Note, Diverges: s.Diverges != ""}
}

func (n *node) wait(reason string) {
	n.database.wait(reason)
	n.log.Info().Msg(reason)
}

// ready reports whether this node can serve correctly, and what is missing if not. It does no I/O.
func (n *node) ready() trip2ghttp.Readiness {
	state := trip2ghttp.Readiness{
		Role: n.config.Role(), Node: n.config.NodeName, Position: n.served(), Lag: n.lag(),
		Missing: map[string]string{}, Impaired: map[string]string{},
	}
	note := func(part, missing, impaired string) {
		if missing != "" {
			state.Missing[part] = missing
		}
		if impaired != "" {
			state.Impaired[part] = impaired
		}
	}
	missing, impaired := n.database.state()
	note("database", missing, impaired)
	note("site", n.siteProblem(), "")
	if state.Lag.Diverges {
		note("database", state.Lag.Note, "")
	}
	if n.config.Replica() && state.Lag.Answers {
		note("replication", n.litefs.Load().problem(time.Now()), "")
	}
	if !n.config.Replica() {
		state.Timeline = n.timeline().String()
	}
	if n.nodes != nil { // nil while it is being created, which calls ready
		if fault := n.nodes.Fault(); fault != "" {
			note("writes", fault+"; until then nothing can be written through this node", "")
		}
	}
	if err := n.search.Fault(); err != nil {
		note("search", "", err.Error())
	}
	missing, impaired = n.diskProblem()
	note("disk", missing, impaired)
	if n.stopping.Load() {
		note("process", "stopping", "")
	}
	state.Ready = len(state.Missing) == 0
	return state
}

// siteProblem returns why pages cannot be served or no longer follow the database. A busy database
// is not a reason: the site in memory is served, and follows later.
func (n *node) siteProblem() string {
	if n.current() == nil {
		return "not loaded yet"
	}
	if err := n.site.Load().Err(); err != nil && !sqlite.IsBusy(err) {
		return "cannot follow the database: " + trip2g.ErrorMessage(err)
	}
	return ""
}

// ownHandler returns the handler of requests that this node answers itself. o contains what is
// specific to its role. waitFor is nil on a leader, which always serves the newest position.
func (n *node) ownHandler(o trip2ghttp.Options, waitFor func(context.Context, trip2g.Position) error) http.Handler {
	o.Site, o.SessionCookie, o.Codings = n.current, n.config.SessionCookieName, render.Codings
	_, memory := bodyBytes(n.config)
	o.Assets = filecache.New(o.Assets, filecache.Options{
		MemorySize: memory, DiskSize: int64(n.config.FileCacheSize), Dirs: n.tempDirs, Log: n.log,
	})
	o.Signer = trip2g.NewAssetSigner(n.config.JWTSecret.Reveal())
	o.Static, o.StaticPrefix = render.StaticHandler(), render.StaticPrefix
	o.Welcome = n.welcome
	o.Routes = append(o.Routes, n.routes()...)
	return trip2ghttp.ReadYourWrites(trip2ghttp.WithRequestID(trip2ghttp.NewHandler(o)), trip2ghttp.ConsistencyOptions{
		Served: n.served, Lag: n.lag, WaitFor: waitFor, MaxWait: n.config.ReadWait,
	})
}

func (n *node) siteOptions() site.Options {
	pages, _ := bodyBytes(n.config)
	return site.Options{
		Parse: markdown.Parse, Render: markdown.Render, Excerpt: markdown.Excerpt, Context: markdown.Context,
		Log: n.log, BodyCacheSize: pages, Observe: n.observe, Heavy: n.heavy, SystemPages: systemPages(),
	}
}

// observe passes a change of the site to search and subscriptions.
func (n *node) observe(c trip2g.SiteChange) {
	n.search.Observe(c)
	n.feed.Observe(c)
}

// endStreams ends responses without an end of their own, so that shutdown does not wait for them.
func (n *node) endStreams() {
	n.nodes.EndEvents()
	n.feed.End()
	if n.forwarder != nil {
		n.forwarder.EndStreams()
	}
}

// tempDirs returns the folders for temporary files, best first. They hold copies of large files,
// the search index and uploads in progress. The database's folder is one of them, except on a
// LiteFS mount, which takes only databases.
func (n *node) tempDirs() []string {
	dirs := []string{cmp.Or(n.config.FileCacheDir, os.TempDir())}
	if mounted, err := litefs.Mounted(n.config.DBFile); err == nil && !mounted {
		dirs = append(dirs, filepath.Dir(n.config.DBFile))
	}
	return dirs
}

// litefsNode returns the LiteFS node whose mount the database is on, nil if it is on no mount.
func (n *node) litefsNode() (*litefs.Node, error) {
	mounted, err := litefs.Mounted(n.config.DBFile)
	if err != nil || !mounted {
		return nil, err
	}
	return litefs.Open(filepath.Dir(n.config.DBFile), n.config.LiteFSURL)
}

// replicationLag returns the lag that this host's LiteFS node last reported, so that metrics never
// read its mount. known is false without LiteFS, and before its first report.
func (n *node) replicationLag() (lag time.Duration, known bool) {
	if state := n.litefs.Load(); state != nil {
		return state.lag(time.Now())
	}
	return 0, false
}

// internalHandler returns the handler of the internal port: probes and metrics, and rest for
// everything else.
func (n *node) internalHandler(rest http.Handler) http.Handler {
	if n.config.Profile {
		rest = trip2ghttp.WithProfiles(rest)
	}
	return trip2ghttp.NewInternalHandler(n.ready, n.registry, rest)
}

// serverErrors returns a logger for net/http's messages about connections.
func serverErrors(log zerolog.Logger, port string) *stdlog.Logger {
	return stdlog.New(logWriter{log, port}, "", 0)
}

type logWriter struct {
	log  zerolog.Logger
	port string
}

func (w logWriter) Write(line []byte) (int, error) {
	event := w.log.Debug() // most are errors of clients
	if bytes.Contains(line, []byte("panic serving")) {
		event = w.log.Error()
	}
	event.Str("port", w.port).Msg(strings.TrimSpace(string(line)))
	return len(line), nil
}
