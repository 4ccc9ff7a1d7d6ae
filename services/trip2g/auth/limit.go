package auth

import (
	"net/netip"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"trip2g/services/trip2g"
)

// maxKeys limits the memory of a limiter, about 200 bytes a key. It evicts the least recently used key.
const maxKeys = 10_000

// rateLimit allows a burst, then one per interval.
type rateLimit struct {
	burst    int
	interval time.Duration
}

// limiter keeps a token bucket per key.
type limiter struct {
	rate rateLimit
	now  func() time.Time

	mu      sync.Mutex
	buckets *lru.Cache[string, *rate.Limiter]
}

func newLimiter(r rateLimit, now func() time.Time) *limiter {
	buckets, err := lru.New[string, *rate.Limiter](maxKeys)
	if err != nil {
		panic(err) // only a size that is not positive fails
	}
	return &limiter{rate: r, now: now, buckets: buckets}
}

// take returns ERATELIMITED with the time to wait if the key has no token left.
func (l *limiter) take(key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	bucket, ok := l.buckets.Get(key)
	if !ok {
		bucket = rate.NewLimiter(rate.Every(l.rate.interval), l.rate.burst)
		l.buckets.Add(key, bucket)
	}
	now := l.now()
	reservation := bucket.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait == 0 {
		return nil
	}
	reservation.CancelAt(now)
	wait = wait.Truncate(time.Second) + time.Second
	limited := trip2g.Errorf(trip2g.ERATELIMITED, "too many tries; try again in %.0f seconds", wait.Seconds())
	limited.RetryAfter = wait
	return limited
}

// clientKey returns a client's IP address, or its /64 network for IPv6, which one customer has.
func clientKey(addr string) string {
	ip, ok := parseClient(addr)
	if !ok {
		return addr
	}
	if ip.Is4() {
		return ip.String()
	}
	network, err := ip.Prefix(64)
	if err != nil {
		return addr
	}
	return network.String()
}

// siteKey is like clientKey but returns the /48 network for IPv6, all of which one customer can have. It is
// for limits that do not lock out others in the network.
func siteKey(addr string) string {
	ip, ok := parseClient(addr)
	if !ok || ip.Is4() {
		return clientKey(addr)
	}
	network, err := ip.Prefix(48)
	if err != nil {
		return addr
	}
	return network.String()
}

// browserKey returns the key of the browser that requested a code. It identifies a program without a
// browser cookie by its network.
func browserKey(client trip2g.Client) string {
	if client.Browser != "" {
		return "browser " + trip2g.TokenHash(client.Browser)
	}
	return "client " + clientKey(client.Addr)
}

// clientIP returns a client's IP address without the port; "" if it has none.
func clientIP(addr string) string {
	ip, ok := parseClient(addr)
	if !ok {
		return ""
	}
	return ip.String()
}

// parseClient parses "IP" or "IP:port".
func parseClient(addr string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(strings.Trim(addr, "[]"))
	if withPort, portErr := netip.ParseAddrPort(addr); portErr == nil {
		ip, err = withPort.Addr(), nil
	}
	return ip.Unmap().WithZone(""), err == nil
}
