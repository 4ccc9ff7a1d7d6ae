package client

import (
	"context"

	"trip2g/services/trip2g"
)

const nodesQuery = `query Nodes { nodes { node wrong nodes {
  name role state wrong heardSecondsAgo version url address startedAt database position notes leaderPosition leaderAnswers
  leaderHeardSecondsAgo ageSeconds lagSeconds lagHistorySeconds clockAheadSeconds liteFSLagSeconds diverges requestsPerSecond ready missing }
  rejected { name address wrong heardSecondsAgo } } }`

// Nodes returns the state of all nodes as the leader knows it.
func (c *Client) Nodes(ctx context.Context) (trip2g.Topology, error) {
	var data struct{ Nodes *trip2g.Topology }
	if err := c.call(ctx, nodesQuery, nil, maxResult, &data); err != nil {
		return trip2g.Topology{}, err
	}
	if data.Nodes == nil || len(data.Nodes.Nodes) == 0 {
		return trip2g.Topology{}, c.notTrip2g("its answer has no nodes")
	}
	return *data.Nodes, nil
}
