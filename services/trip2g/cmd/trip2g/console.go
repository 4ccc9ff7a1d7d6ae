package main

import (
	"net/http"
	"strings"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/console"
	trip2ghttp "trip2g/services/trip2g/http"
)

// consoleRoutes gives the owner's pages: on every node the same, made from memory.
func (n *node) consoleRoutes() []trip2ghttp.Route {
	identity := trip2ghttp.NewIdentity(n.current, n.config.SessionCookieName)
	pages := console.New(console.Options{
		Reader: func(r *http.Request) (trip2g.Reader, bool) {
			return identity.Reader(r), n.current() != nil
		},
		Frame: n.frame,
	})
	routes := []trip2ghttp.Route{{Path: console.FilesPrefix, Handler: pages.Files()}}
	for _, page := range pages.Pages() {
		if strings.HasSuffix(page.Path, "/") {
			page.Path += "{$}"
		}
		routes = append(routes, trip2ghttp.Route{Path: page.Path, Handler: page.Handler})
	}
	return routes
}
