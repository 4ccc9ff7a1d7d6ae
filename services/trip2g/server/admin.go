package server

import (
	"net/http"
	"strings"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/admin"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// reader gives who tells what a request's sender may read; ready is false until there is a site.
func (n *node) reader() func(*http.Request) (who trip2g.Reader, ready bool) {
	identity := trip2ghttp.NewIdentity(n.current, n.config.SessionCookieName)
	return func(r *http.Request) (trip2g.Reader, bool) {
		ready := n.current() != nil
		return identity.Reader(r), ready
	}
}

// consoleRoutes gives the owner's pages: on every node the same, made from memory.
func (n *node) consoleRoutes() []trip2ghttp.Route {
	pages := admin.New(admin.Options{Reader: n.reader(), Frame: n.frame})
	routes := []trip2ghttp.Route{{Path: admin.FilesPrefix, Handler: pages.Files(), Files: true}}
	for _, page := range pages.Pages() {
		if strings.HasSuffix(page.Path, "/") {
			page.Path += "{$}"
		}
		routes = append(routes, trip2ghttp.Route{Path: page.Path, Handler: page.Handler})
	}
	return routes
}
