package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"trip2g/internal/forward"
)

// runTunnel forwards the connection of this replica's LiteFS to the leader's until ctx ends. It
// returns at once if TRIP2G_LITEFS_TUNNEL_ADDR is not set: LiteFS then connects by itself.
func (n *node) runTunnel(ctx context.Context) error {
	if n.config.LiteFSTunnelAddr == "" {
		return nil
	}
	tunnel, err := forward.NewTunnel(forward.TunnelOptions{
		LeaderAddr: n.config.LeaderAddr, Secret: n.config.JWTSecret.Reveal(), Node: n.config.NodeName, Log: n.log,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", n.config.LiteFSTunnelAddr)
	if err != nil {
		return fmt.Errorf("listen for this replica's LiteFS (TRIP2G_LITEFS_TUNNEL_ADDR): %w", err)
	}
	return tunnel.Serve(ctx, listener)
}

// withTunnels adds the endpoint of the replicas' LiteFS tunnels to the leader's internal handler.
// It returns next itself if the database is not on a LiteFS mount.
func (n *node) withTunnels(next http.Handler) (http.Handler, error) {
	node, err := n.litefsNode()
	if err != nil || node == nil {
		return next, err
	}
	api, err := url.Parse(n.config.LiteFSURL)
	if err != nil {
		return nil, err
	}
	return forward.NewTunnelServer(forward.TunnelServerOptions{
		Secret: n.config.JWTSecret.Reveal(), Epoch: n.epoch, LiteFS: api.Host, OnReject: n.nodes.Reject, Log: n.log,
	}, next)
}
