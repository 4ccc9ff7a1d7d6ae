package nodes

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
)

// ReportPath is the path of reports on a leader's internal port.
const ReportPath = "/_system/nodes/report"

// message is a replica's report.
type message struct {
	Node trip2g.NodeReport `json:"node"`
	// Known is the replica's last topology of the other replicas. It is only sent to a leader that
	// has started since. Otherwise a replica that stopped meanwhile would be missing from the
	// leader's topology.
	Known []trip2g.Node `json:"known,omitempty"`
}

// answer is the leader's answer to a report.
type answer struct {
	Now      time.Time       `json:"now"` // by the leader's clock
	Topology trip2g.Topology `json:"topology"`
}

// HandleReport is the forward.MessageFunc of ReportPath on the leader.
func (n *Nodes) HandleReport(_ context.Context, node string, text []byte) (any, error) {
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, &forward.MessageError{Status: http.StatusBadRequest, Text: "the report is no JSON of its kind"}
	}
	if err := m.validate(node); err != nil {
		return nil, &forward.MessageError{Status: http.StatusBadRequest, Text: trip2g.ErrorMessage(err)}
	}
	if err := n.take(&m, time.Now()); err != nil {
		return nil, err
	}
	return answer{Now: time.Now(), Topology: n.Topology()}, nil
}

func (m *message) validate(node string) error {
	if m.Node.Name != node || m.Node.Role != trip2g.RoleReplica {
		return trip2g.Errorf(trip2g.EINVALID, "a replica reports of itself")
	}
	if len(m.Known) > trip2g.MaxNodes {
		return trip2g.Errorf(trip2g.EINVALID, "the report knows of more than %d nodes", trip2g.MaxNodes)
	}
	for _, known := range m.Known {
		if err := known.Validate(); err != nil {
			return err
		}
		if known.Role != trip2g.RoleReplica || !(known.HeardAgo >= 0) {
			return trip2g.Errorf(trip2g.EINVALID, "a replica tells of other replicas")
		}
	}
	return m.Node.Validate()
}

func (n *Nodes) take(m *message, now time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.replicas.put(m.Node, now, now); err != nil {
		return err
	}
	for _, known := range m.Known {
		if known.HeardAgo < trip2g.ForgetNodesAfter.Seconds() {
			n.replicas.merge(known, now)
		}
	}
	return nil
}

// runReports reports until ctx ends, one report at a time. It logs a failure once, until the leader
// accepts a report again.
func (n *Nodes) runReports(ctx context.Context) error {
	defer n.Messenger.Close()
	failing := false
	report := func() {
		err := n.report(ctx)
		if ctx.Err() != nil {
			return
		}
		n.metrics.sent(err)
		n.learn(err)
		switch {
		case err != nil && !failing:
			n.Log.Warn().Err(err).Str("leader", n.LeaderAddr).Msg("the leader took no report: showing the last picture of all nodes")
		case err == nil && failing:
			n.Log.Info().Str("leader", n.LeaderAddr).Msg("the leader takes reports again")
		}
		failing = err != nil
	}
	report() // at once, so that a node with another secret is not ready for long
	return n.every(ctx, report)
}

// learn records the fault of this node's signature from the outcome of a report. An outcome without
// a verdict on the signature, such as an outage of the leader, changes nothing.
func (n *Nodes) learn(err error) {
	rejected := (*forward.RejectedError)(nil)
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case err == nil:
		n.fault = ""
	case errors.As(err, &rejected):
		n.fault = rejected.Error()
	}
}

// report sends this node's report to the leader and stores the topology in the answer.
func (n *Nodes) report(ctx context.Context) error {
	n.mu.Lock()
	m := message{Node: n.own}
	n.mu.Unlock()
	a, err := n.send(ctx, &m)
	if err != nil {
		return err
	}
	if known := n.unknownTo(a.Topology); len(known) > 0 {
		m.Known = known
		if a, err = n.send(ctx, &m); err != nil {
			return err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.view = view{a.Topology, time.Now()}
	return nil
}

// send sends a message and compares the clocks.
func (n *Nodes) send(ctx context.Context, m *message) (a answer, err error) {
	sent := time.Now()
	if err := n.Messenger.Send(ctx, ReportPath, m, &a); err != nil {
		return a, err
	}
	took := time.Since(sent)
	if a.Topology.Role != trip2g.RoleLeader || len(a.Topology.Nodes) > trip2g.MaxNodes+1 || len(a.Topology.Rejected) > trip2g.MaxRejected {
		return a, errors.New("the leader's answer is no picture of the nodes")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ahead = sent.Add(took / 2).Sub(a.Now)
	return a, nil
}

// unknownTo returns the other replicas in this node's topology, for a leader whose process has not
// computed that topology.
func (n *Nodes) unknownTo(leaders trip2g.Topology) (known []trip2g.Node) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	if n.view.Process == "" || n.view.Process == leaders.Process {
		return nil
	}
	for _, node := range n.view.Nodes {
		if node.Role == trip2g.RoleReplica && node.Process != n.process {
			known = append(known, aged(node, n.view.age(now)))
		}
	}
	return known
}

// view is the topology that the leader last sent to a replica.
type view struct {
	trip2g.Topology
	heard time.Time // the start, if it never sent one
}

// rejected returns the rejected nodes as of now. It returns none of an old topology.
func (v *view) rejected(now time.Time) (list []trip2g.RejectedNode) {
	for _, node := range v.Rejected {
		node.HeardAgo = rounded(node.HeardAgo + v.age(now).Seconds())
		if node.HeardAgo <= trip2g.StaleAfter.Seconds() {
			list = append(list, node)
		}
	}
	return list
}

func (v *view) age(now time.Time) time.Duration { return now.Sub(v.heard) }

// nodes returns the topology as of now, with this node's own report in place of its old one.
func (v *view) nodes(now time.Time, own trip2g.Node, leaderAddr string) []trip2g.Node {
	nodes := []trip2g.Node{own}
	leader := false
	for _, node := range v.Nodes {
		if node.Role == trip2g.RoleReplica && node.Name == own.Name && node.Address == own.Address {
			continue
		}
		node = aged(node, v.age(now))
		if node.Role == trip2g.RoleLeader {
			leader = true
			node.Position = max(node.Position, own.LeaderPosition)
			if !own.Diverges { // else its position is one of another database
				node.Position = max(node.Position, own.Position)
			}
		}
		nodes = append(nodes, node)
	}
	if !leader {
		nodes = append(nodes, trip2g.Node{NodeReport: trip2g.NodeReport{
			Name: leaderAddr, Role: trip2g.RoleLeader, Version: own.Version, Position: own.LeaderPosition, Missing: []string{}, LagHistory: []*float64{},
		}})
	}
	return nodes
}
