package server

import (
	"runtime/debug"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/search"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// newSearch returns the search index of the site. Its files are temporary: see tempDirs.
func (n *node) newSearch() *search.Index {
	return search.New(search.Options{
		Site: n.current, Text: markdown.Text, Dirs: n.tempDirs, FreshWait: n.config.ReadWait,
		AfterLarge: debug.FreeOSMemory, Log: n.log, Long: n.heavy,
	})
}

func (n *node) searchRoutes() []trip2ghttp.Route {
	return trip2ghttp.SearchRoutes(trip2ghttp.SearchOptions{
		Search: n.search, Site: n.current, Identity: trip2ghttp.NewIdentity(n.current, n.config.SessionCookieName),
		Frame: func(p trip2g.SearchPage) []byte { return n.site.Load().SearchFrame(p) },
	})
}
