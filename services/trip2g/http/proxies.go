package http

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// BelieveProxies gives a handler for a public port that runs next with the address of the client, where a
// proxy of the operator's passed its request on: the last address in X-Forwarded-For that is not itself a
// trusted proxy's. What stands before it, a client can have written. A request that came from anywhere else is
// passed as it is. Without proxies it is next itself.
func BelieveProxies(next http.Handler, proxies []netip.Prefix) http.Handler {
	if len(proxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if client, ok := clientBehind(r, proxies); ok {
			seen := *r
			seen.RemoteAddr = net.JoinHostPort(client.String(), "0")
			r = &seen
		}
		next.ServeHTTP(w, r)
	})
}

func clientBehind(r *http.Request, proxies []netip.Prefix) (netip.Addr, bool) {
	trusted := func(addr netip.Addr) bool {
		return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
	}
	sender, err := netip.ParseAddrPort(r.RemoteAddr)
	client := sender.Addr().Unmap()
	if err != nil || !trusted(client) {
		return netip.Addr{}, false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break // no proxy writes such a thing; the nearest one that can be read counts
		}
		client = addr.Unmap().WithZone("")
		if !trusted(client) {
			break
		}
	}
	return client, true
}
