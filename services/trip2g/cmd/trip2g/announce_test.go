package main

import (
	"net"
	"testing"

	"trip2g/services/trip2g/config"
)

func TestTheLogNamesASiteThatABrowserFinds(t *testing.T) {
	for _, tt := range []struct{ publicURL, listens, want string }{
		{"https://example.com", "0.0.0.0:8081", "https://example.com"},
		{"", "0.0.0.0:8081", "http://localhost:8081"},
		{"", "[::]:8081", "http://localhost:8081"},
		{"", "127.0.0.1:8081", "http://127.0.0.1:8081"},
		{"", "[::1]:8081", "http://[::1]:8081"},
	} {
		addr, err := net.ResolveTCPAddr("tcp", tt.listens)
		if err != nil {
			t.Fatal(err)
		}
		if got := siteURL(&config.Config{PublicURL: tt.publicURL}, addr); got != tt.want {
			t.Errorf("siteURL of %q on %s is %q, want %q", tt.publicURL, tt.listens, got, tt.want)
		}
	}
}
