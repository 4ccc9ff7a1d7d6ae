package forward

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"

	"golang.org/x/net/http/httpguts"
)

// Headers of the hop between a replica and the leader. A client's own copies are dropped on every
// public port and by the forwarder; the intake believes them only under a valid [AuthHeader].
const (
	// AuthHeader holds the replica's signature; see [Signer].
	AuthHeader = "X-Replica-Auth"

	nodeHeader      = "X-Replica-Node"   // the replica's name
	bodyHeader      = "X-Replica-Body"   // how the body is signed, see bodyauth.go
	cookieHeader    = "X-Replica-Cookie" // the Cookie lines, which HTTP/2 would split and join anew
	forHeader       = "X-Forwarded-For"
	protoHeader     = "X-Forwarded-Proto"
	hostHeader      = "X-Forwarded-Host"
	requestIDHeader = "X-Request-Id"
)

// originHeaders are signed, in this order.
var originHeaders = [...]string{forHeader, protoHeader, hostHeader, nodeHeader, bodyHeader, requestIDHeader}

// Origin is what the replica that forwarded a request saw of its client.
type Origin struct {
	ClientAddr string // the client's IP address, without a port
	Scheme     string // "http" or "https"
	Host       string // as in the client's Host header
	Node       string // the replica's name
	RequestID  string // the replica's id of the request, "" if it gave none
}

type originKey struct{}

// OriginFrom gives the origin of a request that came through a replica; false for every other.
func OriginFrom(ctx context.Context) (Origin, bool) {
	o, ok := ctx.Value(originKey{}).(Origin)
	return o, ok
}

type requestIDKey struct{}

// WithRequestID gives a context that carries a request's id; a [Forwarder] passes it to the leader.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID gives the id of the request whose context this is: the one that [WithRequestID] set,
// else the forwarding replica's, else "".
func RequestID(ctx context.Context) string {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		return id
	}
	o, _ := OriginFrom(ctx)
	return o.RequestID
}

type schemeKey struct{}

// WithScheme returns a context for a request whose client used a scheme, "http" or "https", that its connection
// does not show: a reverse proxy ended the client's TLS.
func WithScheme(ctx context.Context, scheme string) context.Context {
	return context.WithValue(ctx, schemeKey{}, scheme)
}

// Scheme returns the scheme that the client of a request to this node used: the one that [WithScheme] set, else
// that of the connection.
func Scheme(r *http.Request) string {
	if scheme, ok := r.Context().Value(schemeKey{}).(string); ok {
		return scheme
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// setOrigin puts what the replica saw of in's client into the headers of out.
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

// readOrigin is setOrigin's counterpart. Without a header, the connection's own value stands. A
// signed value that no replica can have seen is an error.
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
