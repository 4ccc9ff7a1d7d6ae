// Package client is an HTTP client for the sync API of a trip2g server.
package client

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"trip2g/services/trip2g"
)

// DefaultStall is how long an attempt can continue without a byte sent or received. A replica holds
// a write while its leader restarts, and the commit of a large vault takes a while.
const DefaultStall = 2 * time.Minute

// endpoint is the path of the API below the server's URL.
const endpoint = trip2g.SystemPrefix + "graphql"

// Options of a Client. URL is required, and Key unless Anonymous.
type Options struct {
	URL       string // of any node, e.g. "https://notes.example.com"
	Key       string // an API key
	UserAgent string // "" is Go's own
	VaultName string // of the folder that is pushed, "" if the server need not know
	Anonymous bool   // allows an empty Key

	RetryFor time.Duration                     // from the first failure; 0 disables retries
	Stall    time.Duration                     // 0: DefaultStall
	Visible  time.Duration                     // how long AwaitVisible waits; 0: DefaultVisible
	OnRetry  func(err error, in time.Duration) // called before each wait, concurrently; may be nil
}

// Client sends requests to one server with one API key. Its methods can be called concurrently.
// They retry for RetryFor when the server is unreachable or temporarily unavailable (408, 429, 502,
// 503, 504, or the codes EUNAVAILABLE and EINDETERMINATE). Retries are safe although the server may
// have processed an attempt without a response, because all operations are idempotent.
//
// Errors are a trip2g.Error: EUNAUTHORIZED or EFORBIDDEN if the key was rejected, EUNAVAILABLE if
// the server was unreachable or unavailable, EINVALID or ETOOLARGE if it rejected the data,
// EEXPIRED if the push has ended, ENOTFOUND if there is no sync API at the URL, ECONFLICT as
// described at StageAsset, EINTERNAL for other failures; or the context's error. No error contains
// the key.
type Client struct {
	Options
	base    *url.URL
	http    *http.Client
	reached atomic.Int64           // the newest position in responses; 0: none
	push    atomic.Pointer[string] // ID of the push; nil before UsePush
}

// New returns a client without connecting. It returns EINVALID for an invalid URL or key.
func New(o Options) (*Client, error) {
	base, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	if err := checkKey(o.Key); err != nil && (o.Key != "" || !o.Anonymous) {
		return nil, err
	}
	if o.Stall == 0 {
		o.Stall = DefaultStall
	}
	if o.Visible == 0 {
		o.Visible = DefaultVisible
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 8
	return &Client{Options: o, base: base, http: &http.Client{
		Transport: transport,
		// A redirect would turn the POST into a GET, or take the key to wherever it points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Site returns the URL of the server's home page.
func (c *Client) Site() string { return c.base.String() + "/" }

// Exposed reports whether the key would be sent unencrypted over a network.
func (c *Client) Exposed() bool { return c.base.Scheme != "https" && !isLoopback(c.base.Hostname()) }

// isLoopback reports whether a host is the machine itself.
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// parseURL reads a server's URL. Without a scheme it is https, or http for this machine itself.
func parseURL(text string) (*url.URL, error) {
	text = strings.TrimSpace(text)
	if text != "" && !strings.Contains(text, "://") {
		if host, err := url.Parse("http://" + text); err == nil && isLoopback(host.Hostname()) {
			text = "http://" + text
		} else {
			text = "https://" + text
		}
	}
	base, err := url.Parse(text)
	switch {
	case err != nil || base.Host == "" || base.Hostname() == "" || base.Scheme != "http" && base.Scheme != "https":
		return nil, trip2g.Errorf(trip2g.EINVALID, "the server's URL is not an http or https URL: give one like http://localhost:8081")
	case base.User != nil:
		return nil, trip2g.Errorf(trip2g.EINVALID, "the server's URL has a user name: give it without")
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, trip2g.Errorf(trip2g.EINVALID, "the server's URL has a query or a fragment: give it without")
	}
	if port := base.Port(); port != "" {
		if _, err := net.LookupPort("tcp", port); err != nil {
			return nil, trip2g.Errorf(trip2g.EINVALID, "the server's URL has the port %s, which there is not", port)
		}
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath = ""
	return base, nil
}

// checkKey checks that the key can be sent in a header. Errors do not contain the key.
func checkKey(key string) error {
	if key == "" {
		return trip2g.Errorf(trip2g.EINVALID, "an API key is needed: `trip2g keys create` on the leader creates one")
	}
	for _, r := range key {
		if r <= ' ' || r > '~' {
			return trip2g.Errorf(trip2g.EINVALID, "the API key has a character that no key has: copy it again, whole and alone")
		}
	}
	return nil
}
