package trip2g

import (
	"net/url"
	"strings"
)

// Origin is where a request came from, as the node that the client talked to saw it.
type Origin struct {
	ClientAddr string // "IP" or "IP:port"
	Scheme     string // "http" or "https"
	Host       string // what the client asked for, with the port if it gave one
}

// URL returns the address of the node that the client talked to, without a path.
func (o Origin) URL() string { return o.Scheme + "://" + o.Host }

// Secure reports whether the browser talks TLS: to the node, or to a proxy before it that the public
// URL names. public may be nil.
func (o Origin) Secure(public *url.URL) bool {
	return o.Scheme == "https" || public != nil && public.Scheme == "https" && strings.EqualFold(public.Host, o.Host)
}
