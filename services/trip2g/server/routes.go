package server

import (
	"slices"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/account"
	"trip2g/services/trip2g/web/admin"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// routes returns the routes below /_system/ that every node has in addition to the API and files. A
// replica answers their GET requests from memory; it forwards other methods before routing.
func (n *node) routes() []trip2ghttp.Route {
	return slices.Concat(n.adminRoutes(), n.nodeRoutes(), n.searchRoutes(), n.docs.routes())
}

// systemPages returns the URL paths of those routes that are pages for people.
func systemPages() []string {
	return append(admin.Paths(), account.SignInPath, account.AccountPath, trip2ghttp.SearchPath)
}

// frame renders a system page in the site's layout. The site must be loaded: a system page knows
// its reader only then.
func (n *node) frame(p trip2g.SystemPage) []byte { return n.site.Load().Frame(p) }
