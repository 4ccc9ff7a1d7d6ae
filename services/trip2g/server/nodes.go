package server

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"trip2g/internal/forward"
	"trip2g/internal/litefs"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/replication/nodes"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// newNodes returns this node's view of all nodes. messenger is nil on a leader.
func (n *node) newNodes(messenger *forward.Messenger) *nodes.Nodes {
	return nodes.New(nodes.Options{
		Sample: n.report, Answered: n.access.Requests, Served: n.servedChange, WaitFor: n.waitFor,
		LeaderAddr: n.config.LeaderAddr, Messenger: messenger, Log: n.log, Registerer: n.registry,
	})
}

// servedChange returns the served position and the time of its change.
func (n *node) servedChange() (trip2g.Position, time.Time) {
	if s := n.current(); s != nil {
		stats := s.Stats()
		return stats.Position, stats.ChangedAt
	}
	return 0, time.Time{}
}

// report returns this node's report. It does no I/O.
func (n *node) report() trip2g.NodeReport {
	ready := n.ready()
	lag := ready.Lag
	r := trip2g.NodeReport{
		Name: n.config.NodeName, Role: ready.Role, Version: trip2g.Version,
		URL: n.config.PublicURL, Address: n.config.ListenAddr, Database: "file",
		Position: ready.Position, LeaderPosition: lag.Leader, LeaderAnswers: lag.Answers, Age: lag.Age.Seconds(), Diverges: lag.Diverges,
		Ready: ready.Ready, Missing: sentences(ready.Missing), Impaired: sentences(ready.Impaired),
	}
	if !lag.Heard.IsZero() {
		ago := time.Since(lag.Heard).Seconds()
		r.LeaderHeard = &ago
	}
	if s := n.current(); s != nil {
		stats := s.Stats()
		r.DatabaseID, r.Notes = stats.DatabaseID, stats.Notes
	}
	if state := n.litefs.Load(); state != nil {
		r.Database = "LiteFS"
		if lag, known := state.lag(time.Now()); known {
			seconds := lag.Seconds()
			r.LiteFSLag = &seconds
		}
	}
	return r
}

// sentences formats what a node lacks. It cuts each text to the size that a report allows.
func sentences(missing map[string]string) []string {
	out := make([]string, 0, len(missing))
	for part, why := range missing {
		out = append(out, trip2g.CleanReportText(part+": "+why))
	}
	slices.Sort(out)
	return out
}

// litefsState is the last answer of this host's LiteFS node.
type litefsState struct {
	reported     time.Duration // its lag
	known        bool          // false if it has received nothing from the primary yet
	at           time.Time     // time of the answer
	disconnected time.Time     // since when it is not connected to the primary, unless known
}

// connectTimeout is how long a LiteFS node can take to connect to the primary after its start.
const connectTimeout = 10 * time.Second

// problem returns why no data reaches a replica whose leader answers; "" if no problem is known.
func (s *litefsState) problem(now time.Time) string {
	if s == nil || s.known || now.Sub(s.disconnected) < connectTimeout {
		return ""
	}
	return "its LiteFS has not connected to the leader's since it started: its log says why; if it is \"different cluster id\", the leader has another LiteFS volume, see Restore in the documentation"
}

// lag returns the lag as of now. It grows while the LiteFS node does not answer.
func (s *litefsState) lag(now time.Time) (time.Duration, bool) {
	if silent := now.Sub(s.at); silent > 2*nodes.DefaultEvery {
		return s.reported + silent, s.known
	}
	return s.reported, s.known
}

// watchLiteFS polls this host's LiteFS node until ctx ends. It has its own loop because LiteFS can
// block for a long time, and reports must not wait for it. It returns an error on a leader whose
// mount no longer exists: such a leader cannot write, and while it holds its ports, replicas fail
// writes that they would otherwise hold.
func (n *node) watchLiteFS(ctx context.Context) error {
	ticker := time.NewTicker(nodes.DefaultEvery)
	defer ticker.Stop()
	disconnected, wasConnected := time.Now(), false
	for {
		node, err := n.litefsNode()
		switch {
		case errors.Is(err, litefs.ErrStale) && !n.config.Replica():
			return fmt.Errorf("LiteFS has ended, so this leader ends too: %w", err)
		case err == nil && node != nil:
			lag, err := node.Lag()
			// It counts as connected after two polls: a failed attempt looks connected for a
			// moment.
			_, connected, _ := node.Leader()
			if connected && wasConnected {
				disconnected = time.Now()
			}
			wasConnected = connected
			n.litefs.Store(&litefsState{lag, err == nil, time.Now(), disconnected})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// nodeRoutes returns the event stream of the node status page.
func (n *node) nodeRoutes() []trip2ghttp.Route {
	return []trip2ghttp.Route{{Path: nodes.EventsPath, Handler: n.nodes.Events(n.reader())}}
}
