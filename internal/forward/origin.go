package forward

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"golang.org/x/net/http/httpguts"
)

// Headers of the hop between a replica and the leader. Every public port and the forwarder drop a
// client's own copies. The intake accepts them only under a valid [AuthHeader].
const (
	// AuthHeader holds the replica's signature; see [Signer].
	AuthHeader = "X-Replica-Auth"

	nodeHeader      = "X-Replica-Node"   // the replica's name
	bodyHeader      = "X-Replica-Body"   // how the body is signed, see bodyauth.go
	cookieHeader    = "X-Replica-Cookie" // the Cookie lines, which HTTP/2 would split and join
	forHeader       = "X-Forwarded-For"
	protoHeader     = "X-Forwarded-Proto"
	hostHeader      = "X-Forwarded-Host"
	requestIDHeader = "X-Request-Id"
)

// originHeaders are signed, in this order.
var originHeaders = [...]string{forHeader, protoHeader, hostHeader, nodeHeader, bodyHeader, requestIDHeader}

// Origin describes the client of a forwarded request, as the replica saw it.
type Origin struct {
	ClientAddr string // the client's IP address, without a port
	Scheme     string // "http" or "https"
	Host       string // as in the client's Host header
	Node       string // the replica's name
	RequestID  string // the replica's id of the request, "" if it set none
}

type originKey struct{}

// OriginFrom returns the origin of a request that came through a replica; false for any other.
func OriginFrom(ctx context.Context) (Origin, bool) {
	o, ok := ctx.Value(originKey{}).(Origin)
	return o, ok
}

type requestIDKey struct{}

// WithRequestID returns a context that carries a request's id. A [Forwarder] passes it to the
// leader.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the id of a context's request: the one that [WithRequestID] set, else the
// forwarding replica's, else "".
func RequestID(ctx context.Context) string {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		return id
	}
	o, _ := OriginFrom(ctx)
	return o.RequestID
}

type schemeKey struct{}

// WithScheme returns a context with the scheme of a request's client, "http" or "https". It is for
// connections that do not show it, because a reverse proxy ended the client's TLS.
func WithScheme(ctx context.Context, scheme string) context.Context {
	return context.WithValue(ctx, schemeKey{}, scheme)
}

// Scheme returns the scheme that the client of a request to this node used: the one that
// [WithScheme] set, else that of the connection.
func Scheme(r *http.Request) string {
	if scheme, ok := r.Context().Value(schemeKey{}).(string); ok {
		return scheme
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// setOrigin sets the headers of out that describe in's client.
func setOrigin(out http.Header, in *http.Request, node string) {
	out.Set(protoHeader, Scheme(in))
	out.Set(hostHeader, in.Host)
	out.Set(nodeHeader, node)
	if ip, _, err := net.SplitHostPort(in.RemoteAddr); err == nil {
		out.Set(forHeader, ip)
	}
	if id := RequestID(in.Context()); id != "" {
		out.Set(requestIDHeader, id)
	}
}

// readOrigin reads the headers that setOrigin sets. A missing header leaves the connection's own
// value. A signed value that no replica can have seen is an error.
func readOrigin(r *http.Request) (Origin, error) {
	o := Origin{Scheme: "http", Host: r.Host, Node: r.Header.Get(nodeHeader), RequestID: r.Header.Get(requestIDHeader)}
	if ip, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		o.ClientAddr = ip
	}
	if v := r.Header.Get(forHeader); v != "" {
		if _, err := netip.ParseAddr(v); err != nil {
			return o, fmt.Errorf("read %s: %w", forHeader, err)
		}
		o.ClientAddr = v
	}
	if v := r.Header.Get(protoHeader); v != "" {
		if v != "http" && v != "https" {
			return o, fmt.Errorf("%s is %q, neither http nor https", protoHeader, v)
		}
		o.Scheme = v
	}
	if v, ok := r.Header[hostHeader]; ok {
		if !httpguts.ValidHostHeader(v[0]) {
			return o, fmt.Errorf("%s %q is no host", hostHeader, v[0])
		}
		o.Host = v[0]
	}
	return o, nil
}
