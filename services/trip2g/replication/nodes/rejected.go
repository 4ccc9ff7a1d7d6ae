package nodes

import (
	"cmp"
	"net"
	"slices"
	"time"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
)

// rejected holds the peers whose signature a leader rejected. Anybody who reaches the internal port
// can add to it. So it is short, and each peer is removed soon.
type rejected []rejection

type rejection struct {
	trip2g.RejectedNode
	heard time.Time
}

// Reject records a rejection on the leader's internal port. It ignores requests that nobody tried
// to sign, because no node sends them.
func (n *Nodes) Reject(r forward.Rejection) {
	wrong := ""
	switch r.Reason {
	case forward.ReasonBadMAC:
		wrong = "its signature is rejected: set its TRIP2G_JWT_SECRET to the leader's and restart it"
	case forward.ReasonExpired, forward.ReasonFuture:
		wrong = "its signature is rejected because of its time: set its clock and the leader's by NTP"
	default:
		return
	}
	node := trip2g.RejectedNode{Name: r.Node, Address: r.RemoteAddr, Wrong: wrong}
	if !trip2g.IsNodeName(node.Name) {
		node.Name = ""
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		node.Address = host
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rejected.put(node, time.Now())
}

// put adds or renews a peer. It drops the peer while others fill the list. The ones that retry
// without pause are those that an operator looks for.
func (r *rejected) put(node trip2g.RejectedNode, now time.Time) {
	r.expire(now)
	i := slices.IndexFunc(*r, func(e rejection) bool { return e.Name == node.Name && e.Address == node.Address })
	switch {
	case i >= 0:
		(*r)[i] = rejection{node, now}
	case len(*r) < trip2g.MaxRejected:
		*r = append(*r, rejection{node, now})
	}
}

func (r *rejected) expire(now time.Time) {
	*r = slices.DeleteFunc(*r, func(e rejection) bool { return now.Sub(e.heard) > trip2g.StaleAfter })
}

// nodes returns the peers as of now.
func (r *rejected) nodes(now time.Time) []trip2g.RejectedNode {
	r.expire(now)
	var list []trip2g.RejectedNode
	for _, e := range *r {
		e.HeardAgo = rounded(now.Sub(e.heard).Seconds())
		list = append(list, e.RejectedNode)
	}
	slices.SortFunc(list, func(a, b trip2g.RejectedNode) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Address, b.Address))
	})
	return list
}
