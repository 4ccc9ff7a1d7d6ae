package auth

import (
	"fmt"
	"testing"
	"time"
)

func TestClientKey(t *testing.T) {
	for addr, want := range map[string]string{
		"192.0.2.1:80":           "192.0.2.1",
		"192.0.2.1":              "192.0.2.1",
		"[::ffff:192.0.2.1]:80":  "192.0.2.1",
		"[2001:db8:1:2:3::4]:80": "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1":   "2001:db8:1:2::/64",
		"[fe80::1%eth0]:80":      "fe80::/64",
		"":                       "",
		"not an address":         "not an address",
	} {
		if got := clientKey(addr); got != want {
			t.Errorf("clientKey(%q) = %q, want %q", addr, got, want)
		}
	}
}

func TestManyClientsDoNotFillTheMemory(t *testing.T) {
	l := newLimiter(rateLimit{burst: 1, interval: time.Minute}, time.Now)
	for i := range 3 * maxKeys {
		if err := l.take(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	if n := l.buckets.Len(); n != maxKeys {
		t.Errorf("%d clients are held, want %d", n, maxKeys)
	}
}
