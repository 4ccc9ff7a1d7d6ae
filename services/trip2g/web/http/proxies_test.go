package http_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"trip2g/internal/forward"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

func TestAClientIsWhoATrustedProxySaysAndNobodyElse(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, tt := range []struct {
		sender    string
		forwarded []string
		want      string
	}{
		{"10.0.0.1:5", []string{"203.0.113.7"}, "203.0.113.7:0"},
		{"[::ffff:10.0.0.1]:5", []string{"203.0.113.7"}, "203.0.113.7:0"},
		{"[fd00::1]:5", []string{"2001:db8::7"}, "[2001:db8::7]:0"},
		{"10.0.0.1:5", []string{"192.0.2.66, 203.0.113.7"}, "203.0.113.7:0"},             // the first one is forged by the client
		{"10.0.0.1:5", []string{"192.0.2.66", "203.0.113.7, 10.0.0.2"}, "203.0.113.7:0"}, // two proxies
		{"10.0.0.1:5", []string{"10.0.0.9, 10.0.0.2"}, "10.0.0.9:0"},                     // a client in the proxies' network
		{"10.0.0.1:5", []string{"203.0.113.7, nonsense"}, "10.0.0.1:0"},
		{"10.0.0.1:5", nil, "10.0.0.1:0"},
		{"203.0.113.9:5", []string{"192.0.2.66"}, "203.0.113.9:5"}, // not a trusted proxy
		{"@", []string{"192.0.2.66"}, "@"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.sender
		for _, line := range tt.forwarded {
			r.Header.Add("X-Forwarded-For", line)
		}
		var seen string
		known := trip2ghttp.NewProxies(proxies, nil)
		known.Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.RemoteAddr })).ServeHTTP(httptest.NewRecorder(), r)
		if seen != tt.want {
			t.Errorf("%s with %q is taken for %s, want %s", tt.sender, tt.forwarded, seen, tt.want)
		}
		if seen = known.Client(tt.sender, strings.Join(tt.forwarded, ",")); seen != tt.want {
			t.Errorf("on the fast lane %s with %q is taken for %s, want %s", tt.sender, tt.forwarded, seen, tt.want)
		}
	}
}

// The scheme determines whether a cookie is for TLS only.
func TestTheSchemeIsWhatATrustedProxyOrThePublicURLSays(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	public := &url.URL{Scheme: "https", Host: "notes.example"}
	for _, tt := range []struct {
		sender, host, proto string
		public              *url.URL
		want                string
	}{
		{"10.0.0.1:5", "replica.example", "https", public, "https"},
		{"10.0.0.1:5", "replica.example", "HTTPS , http", nil, "https"}, // the outermost proxy comes first
		{"10.0.0.1:5", "replica.example", "http", public, "http"},
		{"10.0.0.1:5", "replica.example", "", nil, "http"},
		{"203.0.113.9:5", "replica.example", "https", public, "http"}, // not a trusted proxy
		{"203.0.113.9:5", "Notes.example", "", public, "https"},
		{"203.0.113.9:5", "notes.example", "http", public, "https"},
		{"203.0.113.9:5", "notes.example", "", &url.URL{Scheme: "http", Host: "notes.example"}, "http"},
		{"203.0.113.9:5", "notes.example:81", "", public, "http"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.RemoteAddr, r.Host = tt.sender, tt.host
		r.Header.Set("X-Forwarded-For", "198.51.100.9")
		r.Header.Set("X-Forwarded-Proto", tt.proto)
		var seen string
		trip2ghttp.NewProxies(proxies, tt.public).Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = forward.Scheme(r) })).ServeHTTP(httptest.NewRecorder(), r)
		if seen != tt.want {
			t.Errorf("%+v is taken for %s", tt, seen)
		}
	}
}

// TestTheOwnersPagesWorkBehindAProxyThatPassesNoHost checks a request by the API's protection
// against cross-site requests. On plain HTTP, a browser sends only the Origin for it.
func TestTheOwnersPagesWorkBehindAProxyThatPassesNoHost(t *testing.T) {
	public := &url.URL{Scheme: "http", Host: "notes.example"}
	for _, tt := range []struct {
		host, origin string
		allowed      bool
	}{
		{"127.0.0.1:8081", "http://notes.example", true}, // as nginx does without a proxy_set_header for the host
		{"notes.example", "http://notes.example", true},
		{"127.0.0.1:8081", "http://elsewhere.example", false},
		{"127.0.0.1:8081", "https://notes.example", false},
		{"127.0.0.1:8081", "null", false},
		{"notes.example", "http://notes.example.elsewhere.example", false},
	} {
		r := httptest.NewRequest(http.MethodPost, "/_system/graphql", nil)
		r.Host = tt.host
		r.Header.Set("Origin", tt.origin)
		var err error
		trip2ghttp.NewProxies(nil, public).Wrap(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			err = http.NewCrossOriginProtection().Check(r)
		})).ServeHTTP(httptest.NewRecorder(), r)
		if (err == nil) != tt.allowed {
			t.Errorf("from %s for host %s: %v", tt.origin, tt.host, err)
		}
	}
}
