package server

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"trip2g/docs"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/search"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/content/site/render"
	"trip2g/services/trip2g/web/docsite"
	trip2ghttp "trip2g/services/trip2g/web/http"
)

// docsBodyCache is the size of the cache of rendered documentation pages, in bytes.
const docsBodyCache = 4 << 20

// documentation serves the documentation of the running version as a site of its own. It is built
// at the first request.
type documentation struct {
	node    *node
	search  *search.Index
	built   chan struct{} // closed when it is built
	handler func() (http.Handler, error)
}

func newDocumentation(n *node) *documentation {
	d := &documentation{node: n, built: make(chan struct{})}
	d.handler = sync.OnceValues(d.build)
	return d
}

func (d *documentation) routes() []trip2ghttp.Route {
	return []trip2ghttp.Route{
		{Path: trip2g.DocsURL, Handler: d},
		{Path: strings.TrimSuffix(trip2g.DocsURL, "/"), Handler: http.RedirectHandler(trip2g.DocsURL, http.StatusFound)},
	}
}

func (d *documentation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	handler, err := d.handler()
	if err != nil {
		d.node.log.Error().Err(err).Msg("the documentation cannot be shown")
		http.Error(w, "the documentation cannot be shown; the log says why", http.StatusInternalServerError)
		return
	}
	handler.ServeHTTP(w, r)
}

func (d *documentation) build() (http.Handler, error) {
	vault, err := docsite.Load(docs.Vault, markdown.AssetRefs)
	if err != nil {
		return nil, err
	}
	base := trip2g.BasePath(strings.TrimSuffix(trip2g.DocsURL, "/"))
	var follower *site.Follower
	current := func() trip2g.Site { return follower.Current() }
	d.search = search.New(search.Options{
		Site: current, Text: markdown.Text, Dirs: d.node.tempDirs, FreshWait: d.node.config.ReadWait,
		Log: d.node.log, Long: d.node.heavy,
	})
	follower = site.NewFollower(vault, site.Options{
		SystemPages: systemPages(),
		Parse:       parseAsPublic, Render: markdown.Render, Excerpt: markdown.Excerpt, Context: markdown.Context,
		Log: d.node.log, BodyCacheSize: docsBodyCache, Observe: d.search.Observe, Heavy: d.node.heavy,
		BasePath: base, Manual: &render.Manual{Version: trip2g.Version},
	})
	if _, err := follower.Refresh(context.Background()); err != nil {
		return nil, err
	}
	close(d.built)
	return trip2ghttp.Below(base, trip2ghttp.NewHandler(trip2ghttp.Options{
		Site: current, Assets: vault, Codings: render.Codings, BasePath: base,
		Static: render.StaticHandler(), StaticPrefix: render.StaticPrefix,
		Routes: trip2ghttp.SearchRoutes(trip2ghttp.SearchOptions{
			Search: prefixedSearch{d.search, base}, Site: current, Identity: trip2ghttp.NewIdentity(current, ""),
			Frame: follower.SearchFrame, BasePath: base,
		}),
	})), nil
}

// parseAsPublic parses a note and makes it public, whatever the site's default is.
func parseAsPublic(path, content string) *trip2g.Document {
	doc := markdown.Parse(path, content)
	if doc.Access.Level != trip2g.NotShown {
		doc.Access = trip2g.Access{Level: trip2g.Public}
	}
	return doc
}

// Run maintains the search index from the first request on, until ctx ends.
func (d *documentation) Run(ctx context.Context) error {
	select {
	case <-d.built:
		return d.search.Run(ctx)
	case <-ctx.Done():
		return nil
	}
}

// prefixedSearch searches a site below a base path.
type prefixedSearch struct {
	trip2g.Searcher
	base trip2g.BasePath
}

// Search implements trip2g.Searcher. The first search waits for the index.
func (s prefixedSearch) Search(ctx context.Context, request trip2g.SearchRequest) (trip2g.SearchResponse, error) {
	request.Fresh = true
	answer, err := s.Searcher.Search(ctx, request)
	for i := range answer.Results {
		answer.Results[i].URL = s.base.Outer(answer.Results[i].URL)
	}
	return answer, err
}
