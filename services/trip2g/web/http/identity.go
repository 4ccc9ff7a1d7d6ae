package http

import (
	"net/http"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

// Identity looks up sessions in the site in memory. A replica knows a session, and its end, as soon
// as it serves the leader's change.
type Identity struct {
	site   func() trip2g.Site
	cookie string
}

// NewIdentity returns an Identity for a site, which is nil until it is loaded, and a session
// cookie's name.
func NewIdentity(site func() trip2g.Site, cookie string) *Identity { return &Identity{site, cookie} }

// Session returns the valid session of a request's bearer token or cookie.
func (i *Identity) Session(r *http.Request) (trip2g.Session, bool) {
	token, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if cookie, err := r.Cookie(i.cookie); !found && err == nil {
		token = cookie.Value
	}
	site := i.site()
	if token == "" || site == nil {
		return trip2g.Session{}, false
	}
	return site.Session(trip2g.TokenHash(token), time.Now())
}

// Reader returns the access level of a request's sender.
func (i *Identity) Reader(r *http.Request) trip2g.Visitor {
	session, ok := i.Session(r)
	return trip2g.VisitorOf(session, ok)
}
