// Package client speaks the sync API to a trip2g server over HTTP.
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

// DefaultStall is how long an attempt may go on without a byte sent or received. A replica holds a
// write while its leader restarts, and a commit of a large vault takes a while to be answered.
const DefaultStall = 2 * time.Minute

// endpoint is the API's address under the server's.
const endpoint = "/_system/graphql"

// Options is what a Client is made of. URL and, but for Anonymous, Key are needed.
type Options struct {
	URL       string // of any node, e.g. "https://notes.example.com"
	Key       string // an API key
	UserAgent string // "" is Go's own
	VaultName string // of the folder that is pushed, "" if the server need not know
	Anonymous bool   // without a key the client asks as anyone; else New wants one

	RetryFor time.Duration                     // how long after a first failure to try again; 0: not at all
	Stall    time.Duration                     // 0: DefaultStall
	Visible  time.Duration                     // how long AwaitVisible goes on; 0: DefaultVisible
	OnRetry  func(err error, in time.Duration) // told before each wait; may be called from many goroutines; may be nil
}

// Client is a connection to one server as one API key. Its methods can be called from many
// goroutines. Each one tries again, for RetryFor, when the server cannot be reached or says that
// it cannot serve now (408, 429, 502, 503, 504, or the codes EUNAVAILABLE and EINDETERMINATE). That is safe although an
// attempt without an answer may have been carried out: staging the same content, storing the same file,
// hiding a hidden note and committing a committed push change nothing.
//
// Errors are a trip2g.Error: EUNAUTHORIZED or EFORBIDDEN if the key was refused, EUNAVAILABLE if
// the server could not be reached or could not serve, EINVALID or ETOOLARGE if it refused what was
// sent, EEXPIRED if the push is over, ENOTFOUND if there is no sync API at the URL, ECONFLICT as
// StageAsset says, EINTERNAL for other failures; or the context's error. None holds the key.
type Client struct {
	Options
	base    *url.URL
	http    *http.Client
	reached atomic.Int64           // the newest position that the server's answers had; 0: none
	push    atomic.Pointer[string] // the id of the push; nil before UsePush
}

// New makes a client; it connects to nothing yet. EINVALID for a URL or a key that can be none.
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

// Site is the address of the server's start page.
func (c *Client) Site() string { return c.base.String() + "/" }

// Exposed tells that the key would go unencrypted over a network.
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

// checkKey takes what can stand in a header. It does not show the key.
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
