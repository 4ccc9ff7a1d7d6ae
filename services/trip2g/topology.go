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

// Limits of what nodes report of themselves.
const (
	// LagHistory is the number of minutes that a node remembers its lag of.
	LagHistory = 60
	// MaxNodes bounds the replicas that a leader keeps in its picture.
	MaxNodes = 64
	// MaxRejected bounds the rejected nodes that a leader keeps in its picture.
	MaxRejected = 16
	// ForgetNodesAfter is how long a replica that no longer reports stays in the picture.
	ForgetNodesAfter = 24 * time.Hour

	maxReportText  = 300 // bytes of a text in a report
	maxReportParts = 20  // parts that a node can miss
)

// Limits past which something is wrong with a node; see Node.assess.
const (
	// StaleAfter is how old a report may be: several are missing by then.
	StaleAfter = 10 * time.Second
	// BehindAfter is how far a replica may be behind: many times what a change takes.
	BehindAfter = 5 * time.Second
	// SkewAfter is how far a clock may be off. Signatures of requests hold a few seconds before a leader's
	// clock and half a minute after it.
	SkewAfter = 2 * time.Second
	// unheardAfter is how long LiteFS may hear nothing: an idle leader's sends a word a second.
	unheardAfter = 10 * time.Second
)

// Roles of a node.
const (
	RoleLeader  = "leader"
	RoleReplica = "replica"
)

// NodeReport is what a node says of itself at one moment, from memory.
type NodeReport struct {
	Name       string    `json:"name"`
	Role       string    `json:"role"`
	Version    string    `json:"version"`
	URL        string    `json:"url"`                  // where readers find it (TRIP2G_PUBLIC_URL); "" if not set
	Address    string    `json:"address"`              // that it listens on
	Process    string    `json:"process,omitempty"`    // random, of this process: another one is a restart; the API does not tell
	StartedAt  time.Time `json:"startedAt"`            // by the node's clock
	Database   string    `json:"database"`             // what holds it: "LiteFS" or "file"
	DatabaseID string    `json:"databaseId,omitempty"` // "" until there is a site; the API does not tell

	Position       Position `json:"position"` // served; 0 until there is a site
	Notes          int      `json:"notes"`    // published, in memory
	LeaderPosition Position `json:"leaderPosition"`
	LeaderAnswers  bool     `json:"leaderAnswers"`         // whether it did when it was last asked
	LeaderHeard    *float64 `json:"leaderHeardSecondsAgo"` // nil: never
	Age            float64  `json:"ageSeconds"`            // since it knew that it served the leader's newest position
	Diverges       bool     `json:"diverges"`              // its database is no state of the leader's
	Lag            float64  `json:"lagSeconds"`            // what the newest change took to be served here; while behind, Age
	ClockAhead     float64  `json:"clockAheadSeconds"`     // of the leader's clock; negative: behind it
	LiteFSLag      *float64 `json:"liteFSLagSeconds"`      // as the LiteFS node says; nil without one
	Requests       float64  `json:"requestsPerSecond"`     // answered, over the last seconds
	Ready          bool     `json:"ready"`
	Missing        []string `json:"missing"`            // why it is not ready, a sentence each
	Impaired       []string `json:"impaired,omitempty"` // what does not work, or soon will not, although it is ready, a sentence each; the API does not tell
	// LagHistory is the largest lag of each of the LagHistory minutes up to the report, oldest first, in seconds;
	// the last is of the minute that had begun. nil: not known. A leader has none.
	LagHistory []*float64 `json:"lagHistorySeconds"`
}

// Behind returns how many of the leader's positions a node does not serve: all, if its database is no
// state of the leader's.
func (r *NodeReport) Behind() Position {
	if r.Diverges {
		return max(1, r.LeaderPosition)
	}
	return max(0, r.LeaderPosition-r.Position)
}

var nodeNames = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)

// IsNodeName reports whether a node can have this name.
func IsNodeName(name string) bool { return nodeNames.MatchString(name) }

// Validate refuses a report that no node of ours makes, EINVALID.
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

// CleanReportText makes a text fit for a report: short, in UTF-8, on one line.
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

// NodeState says how a node does.
type NodeState string

// The states of a node.
const (
	NodeOK      NodeState = "OK"
	NodeWrong   NodeState = "WRONG"   // something is, see Node.Wrong
	NodeGone    NodeState = "GONE"    // it no longer reports
	NodeUnknown NodeState = "UNKNOWN" // who would know does not answer
)

// Node is what is known of a node.
type Node struct {
	NodeReport
	HeardAgo float64   `json:"heardSecondsAgo"` // since it reported
	State    NodeState `json:"state"`
	Wrong    []string  `json:"wrong"` // what is, a sentence each; empty if nothing is
}

// Topology is the picture that one node has of all: the leader first, then the replicas by name.
type Topology struct {
	Node    string  `json:"node"`              // whose picture it is
	Role    string  `json:"role,omitempty"`    // that one's; the API, which asks the leader, does not tell
	Process string  `json:"process,omitempty"` // that one's; as Role
	Age     float64 `json:"ageSeconds"`        // since the leader told; 0 on the leader
	Wrong   int     `json:"wrong"`             // nodes that are not OK, rejected ones included
	Nodes   []Node  `json:"nodes"`

	Rejected []RejectedNode `json:"rejected,omitempty"` // by name
}

// RejectedNode is a peer whose signature the leader did not accept within the last StaleAfter.
type RejectedNode struct {
	Name     string  `json:"name"`    // as it claims, which proves nothing; "" for what is no node's name
	Address  string  `json:"address"` // that it connects from
	Wrong    string  `json:"wrong"`   // what is wrong with it and how to fix it
	HeardAgo float64 `json:"heardSecondsAgo"`
}

// Title returns how people are told of the peer.
func (n *RejectedNode) Title() string {
	if n.Name == "" {
		return "an unknown node at " + n.Address
	}
	return fmt.Sprintf("a node at %s that calls itself %s", n.Address, n.Name)
}

// NodeService tells of the nodes, on each of them, and lets the owner forget those that are gone.
type NodeService interface {
	// Topology returns the picture as of now, from memory.
	Topology() Topology
	// ForgetNode takes the replicas of this name that no longer report out of the picture: ENOTFOUND if
	// there is none, ECONFLICT for one that reports.
	ForgetNode(name string) error
}

// Assess puts the nodes in order and says of each what is wrong, by its report and the ages of both.
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

// fault adds a sentence to what is wrong with a node.
func (n *Node) fault(format string, args ...any) {
	n.Wrong = append(n.Wrong, fmt.Sprintf(format, args...))
	if n.State == NodeOK {
		n.State = NodeWrong
	}
}

// assess says what is wrong with a node. What a node that is gone said last is not held against it.
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

// Span words a time in seconds, as people say it.
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
