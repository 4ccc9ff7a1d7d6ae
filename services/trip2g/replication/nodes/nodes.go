// Package nodes keeps the topology, the leader and all its replicas, in the memory of each node.
//
// Every node samples itself once a second. A replica reports its sample to its leader, and the
// leader answers with the whole topology. So each node has it, and still shows it, with its age,
// when the leader is away. It is not written to the database, where it would be replicated.
package nodes

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/xid"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
)

// DefaultEvery is the interval of samples, reports and events.
const DefaultEvery = time.Second

// Options configure Nodes. Sample and Answered are required.
type Options struct {
	// Sample returns this node's state, from memory. The measurements over time are added to it:
	// the process, its start, requests, clock and lag.
	Sample   func() trip2g.NodeReport
	Answered func() float64 // requests since the start
	// Served returns the served position and the time of its change by the leader's clock; 0
	// without a site.
	Served func() (trip2g.Position, time.Time)

	// Options of a replica. A leader leaves them out.
	LeaderAddr string // of the leader's internal port
	Messenger  *forward.Messenger
	WaitFor    func(context.Context, trip2g.Position) error // returns when a position is served

	Every      time.Duration // 0: DefaultEvery
	Log        zerolog.Logger
	Registerer prometheus.Registerer // nil: no metrics
}

// Nodes holds one node's topology. It is safe for concurrent use.
type Nodes struct {
	Options
	process string
	started time.Time
	metrics *metrics
	streams streams

	mu       sync.Mutex
	own      trip2g.NodeReport
	rate     rate
	history  history
	arrival  float64 // seconds until the newest change was served here
	ahead    time.Duration
	replicas registry // on a leader
	rejected rejected // on a leader
	view     view     // on a replica
	fault    string   // on a replica: why the leader rejects its reports; "" as far as it knows
}

var _ trip2g.NodeService = (*Nodes)(nil)

// New returns the topology of a node. Run starts it.
func New(o Options) *Nodes {
	if o.Every <= 0 {
		o.Every = DefaultEvery
	}
	now := time.Now()
	n := &Nodes{Options: o, process: xid.New().String(), started: now, view: view{heard: now}, streams: newStreams()}
	n.metrics = newMetrics(o.Registerer, n)
	n.sample(now)
	return n
}

// Run samples this node and, on a replica, reports, until ctx ends.
func (n *Nodes) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return n.every(ctx, func() { n.sample(time.Now()) }) })
	if n.Messenger != nil {
		group.Go(func() error { return n.runReports(ctx) })
		group.Go(func() error { return n.watchArrivals(ctx) })
	}
	return group.Wait()
}

// every calls do at intervals until ctx ends. A call that takes longer delays the next one.
func (n *Nodes) every(ctx context.Context, do func()) error {
	ticker := time.NewTicker(n.Every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			do()
		}
	}
}

// sample samples this node.
func (n *Nodes) sample(now time.Time) {
	report, answered := n.Sample(), n.Answered()
	n.mu.Lock()
	defer n.mu.Unlock()
	report.Process, report.StartedAt = n.process, n.started.UTC().Truncate(time.Millisecond)
	report.Requests = rounded(n.rate.add(now, answered))
	if report.Role == trip2g.RoleReplica {
		n.measureLag(&report, now)
	}
	if report.Missing == nil {
		report.Missing = []string{}
	}
	if report.LagHistory == nil {
		report.LagHistory = []*float64{}
	}
	n.own = report
}

// Fault returns why the leader rejects this replica's reports, in a sentence. Only an operator can
// mend a rejected signature. It is "" if the leader last accepted one, or has not answered at all:
// an outage passes by itself.
func (n *Nodes) Fault() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.fault
}

// Topology implements trip2g.NodeService.
func (n *Nodes) Topology() trip2g.Topology {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	own := trip2g.Node{NodeReport: n.own}
	t := trip2g.Topology{Node: own.Name, Role: own.Role, Process: own.Process}
	if n.Messenger == nil {
		t.Nodes, t.Rejected = append(n.replicas.nodes(now), own), n.rejected.nodes(now)
	} else {
		t.Age = rounded(n.view.age(now).Seconds())
		t.Nodes, t.Rejected = n.view.nodes(now, own, n.LeaderAddr), n.view.rejected(now)
	}
	t.Assess()
	return t
}
