package nodes

import (
	"slices"
	"time"

	"trip2g/services/trip2g"
)

// registry holds a leader's replicas.
type registry []entry

// entry is a replica's last report and its time.
type entry struct {
	trip2g.NodeReport
	heard time.Time
}

// silent reports whether a replica has stopped reporting.
func (e *entry) silent(now time.Time) bool { return now.Sub(e.heard) > trip2g.StaleAfter }

func (r registry) find(report *trip2g.NodeReport) int {
	return slices.IndexFunc(r, func(e entry) bool { return e.Name == report.Name && e.Address == report.Address })
}

// put adds a report that was made at heard. It replaces the last one of the same name and address.
// It returns EUNAVAILABLE if there is no room for another replica.
func (r *registry) put(report trip2g.NodeReport, heard, now time.Time) error {
	r.expire(now)
	if i := r.find(&report); i >= 0 {
		(*r)[i] = entry{report, heard}
		return nil
	}
	if len(*r) >= trip2g.MaxNodes && !r.makeRoom(now) {
		return trip2g.Errorf(trip2g.EUNAVAILABLE, "the leader shows at most %d replicas", trip2g.MaxNodes)
	}
	*r = append(*r, entry{report, heard})
	return nil
}

// merge adds the last report that another replica has of a node, unless a newer one is here.
func (r *registry) merge(node trip2g.Node, now time.Time) {
	if r.find(&node.NodeReport) < 0 {
		heard := now.Add(-time.Duration(node.HeardAgo * float64(time.Second)))
		_ = r.put(node.NodeReport, heard, now) // dropped if there is no room
	}
}

// expire removes the replicas that have long been silent.
func (r *registry) expire(now time.Time) {
	*r = slices.DeleteFunc(*r, func(e entry) bool { return now.Sub(e.heard) > trip2g.ForgetNodesAfter })
}

// makeRoom removes the replica that has been silent longest. It returns false if none is.
func (r *registry) makeRoom(now time.Time) bool {
	oldest := slices.MinFunc(*r, func(a, b entry) int { return a.heard.Compare(b.heard) })
	if !oldest.silent(now) {
		return false
	}
	i := r.find(&oldest.NodeReport)
	*r = slices.Delete(*r, i, i+1)
	return true
}

// nodes returns the replicas as of now.
func (r *registry) nodes(now time.Time) []trip2g.Node {
	r.expire(now)
	nodes := make([]trip2g.Node, len(*r))
	for i, e := range *r {
		nodes[i] = aged(trip2g.Node{NodeReport: e.NodeReport}, now.Sub(e.heard))
	}
	return nodes
}

// aged returns a node as it is some time later.
func aged(node trip2g.Node, by time.Duration) trip2g.Node {
	node.HeardAgo = rounded(node.HeardAgo + by.Seconds())
	return node
}

// forget removes the silent replicas of a name.
func (r *registry) forget(name string, now time.Time) error {
	before := len(*r)
	*r = slices.DeleteFunc(*r, func(e entry) bool { return e.Name == name && e.silent(now) })
	switch {
	case len(*r) < before:
		return nil
	case slices.ContainsFunc(*r, func(e entry) bool { return e.Name == name }):
		return trip2g.Errorf(trip2g.ECONFLICT, "%s reports: stop it first, and forget it %.0f seconds later", name, trip2g.StaleAfter.Seconds())
	default:
		return trip2g.Errorf(trip2g.ENOTFOUND, "there is no replica of this name")
	}
}

// ForgetNode implements trip2g.NodeService on a leader.
func (n *Nodes) ForgetNode(name string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.own.Name == name && !slices.ContainsFunc(n.replicas, func(e entry) bool { return e.Name == name }) {
		return trip2g.Errorf(trip2g.ECONFLICT, "%s is the leader", name)
	}
	return n.replicas.forget(name, time.Now())
}
