package http

import (
	"net/http"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

// Identity tells who a reader is, from memory: a replica knows a session, and its end, as soon as it
// has followed the leader there.
type Identity struct {
	site   func() trip2g.Site
	cookie string
}

// NewIdentity makes one of what a node serves now (site gives nil until it is loaded) and its session
// cookie's name.
func NewIdentity(site func() trip2g.Site, cookie string) *Identity { return &Identity{site, cookie} }

// Session finds the session in date that a request's bearer token or cookie names.
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

// Reader tells what the one who asks may read.
func (i *Identity) Reader(r *http.Request) trip2g.Reader {
	session, ok := i.Session(r)
	return trip2g.ReaderOf(session, ok)
}
