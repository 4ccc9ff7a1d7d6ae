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
	"trip2g/services/trip2g/ops/config"
	"trip2g/services/trip2g/replication/leaderwatch"
	"trip2g/services/trip2g/replication/nodes"
	"trip2g/services/trip2g/store/filecache"
	"trip2g/services/trip2g/store/sqlite"
	trip2ghttp "trip2g/services/trip2g/web/http"
	"trip2g/services/trip2g/web/notfound"
)

// node is what a leader and a replica have in common.
type node struct {
	config    *config.Config
	log       zerolog.Logger
	registry  *prometheus.Registry
	epoch     forward.Epoch // of the internal port
	access    *trip2ghttp.AccessLog
	fastPath  *trip2ghttp.FastPath
	site      atomic.Pointer[site.Follower] // nil until the database is open
	watch     *leaderwatch.Watch            // nil on a leader
	nodes     *nodes.Nodes                  // set before the ports are
	beside    atomic.Pointer[litefsState]   // nil without LiteFS
	disk      atomic.Pointer[diskState]     // nil until it was looked at
	counted   *notfound.Tracker             // set with nodes
	feed      *notefeed.Feed                // of a leader's subscriptions
	forwarder *forward.Forwarder            // nil on a leader
	search    *search.Index
	docs      *documentation
	long      *semaphore.Weighted // turns of what takes a processor for long
	garbage   collector
	stopping  atomic.Bool
	database  databaseProbe
}

func newNode(c *config.Config, log zerolog.Logger) *node {
	n := &node{config: c, log: log, registry: trip2ghttp.NewRegistry(), epoch: forward.NewEpoch()}
	n.database.wait("not open yet")
	n.long = semaphore.NewWeighted(int64(search.Turns()))
	n.search, n.feed = n.newSearch(), notefeed.New()
	n.docs = newDocumentation(n)
	n.access = trip2ghttp.NewAccessLog(log, n.registry)
	n.fastPath = trip2ghttp.NewFastPath(n.current, site.Codings, c.SessionCookieName, n.access)
	trip2ghttp.RegisterNode(n.registry, c.Role(), n.current, n.replicationLag)
	trip2ghttp.RegisterLag(n.registry, n.lag, n.served)
	trip2ghttp.RegisterDisk(n.registry, n.diskSpace)
	return n
}

// current gives the site that is served, nil until it is loaded.
func (n *node) current() trip2g.Site {
	if follower := n.site.Load(); follower != nil {
		return follower.Current()
	}
	return nil
}

// served gives the position that is served, 0 until there is a site.
func (n *node) served() trip2g.Position {
	if s := n.current(); s != nil {
		return s.Stats().Position
	}
	return 0
}

// timeline returns the history of the database that is served, zero until there is a site.
func (n *node) timeline() trip2g.Timeline {
	if s := n.current(); s != nil {
		return s.Stats().Timeline()
	}
	return trip2g.Timeline{}
}

// changedAt returns when the change at the served position was made, zero if that is not known.
func (n *node) changedAt() time.Time {
	if s := n.current(); s != nil {
		return s.Stats().ChangedAt
	}
	return time.Time{}
}

// lag tells how far this node is behind the leader; a leader is its own.
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

// ready returns whether this node would serve correctly now, and else what is missing. It answers
// from memory.
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
	note("site", n.siteFault(), "")
	if state.Lag.Diverges {
		note("database", state.Lag.Note, "")
	}
	if n.config.Replica() && state.Lag.Answers {
		note("replication", n.beside.Load().fault(time.Now()), "")
	}
	if !n.config.Replica() {
		state.Timeline = n.timeline().String()
	}
	if n.nodes != nil { // else it is being made, and makes its first report of this node
		if fault := n.nodes.Fault(); fault != "" {
			note("writes", fault+"; until then nothing can be written through this node", "")
		}
	}
	if err := n.search.Fault(); err != nil {
		note("search", "", err.Error())
	}
	missing, impaired = n.diskFault()
	note("disk", missing, impaired)
	if n.stopping.Load() {
		note("process", "stopping", "")
	}
	state.Ready = len(state.Missing) == 0
	return state
}

// siteFault returns why pages cannot be served, or will not change any more. A database that is busy
// is no reason: the site in memory is served, and follows when it can.
func (n *node) siteFault() string {
	if n.current() == nil {
		return "not loaded yet"
	}
	if err := n.site.Load().Err(); err != nil && !sqlite.IsBusy(err) {
		return "cannot follow the database: " + trip2g.ErrorMessage(err)
	}
	return ""
}

// ownHandler gives the handler of what this node answers itself; o has what only its role has.
// waitFor is nil on a leader, which serves the newest there is.
func (n *node) ownHandler(o trip2ghttp.Options, waitFor func(context.Context, trip2g.Position) error) http.Handler {
	o.Site, o.SessionCookie, o.Codings = n.current, n.config.SessionCookieName, site.Codings
	_, memory := bodyBytes(n.config)
	o.Assets = filecache.New(o.Assets, filecache.Options{
		MemorySize: memory, DiskSize: int64(n.config.FileCacheSize), Dirs: n.tempDirs, Log: n.log,
	})
	o.Signer = trip2g.NewAssetSigner(n.config.JWTSecret.Reveal())
	o.Static, o.StaticPrefix = site.StaticHandler(), site.StaticPrefix
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
		Log: n.log, BodyCacheSize: pages, Observe: n.observe, Heavy: n.long, SystemPages: systemPages(),
	}
}

// observe hands on that the site changed.
func (n *node) observe(c trip2g.SiteChange) {
	n.search.Observe(c)
	n.feed.Observe(c)
}

// endStreams ends the responses that go on for as long as their clients like, so that a node which stops
// need not wait for them.
func (n *node) endStreams() {
	n.nodes.EndEvents()
	n.feed.End()
	if n.forwarder != nil {
		n.forwarder.EndStreams()
	}
}

// tempDirs returns the folders for temporary files, best first: the copies of large files, the index of
// the search, and uploads under way. The database's own is one of them unless LiteFS keeps it: a mount
// takes nothing but databases.
func (n *node) tempDirs() []string {
	dirs := []string{cmp.Or(n.config.FileCacheDir, os.TempDir())}
	if mounted, err := litefs.Mounted(n.config.DBFile); err == nil && !mounted {
		dirs = append(dirs, filepath.Dir(n.config.DBFile))
	}
	return dirs
}

// litefsNode gives the LiteFS node whose mount the database is on, nil if it is on none.
func (n *node) litefsNode() (*litefs.Node, error) {
	mounted, err := litefs.Mounted(n.config.DBFile)
	if err != nil || !mounted {
		return nil, err
	}
	return litefs.Open(filepath.Dir(n.config.DBFile), n.config.LiteFSURL)
}

// replicationLag gives the lag that the LiteFS node beside this process last told, so that asking for
// metrics is no read of its mount; false where there is none, or it has heard nothing yet.
func (n *node) replicationLag() (time.Duration, bool) {
	if beside := n.beside.Load(); beside != nil {
		return beside.lag(time.Now())
	}
	return 0, false
}

// internalHandler is the internal port's: probes, metrics, and rest for everything else.
func (n *node) internalHandler(rest http.Handler) http.Handler {
	if n.config.Profile {
		rest = trip2ghttp.WithProfiles(rest)
	}
	return trip2ghttp.NewInternalHandler(n.ready, n.registry, rest)
}

// serverErrors takes what net/http has to say about connections into the log.
func serverErrors(log zerolog.Logger, port string) *stdlog.Logger {
	return stdlog.New(logWriter{log, port}, "", 0)
}

type logWriter struct {
	log  zerolog.Logger
	port string
}

func (w logWriter) Write(line []byte) (int, error) {
	event := w.log.Debug() // what clients do wrong
	if bytes.Contains(line, []byte("panic serving")) {
		event = w.log.Error()
	}
	event.Str("port", w.port).Msg(strings.TrimSpace(string(line)))
	return len(line), nil
}
