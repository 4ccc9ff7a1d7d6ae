package graphql

import (
	"context"

	"trip2g/services/trip2g"
)

// Nodes answers the query of that name.
func (r *resolver) Nodes(ctx context.Context) (*trip2g.Topology, error) {
	topology := r.Options.Nodes.Topology()
	return &topology, nil
}

// ForgetNode answers the mutation of that name.
func (r *resolver) ForgetNode(ctx context.Context, input ForgetNodeInput) (ForgetNodeOrErrorPayload, error) {
	if err := r.Options.Nodes.ForgetNode(input.Name); err != nil {
		return fail[ForgetNodeOrErrorPayload](ctx, err)
	}
	return &ForgetNodePayload{Success: true}, nil
}

// Node gives what of a node is no field of its Go type as it is.
func (r *resolver) Node() NodeResolver { return nodeResolver{} }

type nodeResolver struct{}

// Position gives the field of that name.
func (nodeResolver) Position(_ context.Context, n *trip2g.Node) (int64, error) {
	return int64(n.Position), nil
}

// LeaderPosition gives the field of that name.
func (nodeResolver) LeaderPosition(_ context.Context, n *trip2g.Node) (int64, error) {
	return int64(n.LeaderPosition), nil
}
