package server

import (
	"slices"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/account"
	"trip2g/services/trip2g/web/admin"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// routes gives what every node, leader or replica, has under /_system/ beside the API and files. A
// replica answers the GETs of it from its own memory; what is no GET is forwarded before it comes here.
func (n *node) routes() []trip2ghttp.Route {
	return slices.Concat(n.consoleRoutes(), n.nodeRoutes(), n.searchRoutes(), n.docs.routes())
}

// systemPages returns the URL paths of the pages among the routes that people go to.
func systemPages() []string {
	return append(admin.Paths(), account.SignInPath, account.AccountPath, trip2ghttp.SearchPath)
}

// frame is the trip2g.Frame of the site that is served now. There has to be one: a page of the server's
// own asks for it only when it knows who reads, and that is from the site.
func (n *node) frame(p trip2g.SystemPage) []byte { return n.site.Load().Frame(p) }
