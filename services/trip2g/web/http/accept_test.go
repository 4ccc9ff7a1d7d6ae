package http

import (
	"testing"

	"trip2g/services/trip2g"
)

// A client gets a coding that it can decode, and of those the one that it or else the server
// prefers.
func TestACodingIsNegotiated(t *testing.T) {
	const identity, gzip, br, zstd = trip2g.Identity, trip2g.Gzip, trip2g.Brotli, trip2g.Zstd
	offered := []trip2g.Coding{br, zstd, gzip}
	for _, tt := range []struct {
		accept string
		want   trip2g.Coding
	}{
		{"", identity},
		{"gzip", gzip},
		{"x-gzip", gzip},
		{"GZip", gzip},
		{"gzip, deflate, br, zstd", br},
		{"gzip, deflate, zstd", zstd},
		{"gzip;q=1.0, br;q=0.9", gzip},
		{"gzip;q=0.001,br;q=0", gzip},
		{"br;q=0, *", zstd},
		{"*", br},
		{"*;q=0", identity},
		{"*;q=0, gzip", gzip},
		{"*;q=0.5, identity", identity},
		{"identity", identity},
		{"identity;q=0", identity},
		{"identity;q=0, *;q=0", identity},
		{"identity;q=0.5, gzip;q=0.4", identity},
		{"identity, gzip", gzip},
		{"deflate", identity},
		{" gzip\t;\tQ=0.5 ,, ", gzip},
		{"gzip;q=2, br;q=-1, zstd;q=0.5", zstd},
		{"gzip;q=0.1234, zstd;q=abc, br;level=9", identity},
		{"gzip;q=1.001", identity},
		{"gzip;q=", identity},
		{"gzip;q=1.", gzip},
		{";,;q=1,\x00", identity},
		{"gzip\u00e9", identity},
	} {
		if got := negotiate(tt.accept, offered); got != tt.want {
			t.Errorf("%q gets %s, want %s", tt.accept, got, tt.want)
		}
	}
	if got := negotiate("gzip, br", nil); got != identity {
		t.Errorf("a server that offers nothing sends %s", got)
	}
}
