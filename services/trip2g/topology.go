package trip2g

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"
)

// Limits of node reports.
const (
	// LagHistory is the number of minutes for which a node remembers its lag.
	LagHistory = 60
	// MaxNodes limits the replicas in the leader's topology.
	MaxNodes = 64
	// MaxRejected limits the rejected nodes in the leader's topology.
	MaxRejected = 16
	// ForgetNodesAfter is how long a replica that no longer reports stays in the topology.
	ForgetNodesAfter = 24 * time.Hour

	maxReportText  = 300 // of a text in a report, in bytes
	maxReportParts = 20  // missing parts in a report
)

// Limits beyond which a node is reported as faulty; see Node.assess.
const (
	// StaleAfter is the maximum age of a report. Several reports are missing by then.
	StaleAfter = 10 * time.Second
	// BehindAfter is the maximum delay of a replica, many times the usual one.
	BehindAfter = 5 * time.Second
	// SkewAfter is the maximum clock difference. A request's signature is valid from a few seconds
	// before to half a minute after the leader's time.
	SkewAfter = 2 * time.Second
	// unheardAfter is the maximum age of LiteFS's last message. An idle leader sends one a second.
	unheardAfter = 10 * time.Second
)

// Roles of a node.
const (
	RoleLeader  = "leader"
	RoleReplica = "replica"
)

// NodeReport is a node's state at one moment, read from memory.
type NodeReport struct {
	Name       string    `json:"name"`
	Role       string    `json:"role"`
	Version    string    `json:"version"`
	URL        string    `json:"url"`                  // public URL (TRIP2G_PUBLIC_URL); "" if not set
	Address    string    `json:"address"`              // listen address
	Process    string    `json:"process,omitempty"`    // random per process, so that a restart is visible; not in the API
	StartedAt  time.Time `json:"startedAt"`            // by the node's clock
	Database   string    `json:"database"`             // "LiteFS" or "file"
	DatabaseID string    `json:"databaseId,omitempty"` // "" without a site; not in the API

	Position       Position `json:"position"` // served; 0 without a site
	Notes          int      `json:"notes"`    // published, in memory
	LeaderPosition Position `json:"leaderPosition"`
	LeaderAnswers  bool     `json:"leaderAnswers"`         // to the last request
	LeaderHeard    *float64 `json:"leaderHeardSecondsAgo"` // nil: never
	Age            float64  `json:"ageSeconds"`            // since the node last knew that it served the leader's newest position
	Diverges       bool     `json:"diverges"`              // the database is not a state of the leader's
	Lag            float64  `json:"lagSeconds"`            // delay with which the newest change was served here; while behind, Age
	ClockAhead     float64  `json:"clockAheadSeconds"`     // relative to the leader's clock; negative: behind
	LiteFSLag      *float64 `json:"liteFSLagSeconds"`      // as reported by LiteFS; nil without it
	Requests       float64  `json:"requestsPerSecond"`     // average over the last seconds
	Ready          bool     `json:"ready"`
	Missing        []string `json:"missing"`            // reasons why it is not ready, a sentence each
	Impaired       []string `json:"impaired,omitempty"` // problems of a ready node, present or imminent, a sentence each; not in the API
	// LagHistory is the largest lag in seconds in each of the last LagHistory minutes, oldest
	// first. The last minute is incomplete. nil: unknown. A leader has none.
	LagHistory []*float64 `json:"lagHistorySeconds"`
}

// Behind returns the number of the leader's positions that a node does not serve: all of them if
// its database diverges.
func (r *NodeReport) Behind() Position {
	if r.Diverges {
		return max(1, r.LeaderPosition)
	}
	return max(0, r.LeaderPosition-r.Position)
}

var nodeNames = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

// IsNodeName reports whether s is a valid node name.
func IsNodeName(name string) bool { return nodeNames.MatchString(name) }

// Validate returns EINVALID for a report that no correct node sends.
func (r *NodeReport) Validate() error {
	texts := append([]string{r.Version, r.URL, r.Address, r.Process, r.Database, r.DatabaseID}, slices.Concat(r.Missing, r.Impaired)...)
	numbers := []float64{r.Age, r.Lag, r.Requests}
	for _, n := range append([]*float64{r.LeaderHeard, r.LiteFSLag}, r.LagHistory...) {
		if n != nil {
			numbers = append(numbers, *n)
		}
	}
	switch {
	case !IsNodeName(r.Name):
		return Errorf(EINVALID, "a node's name has up to 64 letters, digits, dots, - and _")
	case r.Role != RoleReplica && r.Role != RoleLeader:
		return Errorf(EINVALID, "a node is a leader or a replica")
	case len(r.Missing) > maxReportParts || len(r.Impaired) > maxReportParts || slices.ContainsFunc(texts, func(s string) bool { return !isReportText(s) }):
		return Errorf(EINVALID, "a text of the report is too long, or has what is no text")
	case r.URL != "" && !isHTTP(r.URL):
		return Errorf(EINVALID, "a node's address is an http or https URL")
	case len(r.LagHistory) > LagHistory:
		return Errorf(EINVALID, "the history has more than %d minutes", LagHistory)
	case r.Position < 0 || r.LeaderPosition < 0 || r.Notes < 0 || slices.ContainsFunc(numbers, func(n float64) bool { return !(n >= 0) || math.IsInf(n, 0) }):
		return Errorf(EINVALID, "a number of the report is below 0, or is none")
	case math.IsNaN(r.ClockAhead) || math.IsInf(r.ClockAhead, 0):
		return Errorf(EINVALID, "the difference of the clocks is no number")
	}
	return nil
}

func isReportText(s string) bool {
	return len(s) <= maxReportText && IsPlainText(s)
}

// CleanReportText makes a text fit for a report: short, valid UTF-8, on one line.
func CleanReportText(s string) string {
	s = ReplaceControls(s)
	for len(s) > maxReportText {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

func isHTTP(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// NodeState is the health of a node.
type NodeState string

// States of a node.
const (
	NodeOK      NodeState = "OK"
	NodeWrong   NodeState = "WRONG"   // has faults, see Node.Wrong
	NodeGone    NodeState = "GONE"    // it no longer reports
	NodeUnknown NodeState = "UNKNOWN" // its state is unavailable, because the leader does not respond
)

// Node is the state of a node as another node knows it.
type Node struct {
	NodeReport
	HeardAgo float64   `json:"heardSecondsAgo"` // since its last report
	State    NodeState `json:"state"`
	Wrong    []string  `json:"wrong"` // faults, a sentence each; empty for a healthy node
}

// Topology is one node's view of all nodes: the leader first, then the replicas by name.
type Topology struct {
	Node    string  `json:"node"`              // the node with this view
	Role    string  `json:"role,omitempty"`    // of that node; not in the API, which asks the leader
	Process string  `json:"process,omitempty"` // of that node; not in the API, as Role
	Age     float64 `json:"ageSeconds"`        // since the leader sent the view; 0 on the leader
	Wrong   int     `json:"wrong"`             // nodes that are not OK, including rejected ones
	Nodes   []Node  `json:"nodes"`

	Rejected []RejectedNode `json:"rejected,omitempty"` // by name
}

// RejectedNode is a peer whose signature the leader did not accept within the last StaleAfter.
type RejectedNode struct {
	Name     string  `json:"name"`    // as claimed, unverified; "" if it is not a valid name
	Address  string  `json:"address"` // remote address
	Wrong    string  `json:"wrong"`   // the fault and its fix
	HeardAgo float64 `json:"heardSecondsAgo"`
}

// Title returns the peer's name in messages.
func (n *RejectedNode) Title() string {
	if n.Name == "" {
		return "an unknown node at " + n.Address
	}
	return fmt.Sprintf("a node at %s that calls itself %s", n.Address, n.Name)
}

// NodeService returns the state of all nodes, and lets the owner forget nodes that are gone.
type NodeService interface {
	// Topology returns the current view from memory.
	Topology() Topology
	// ForgetNode removes the replicas with this name that no longer report. ENOTFOUND without one,
	// ECONFLICT for one that still reports.
	ForgetNode(name string) error
}

// Assess sorts the nodes and sets the faults of each, from its report and the ages of both.
func (t *Topology) Assess() {
	slices.SortStableFunc(t.Nodes, func(a, b Node) int {
		return cmp.Or(cmp.Compare(a.Role, b.Role), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Address, b.Address))
	})
	var leader *Node
	if len(t.Nodes) > 0 && t.Nodes[0].Role == RoleLeader {
		leader = &t.Nodes[0]
	}
	names := map[string]int{}
	for _, n := range t.Nodes {
		names[n.Name]++
	}
	t.Wrong = len(t.Rejected)
	for i := range t.Nodes {
		n := &t.Nodes[i]
		n.assess(t, leader)
		if names[n.Name] > 1 {
			n.fault("another node has the same name: give each its own TRIP2G_NODE_NAME")
		}
		if n.State != NodeOK {
			t.Wrong++
		}
	}
}

// fault records a fault of a node.
func (n *Node) fault(format string, args ...any) {
	n.Wrong = append(n.Wrong, fmt.Sprintf(format, args...))
	if n.State == NodeOK {
		n.State = NodeWrong
	}
}

// assess sets the faults of a node. The last report of a node that is gone is ignored.
func (n *Node) assess(t *Topology, leader *Node) {
	n.State, n.Wrong = NodeOK, []string{}
	own := n.Process == t.Process
	switch stale := StaleAfter.Seconds(); {
	case n.Process == "":
		n.fault("has not answered %s since that started", t.Node)
		n.State = NodeUnknown
		return
	case !own && n.Role == RoleLeader && t.Age > stale:
		n.fault("does not answer %s; what is shown of it is %s old", t.Node, Span(n.HeardAgo))
		n.State = NodeGone
		return
	case !own && t.Age > stale:
		n.fault("unknown for %s: the leader, who would know, does not answer %s", Span(t.Age), t.Node)
		n.State = NodeUnknown
		return
	case !own && n.HeardAgo > stale:
		n.fault("has not reported for %s: it is stopped, or does not reach the leader's internal port", Span(n.HeardAgo))
		n.State = NodeGone
		return
	}
	for _, part := range n.Missing {
		n.fault("not ready: %s", part)
	}
	if !n.Ready && len(n.Missing) == 0 {
		n.fault("not ready")
	}
	for _, part := range n.Impaired {
		n.fault("impaired: %s", part)
	}
	if n.Role == RoleReplica {
		n.assessReplica(leader)
	}
}

func (n *Node) assessReplica(leader *Node) {
	switch {
	case !n.LeaderAnswers && n.LeaderHeard == nil:
		n.fault("the leader has not answered it since it started")
	case !n.LeaderAnswers:
		n.fault("the leader has not answered it for %s", Span(*n.LeaderHeard))
	case !n.Diverges && n.Behind() > 0 && n.Age > BehindAfter.Seconds():
		n.fault("behind by %d for %s: the leader's changes do not arrive, look at the replication between the nodes", n.Behind(), Span(n.Age))
	}
	if n.LiteFSLag != nil && *n.LiteFSLag > unheardAfter.Seconds() {
		n.fault("its LiteFS has heard nothing from the leader's for %s", Span(*n.LiteFSLag))
	}
	if skew := math.Abs(n.ClockAhead); skew > SkewAfter.Seconds() {
		side := "ahead of"
		if n.ClockAhead < 0 {
			side = "behind"
		}
		n.fault("its clock is %s %s the leader's: set both by NTP, or what it forwards will be refused", Span(skew), side)
	}
	if leader == nil {
		return
	}
	if n.Version != leader.Version {
		n.fault("runs version %s, the leader %s", n.Version, leader.Version)
	}
	if n.DatabaseID != "" && leader.DatabaseID != "" && n.DatabaseID != leader.DatabaseID {
		n.fault("serves another database than the leader's")
	}
}

// Span formats a number of seconds for people.
func Span(seconds float64) string {
	switch {
	case seconds < 1:
		return fmt.Sprintf("%.0f ms", seconds*1000)
	case seconds < 10:
		return fmt.Sprintf("%.1f s", seconds)
	case seconds < 120:
		return fmt.Sprintf("%.0f s", seconds)
	case seconds < 2*60*60:
		return fmt.Sprintf("%.0f min", seconds/60)
	case seconds < 48*60*60:
		return fmt.Sprintf("%.0f h", seconds/3600)
	default:
		return fmt.Sprintf("%.0f days", seconds/86400)
	}
}
