package http

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"trip2g/internal/forward"
)

// Proxies are the trusted reverse proxies in front of a node. Forwarding headers of other senders
// are ignored.
type Proxies struct {
	trusted []netip.Prefix
	public  *url.URL
}

// NewProxies returns the proxies with these addresses. public is the node's public URL, nil if
// unknown.
func NewProxies(trusted []netip.Prefix, public *url.URL) *Proxies {
	return &Proxies{trusted: trusted, public: public}
}

// Wrap returns a handler for the public port that sets the client's address by [Proxies.Client],
// and the client's scheme (forward.Scheme): https if a trusted proxy sends it in X-Forwarded-Proto,
// or if the request is for the host of a public https URL. A browser's request from a page at the
// public URL is for its host, even if a proxy passes on another one, as nginx does by default.
func (p *Proxies) Wrap(next http.Handler) http.Handler {
	if len(p.trusted) == 0 && p.public == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := *r
		seen.RemoteAddr = p.Client(r.RemoteAddr, strings.Join(r.Header.Values("X-Forwarded-For"), ","))
		if p.fromOwnPages(r) {
			seen.Host = p.public.Host
		}
		if p.usedTLS(r, seen.Host) {
			seen = *seen.WithContext(forward.WithScheme(r.Context(), "https"))
		}
		next.ServeHTTP(w, &seen)
	})
}

// fromOwnPages reports whether a browser says that a page at the node's public URL sent the
// request. Its host is then the URL's, whatever host a proxy passed on.
func (p *Proxies) fromOwnPages(r *http.Request) bool {
	return p.public != nil && strings.EqualFold(r.Header.Get("Origin"), p.public.Scheme+"://"+p.public.Host)
}

// usedTLS reports whether the client that sent r for a host did so over TLS.
func (p *Proxies) usedTLS(r *http.Request, host string) bool {
	if p.public != nil && p.public.Scheme == "https" && strings.EqualFold(p.public.Host, host) {
		return true
	}
	if !p.areTrusted(r.RemoteAddr) {
		return false
	}
	first, _, _ := strings.Cut(r.Header.Get("X-Forwarded-Proto"), ",")
	return strings.EqualFold(strings.TrimSpace(first), "https")
}

// Client returns the address of the client of a request from sender, "IP:port". If the sender is a
// trusted proxy, it is the last address in X-Forwarded-For that is not a trusted proxy's, with the
// port 0. A client can forge the addresses before it.
func (p *Proxies) Client(sender, forwardedFor string) string {
	if len(p.trusted) == 0 || !p.areTrusted(sender) {
		return sender
	}
	client := netip.MustParseAddrPort(sender).Addr().Unmap().WithZone("")
	for _, hop := range slices.Backward(strings.Split(forwardedFor, ",")) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break // no proxy writes this; use the nearest valid address
		}
		client = addr.Unmap().WithZone("")
		if !p.contains(client) {
			break
		}
	}
	return net.JoinHostPort(client.String(), "0")
}

func (p *Proxies) areTrusted(sender string) bool {
	addr, err := netip.ParseAddrPort(sender)
	return err == nil && p.contains(addr.Addr().Unmap().WithZone(""))
}

func (p *Proxies) contains(addr netip.Addr) bool {
	return slices.ContainsFunc(p.trusted, func(prefix netip.Prefix) bool { return prefix.Contains(addr) })
}
