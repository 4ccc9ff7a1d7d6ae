package nodes

import (
	"fmt"
	"strings"
	"testing"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
)

// TestTheLeaderShowsWhoKnocksWithAWrongKey sends requests of peers with a rejected signature, and
// of strangers without one. Strangers are not listed.
func TestTheLeaderShowsWhoKnocksWithAWrongKey(t *testing.T) {
	n := newLeader()
	for _, r := range []forward.Rejection{
		{Reason: forward.ReasonBadMAC, Node: "r1", RemoteAddr: "10.0.0.3:41000"},
		{Reason: forward.ReasonBadMAC, Node: "r1", RemoteAddr: "10.0.0.3:41001"},
		{Reason: forward.ReasonExpired, Node: "r2", RemoteAddr: "[fd00::1]:41000"},
		{Reason: forward.ReasonBadMAC, Node: "<script>\x1b[2J", RemoteAddr: "10.0.0.4:1"},
		{Reason: forward.ReasonAbsent, Node: "stranger", RemoteAddr: "10.0.0.5:1"},
		{Reason: forward.ReasonMalformed, Node: "stranger", RemoteAddr: "10.0.0.5:1"},
		{Reason: forward.ReasonReplayed, Node: "stranger", RemoteAddr: "10.0.0.5:1"},
	} {
		n.Reject(r)
	}
	got := n.Topology()
	var shown []string
	for _, r := range got.Rejected {
		shown = append(shown, r.Title()+": "+r.Wrong)
	}
	want := []string{
		"an unknown node at 10.0.0.4: its signature is rejected: set its TRIP2G_JWT_SECRET",
		"a node at 10.0.0.3 that calls itself r1: its signature is rejected: set its TRIP2G_JWT_SECRET",
		"a node at fd00::1 that calls itself r2: its signature is rejected because of its time",
	}
	if len(shown) != len(want) || got.Wrong != len(want) {
		t.Fatalf("%d are wrong, shown are %q", got.Wrong, shown)
	}
	for i := range want {
		if !strings.HasPrefix(shown[i], want[i]) {
			t.Errorf("shown is %q, want %q", shown[i], want[i])
		}
	}
}

// TestStrangersDoNotPushAKnockingNodeOut fills the list. A peer that retries stays, and one that
// has stopped is removed.
func TestStrangersDoNotPushAKnockingNodeOut(t *testing.T) {
	var r rejected
	r.put(trip2g.RejectedNode{Name: "r1", Address: "10.0.0.3"}, testTime)
	for i := range 10 * trip2g.MaxRejected {
		r.put(trip2g.RejectedNode{Name: fmt.Sprint("forged", i)}, testTime)
	}
	if got := r.nodes(testTime); len(got) != trip2g.MaxRejected || got[len(got)-1].Name != "r1" {
		t.Errorf("%d are kept: %+v", len(got), got)
	}
	later := testTime.Add(trip2g.StaleAfter)
	r.put(trip2g.RejectedNode{Name: "r1", Address: "10.0.0.3"}, later)
	if got := r.nodes(later.Add(1)); len(got) != 1 || got[0].Name != "r1" {
		t.Errorf("later there are %+v", got)
	}
}
