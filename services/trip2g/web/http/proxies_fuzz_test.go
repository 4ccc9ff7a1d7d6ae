package http_test

import (
	"net/netip"
	"testing"

	trip2ghttp "trip2g/services/trip2g/web/http"
)

// FuzzForwardedFor determines the client from any X-Forwarded-For. Sign-in limits count by that
// address, so it must be an IP address that the client did not choose.
func FuzzForwardedFor(f *testing.F) {
	for _, forwarded := range [][2]string{
		{"203.0.113.7", ""}, {"192.0.2.66", "203.0.113.7, 10.0.0.2"}, {"", "10.0.0.9, 10.0.0.2"}, {"a", "203.0.113.7, nonsense"},
		{"::1", "fe80::1%eth0"}, {"::ffff:10.0.0.2", "[fd00::1]:5"}, {",", ",,"}, {"10.0.0.1", " \t"}, {"203.0.113.7:80", "10.0.0.1%a"},
	} {
		f.Add("10.0.0.1:5", forwarded[0], forwarded[1])
	}
	f.Add("[fe80::1%eth0]:5", "", "203.0.113.7")
	f.Add("203.0.113.9:5", "192.0.2.66", "")
	f.Add("@", "192.0.2.66", "")
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8"), netip.MustParsePrefix("fe80::/10")}
	isTrusted := func(addr netip.Addr) bool {
		for _, network := range trusted {
			if network.Contains(addr.Unmap().WithZone("")) {
				return true
			}
		}
		return false
	}
	proxies := trip2ghttp.NewProxies(trusted, nil)
	f.Fuzz(func(t *testing.T, sender, written, added string) {
		client := proxies.Client(sender, added)
		from, err := netip.ParseAddrPort(sender)
		if err != nil || !isTrusted(from.Addr()) {
			if client != sender {
				t.Errorf("%q, which is no proxy, says it is %s", sender, client)
			}
			return
		}
		addr, err := netip.ParseAddrPort(client)
		if err != nil || addr.Addr().Is4In6() || addr.Addr().Zone() != "" || addr.Port() != 0 {
			t.Fatalf("the client is %q", client)
		}
		if forged := proxies.Client(sender, written+","+added); !isTrusted(addr.Addr()) && forged != client {
			t.Errorf("a client that writes %q before %q is %s, not %s", written, added, forged, client)
		}
	})
}
