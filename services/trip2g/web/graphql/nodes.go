package graphql

import (
	"context"

	"trip2g/services/trip2g"
)

// Nodes implements QueryResolver.
func (r *resolver) Nodes(ctx context.Context) (*trip2g.Topology, error) {
	topology := r.Options.Nodes.Topology()
	return &topology, nil
}

// ForgetNode implements MutationResolver.
func (r *resolver) ForgetNode(ctx context.Context, input ForgetNodeInput) (ForgetNodeOrErrorPayload, error) {
	if err := r.Options.Nodes.ForgetNode(input.Name); err != nil {
		return fail[ForgetNodeOrErrorPayload](ctx, err)
	}
	return &ForgetNodePayload{Success: true}, nil
}

// Node resolves the fields of a node whose types differ from the Go fields.
func (r *resolver) Node() NodeResolver { return nodeResolver{} }

type nodeResolver struct{}

// Position implements NodeResolver.
func (nodeResolver) Position(_ context.Context, n *trip2g.Node) (int64, error) {
	return int64(n.Position), nil
}

// LeaderPosition implements NodeResolver.
func (nodeResolver) LeaderPosition(_ context.Context, n *trip2g.Node) (int64, error) {
	return int64(n.LeaderPosition), nil
}
