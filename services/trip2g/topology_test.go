package trip2g_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

func seconds(n float64) *float64 { return &n }

// report returns the report of a healthy node.
func report(name, role string) trip2g.NodeReport {
	return trip2g.NodeReport{
		Name: name, Role: role, Process: "process of " + name, Version: "1.0", DatabaseID: "db", Position: 5, LeaderPosition: 5,
		LeaderAnswers: true, LeaderHeard: seconds(.5), Ready: true,
	}
}

// TestWhatIsWrongWithANodeIsSaidInWords changes one field of a healthy replica at a time.
func TestWhatIsWrongWithANodeIsSaidInWords(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(t *trip2g.Topology, n *trip2g.Node)
		state  trip2g.NodeState
		want   string // "" if there is no fault
	}{
		{"well", func(*trip2g.Topology, *trip2g.Node) {}, trip2g.NodeOK, ""},
		{"a change is on its way", func(_ *trip2g.Topology, n *trip2g.Node) { n.LeaderPosition, n.Age = 6, 1 }, trip2g.NodeOK, ""},
		{"behind", func(_ *trip2g.Topology, n *trip2g.Node) { n.LeaderPosition, n.Age = 7, 34 }, trip2g.NodeWrong, "behind by 2 for 34 s"},
		{"not ready", func(_ *trip2g.Topology, n *trip2g.Node) { n.Ready, n.Missing = false, []string{"site: not loaded yet"} }, trip2g.NodeWrong, "not ready: site: not loaded yet"},
		{"another version", func(_ *trip2g.Topology, n *trip2g.Node) { n.Version = "0.9" }, trip2g.NodeWrong, "runs version 0.9, the leader 1.0"},
		{"another database", func(_ *trip2g.Topology, n *trip2g.Node) { n.DatabaseID = "other" }, trip2g.NodeWrong, "another database"},
		{"no database yet", func(_ *trip2g.Topology, n *trip2g.Node) { n.DatabaseID = "" }, trip2g.NodeOK, ""},
		{"a clock ahead", func(_ *trip2g.Topology, n *trip2g.Node) { n.ClockAhead = 3.21 }, trip2g.NodeWrong, "its clock is 3.2 s ahead of the leader's"},
		{"a clock behind", func(_ *trip2g.Topology, n *trip2g.Node) { n.ClockAhead = -200 }, trip2g.NodeWrong, "its clock is 3 min behind the leader's"},
		{"the leader is away for it", func(_ *trip2g.Topology, n *trip2g.Node) { n.LeaderAnswers, n.LeaderHeard = false, seconds(12) }, trip2g.NodeWrong, "the leader has not answered it for 12 s"},
		{"it never found the leader", func(_ *trip2g.Topology, n *trip2g.Node) { n.LeaderAnswers, n.LeaderHeard = false, nil }, trip2g.NodeWrong, "has not answered it since it started"},
		{"LiteFS is cut off", func(_ *trip2g.Topology, n *trip2g.Node) { n.LiteFSLag = seconds(40) }, trip2g.NodeWrong, "its LiteFS has heard nothing from the leader's for 40 s"},
		{"gone, whatever it said last", func(_ *trip2g.Topology, n *trip2g.Node) { n.HeardAgo, n.Ready = 25, false }, trip2g.NodeGone, "has not reported for 25 s"},
		{"seen by a replica that lost the leader", func(top *trip2g.Topology, n *trip2g.Node) { top.Node, top.Process, top.Age = "r2", "p2", 90 }, trip2g.NodeUnknown, "unknown for 90 s: the leader, who would know, does not answer r2"},
		{"its own word when the leader is away", func(top *trip2g.Topology, n *trip2g.Node) { top.Node, top.Process, top.Age = "r1", n.Process, 90 }, trip2g.NodeOK, ""},
		{"the leader's name", func(_ *trip2g.Topology, n *trip2g.Node) { n.Name = "app" }, trip2g.NodeWrong, "another node has the same name"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			top := trip2g.Topology{Node: "app", Role: trip2g.RoleLeader, Process: "process of app"}
			node := trip2g.Node{NodeReport: report("r1", trip2g.RoleReplica)}
			tt.change(&top, &node)
			top.Nodes = []trip2g.Node{node, {NodeReport: report("app", trip2g.RoleLeader)}}
			top.Assess()
			got := top.Nodes[1]
			if top.Nodes[0].Role != trip2g.RoleLeader || got.State != tt.state || (tt.want == "") != (len(got.Wrong) == 0) || !strings.Contains(strings.Join(got.Wrong, "\n"), tt.want) {
				t.Errorf("it is %s: %q; want %s: %q", got.State, got.Wrong, tt.state, tt.want)
			}
		})
	}
}

// TestAReplicaThatLostTheLeaderSaysSoOfIt shows the leader in such a replica's view.
func TestAReplicaThatLostTheLeaderSaysSoOfIt(t *testing.T) {
	top := trip2g.Topology{Node: "r1", Role: trip2g.RoleReplica, Process: "process of r1", Age: 12, Nodes: []trip2g.Node{
		{NodeReport: report("app", trip2g.RoleLeader), HeardAgo: 12.4},
	}}
	top.Assess()
	if n := top.Nodes[0]; n.State != trip2g.NodeGone || top.Wrong != 1 || !slices.Equal(n.Wrong, []string{"does not answer r1; what is shown of it is 12 s old"}) {
		t.Errorf("it is %s: %q", n.State, n.Wrong)
	}
}

// TestAReportThatNoNodeMakesIsRefused tries reports that a peer with the secret could send.
func TestAReportThatNoNodeMakesIsRefused(t *testing.T) {
	well := report("r1", trip2g.RoleReplica)
	if err := well.Validate(); err != nil {
		t.Fatalf("a good one: %v", err)
	}
	for name, change := range map[string]func(*trip2g.NodeReport){
		"no name":              func(r *trip2g.NodeReport) { r.Name = "" },
		"a name with markup":   func(r *trip2g.NodeReport) { r.Name = "<b>" },
		"a long name":          func(r *trip2g.NodeReport) { r.Name = strings.Repeat("x", 65) },
		"another role":         func(r *trip2g.NodeReport) { r.Role = "king" },
		"a long text":          func(r *trip2g.NodeReport) { r.Version = strings.Repeat("x", 301) },
		"a text of many lines": func(r *trip2g.NodeReport) { r.Missing = []string{"a\nb"} },
		"no text":              func(r *trip2g.NodeReport) { r.Database = "\xff" },
		"many parts":           func(r *trip2g.NodeReport) { r.Missing = make([]string, 21) },
		"a script for a URL":   func(r *trip2g.NodeReport) { r.URL = "javascript:alert(1)" },
		"a number below 0":     func(r *trip2g.NodeReport) { r.Lag = -1 },
		"no number":            func(r *trip2g.NodeReport) { r.Requests = math.NaN() },
		"no finite number":     func(r *trip2g.NodeReport) { r.LagHistory = []*float64{seconds(math.Inf(1))} },
		"no clock":             func(r *trip2g.NodeReport) { r.ClockAhead = math.NaN() },
		"a long history":       func(r *trip2g.NodeReport) { r.LagHistory = make([]*float64, trip2g.LagHistory+1) },
		"no position":          func(r *trip2g.NodeReport) { r.Position = -1 },
	} {
		r := well
		change(&r)
		if err := r.Validate(); trip2g.ErrorCode(err) != trip2g.EINVALID {
			t.Errorf("%s: %v", name, err)
		}
	}
}
