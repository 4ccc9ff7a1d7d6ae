package trip2g

import (
	"net/url"
	"strings"
)

// Origin is the client's view of a request, as its node saw it.
type Origin struct {
	ClientAddr string // "IP" or "IP:port"
	Scheme     string // "http" or "https"
	Host       string // requested by the client, with the port if any
}

// URL returns the URL of the node that the client connected to, without a path.
func (o Origin) URL() string { return o.Scheme + "://" + o.Host }

// Secure reports whether the browser uses TLS, to the node or to a reverse proxy at the public URL.
// public can be nil.
func (o Origin) Secure(public *url.URL) bool {
	return o.Scheme == "https" || public != nil && public.Scheme == "https" && strings.EqualFold(public.Host, o.Host)
}
