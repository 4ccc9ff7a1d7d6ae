package main

import (
	"bytes"
	"cmp"
	"context"
	stdlog "log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"golang.org/x/sync/semaphore"

	"trip2g/internal/forward"
	"trip2g/internal/litefs"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/config"
	"trip2g/services/trip2g/filecache"
	trip2ghttp "trip2g/services/trip2g/http"
	"trip2g/services/trip2g/leaderwatch"
	"trip2g/services/trip2g/markdown"
	"trip2g/services/trip2g/missing"
	"trip2g/services/trip2g/nodes"
	"trip2g/services/trip2g/notefeed"
	"trip2g/services/trip2g/search"
	"trip2g/services/trip2g/site"
)

// readyFor is how long an answer of the database's probe is used again, so that hammering /readyz
// does not become reading the database.
const readyFor = 500 * time.Millisecond

// node is what a leader and a replica have in common.
type node struct {
	config    *config.Config
	log       zerolog.Logger
	registry  *prometheus.Registry
	access    *trip2ghttp.AccessLog
	pages     *trip2ghttp.PlainPages
	site      atomic.Pointer[site.Follower] // nil until the database is open
	watch     *leaderwatch.Watch            // nil on a leader
	nodes     *nodes.Nodes                  // set before the ports are
	beside    atomic.Pointer[litefsState]   // nil without LiteFS
	counted   *missing.Tracker              // set with nodes
	feed      *notefeed.Feed                // of a leader's subscriptions
	forwarder *forward.Forwarder            // nil on a leader
	search    *search.Index
	docs      *documentation
	long      *semaphore.Weighted // turns of what takes a processor for long
	garbage   collector
	stopping  atomic.Bool

	mu      sync.Mutex
	waiting string // what opening the database waits for
	probe   func(context.Context) error
	probed  time.Time
	fault   error
}

func newNode(c *config.Config, log zerolog.Logger) *node {
	n := &node{config: c, log: log, registry: trip2ghttp.NewRegistry(), waiting: "not open yet"}
	n.long = semaphore.NewWeighted(int64(search.Turns()))
	n.search, n.feed = n.newSearch(), notefeed.New()
	n.docs = newDocumentation(n)
	n.access = trip2ghttp.NewAccessLog(log, n.registry)
	n.pages = trip2ghttp.NewPlainPages(n.current, site.Codings, c.SessionCookieName, n.access)
	trip2ghttp.RegisterNode(n.registry, c.Role(), n.current, n.replicationLag)
	trip2ghttp.RegisterLag(n.registry, n.lag, n.served)
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

// lag tells how far this node is behind the leader; a leader is its own.
func (n *node) lag() trip2ghttp.Lag {
	if n.watch == nil {
		return trip2ghttp.Lag{Leader: n.served(), Heard: time.Now(), Answers: true}
	}
	s := n.watch.State()
	return trip2ghttp.Lag{Leader: s.Position, Heard: s.Heard, Answers: s.Answers, Age: s.Age, Note: s.Note}
}

// opened tells the readiness probe that the database is open and how to ask it.
func (n *node) opened(probe func(context.Context) error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting, n.probe = "", probe
}

func (n *node) wait(reason string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.waiting = reason
	n.log.Info().Msg(reason)
}

// ready says whether this node would serve correctly now, and else what is missing.
func (n *node) ready() trip2ghttp.Readiness { return n.readiness(n.databaseFault()) }

// readiness is ready with what is known to be wrong with the database.
func (n *node) readiness(fault string) trip2ghttp.Readiness {
	state := trip2ghttp.Readiness{
		Role: n.config.Role(), Node: n.config.NodeName, Position: n.served(), Missing: map[string]string{}, Lag: n.lag(),
	}
	if fault != "" {
		state.Missing["database"] = fault
	}
	if n.current() == nil {
		state.Missing["site"] = "not loaded yet"
	}
	if follower := n.site.Load(); follower != nil {
		if err := follower.Err(); err != nil {
			state.Missing["site"] = "cannot follow the database: " + trip2g.ErrorMessage(err)
		}
	}
	if n.nodes != nil { // else it is being made, and makes its first report of this node
		if fault := n.nodes.Fault(); fault != "" {
			state.Missing["writes"] = fault + "; until then nothing can be written through this node"
		}
	}
	if err := n.search.Fault(); err != nil {
		state.Impaired = map[string]string{"search": err.Error()}
	}
	if n.stopping.Load() {
		state.Missing["process"] = "stopping"
	}
	state.Ready = len(state.Missing) == 0
	return state
}

func (n *node) databaseFault() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.waiting != "" {
		return n.waiting
	}
	if time.Since(n.probed) > readyFor {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		n.fault, n.probed = n.probe(ctx), time.Now()
	}
	return n.lastFault()
}

// lastFault gives what was last found to be wrong with the database. The caller holds the lock.
func (n *node) lastFault() string {
	if n.waiting != "" {
		return n.waiting
	}
	if n.fault != nil {
		return n.fault.Error()
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
		Served: n.served, Lag: n.lag, WaitFor: waitFor, AtMost: n.config.ReadWait,
	})
}

func (n *node) siteOptions() site.Options {
	pages, _ := bodyBytes(n.config)
	return site.Options{
		Parse: markdown.Parse, Render: markdown.Render, Excerpt: markdown.Excerpt, Context: markdown.Context,
		Log: n.log, BodyCacheSize: pages, Observe: n.observe, Long: n.long, SystemPages: systemPages(),
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
