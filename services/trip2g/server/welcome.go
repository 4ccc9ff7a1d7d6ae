package server

import (
	"cmp"
	"net"
	"net/http"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/web/httpx"
)

// welcome renders the page of a site without notes.
func (n *node) welcome(r *http.Request, reader trip2g.Visitor) []byte {
	s := n.current()
	return n.site.Load().WelcomeFrame(trip2g.WelcomePage{
		Visitor: reader, Node: n.config.NodeName, Replica: n.config.Replica(), Owned: s.Owned(),
		URL: cmp.Or(s.PublicURL(), httpx.Origin(r).URL()),
	})
}

// newClaim returns the service by which a site gets its first owner. If there is none yet, it logs
// how.
func (n *node) newClaim(follower *site.Follower, signIn *auth.SignIn) *auth.Claim {
	claim := auth.NewClaim(signIn, n.localURL()+trip2g.ClaimPath)
	if !follower.Current().Owned() {
		claim.Announce()
	}
	return claim
}

// localURL returns the address of the public port for a browser on this machine.
func (n *node) localURL() string {
	host, port, err := net.SplitHostPort(n.config.ListenAddr)
	if ip := net.ParseIP(host); err != nil || host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port)
}
