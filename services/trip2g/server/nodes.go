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

// newNodes makes this node's picture of all nodes; messenger is nil on a leader.
func (n *node) newNodes(messenger *forward.Messenger) *nodes.Nodes {
	return nodes.New(nodes.Options{
		Sample: n.report, Answered: n.access.Requests, Served: n.servedChange, WaitFor: n.waitFor,
		LeaderAddr: n.config.LeaderAddr, Messenger: messenger, Log: n.log, Registerer: n.registry,
	})
}

// servedChange gives the position that is served and when its change was made.
func (n *node) servedChange() (trip2g.Position, time.Time) {
	if s := n.current(); s != nil {
		stats := s.Stats()
		return stats.Position, stats.ChangedAt
	}
	return 0, time.Time{}
}

// report tells of this node, from memory.
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
	if beside := n.beside.Load(); beside != nil {
		r.Database = "LiteFS"
		if lag, known := beside.lag(time.Now()); known {
			seconds := lag.Seconds()
			r.LiteFSLag = &seconds
		}
	}
	return r
}

// sentences words what a node misses. A fault's text can be long, and a report's is bounded.
func sentences(missing map[string]string) []string {
	out := make([]string, 0, len(missing))
	for part, why := range missing {
		out = append(out, trip2g.ReportText(part+": "+why))
	}
	slices.Sort(out)
	return out
}

// litefsState is what the LiteFS node beside this process last said.
type litefsState struct {
	told  time.Duration // its lag
	known bool          // false if it said that it has heard nothing yet
	at    time.Time
	apart time.Time // since when it is not in touch with the leader's, of one that has heard nothing yet
}

// apartAfter is how long a LiteFS may take to connect to the leader's after its start.
const apartAfter = 10 * time.Second

// fault returns why nothing can reach a replica whose leader answers, "" if all is well as far as is known.
func (s *litefsState) fault(now time.Time) string {
	if s == nil || s.known || now.Sub(s.apart) < apartAfter {
		return ""
	}
	return "its LiteFS has not connected to the leader's since it started: its log says why; if it is \"different cluster id\", the leader has another LiteFS volume, see Restore in the documentation"
}

// lag gives the lag as of now, false if it is not known: a LiteFS node that says nothing gets older.
func (s *litefsState) lag(now time.Time) (time.Duration, bool) {
	if silent := now.Sub(s.at); silent > 2*nodes.DefaultEvery {
		return s.told + silent, s.known
	}
	return s.told, s.known
}

// watchLiteFS asks the LiteFS node beside this process how it does, until ctx ends. It has a loop of its
// own because LiteFS may not answer for long: a report must not wait for it. It fails on a leader whose mount
// is gone: that one can write no more, holds the ports of the next, and replicas that reach it hold no write.
func (n *node) watchLiteFS(ctx context.Context) error {
	ticker := time.NewTicker(nodes.DefaultEvery)
	defer ticker.Stop()
	apart, wasConnected := time.Now(), false
	for {
		beside, err := n.litefsNode()
		switch {
		case errors.Is(err, litefs.ErrStale) && !n.config.Replica():
			return fmt.Errorf("LiteFS has ended, so this leader ends too: %w", err)
		case err == nil && beside != nil:
			lag, err := beside.Lag()
			// A try that fails makes it look connected for a moment; a first copy takes long.
			_, connected, _ := beside.Leader()
			if connected && wasConnected {
				apart = time.Now()
			}
			wasConnected = connected
			n.beside.Store(&litefsState{lag, err == nil, time.Now(), apart})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// nodeRoutes gives what watches the nodes.
func (n *node) nodeRoutes() []trip2ghttp.Route {
	return []trip2ghttp.Route{{Path: nodes.EventsPath, Handler: n.nodes.Events(n.reader())}}
}
