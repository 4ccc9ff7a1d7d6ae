package main

import (
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
	trip2ghttp "trip2g/services/trip2g/http"
	"trip2g/services/trip2g/people"
)

// peopleRoutes gives the pages by which people sign in and out and look after their sessions. leader is
// nil on a replica.
func (n *node) peopleRoutes(leader *people.Leader) ([]trip2ghttp.Route, error) {
	identity := trip2ghttp.NewIdentity(n.current, n.config.SessionCookieName)
	pages, err := people.New(people.Options{
		Ready:    func() bool { return n.current() != nil },
		Session:  identity.Session,
		Sessions: func(user int64) []trip2g.Session { return n.current().Sessions(user, time.Now()) },
		Frame:    n.frame,
		Leader:   leader,
	})
	if err != nil {
		return nil, err
	}
	routes := make([]trip2ghttp.Route, len(pages))
	for i, page := range pages {
		routes[i] = trip2ghttp.Route{Path: page.Path, Handler: page.Handler}
	}
	return routes, nil
}

// leaderOfPeople gives what a leader does for those pages.
func (n *node) leaderOfPeople(signIn *auth.SignIn, service *auth.People) *people.Leader {
	return &people.Leader{
		SignIn: signIn, People: service, Origin: origin, Cookie: n.config.SessionCookieName,
		PublicURL: n.config.PublicURL, CodeLifetime: auth.CodeLifetime,
	}
}
