package server

import (
	"net/http"
	"strings"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/admin"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// reader returns a function that determines the access level of a request's sender. ready is false
// until the site is loaded.
func (n *node) reader() func(*http.Request) (who trip2g.Visitor, ready bool) {
	identity := trip2ghttp.NewIdentity(n.current, n.config.SessionCookieName)
	return func(r *http.Request) (trip2g.Visitor, bool) {
		ready := n.current() != nil
		return identity.Reader(r), ready
	}
}

// adminRoutes returns the admin pages. They are the same on every node and rendered from memory.
func (n *node) adminRoutes() []trip2ghttp.Route {
	pages := admin.New(admin.Options{Reader: n.reader(), Frame: n.frame})
	routes := []trip2ghttp.Route{{Path: admin.FilesPrefix, Handler: pages.Files(), Files: true}}
	for _, page := range pages.All() {
		if strings.HasSuffix(page.Path, "/") {
			page.Path += "{$}"
		}
		routes = append(routes, trip2ghttp.Route{Path: page.Path, Handler: page.Handler})
	}
	return routes
}
