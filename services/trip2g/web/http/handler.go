// Package http serves a node's public and internal ports.
package http

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/gorilla/mux"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// Paths of the GraphQL endpoint: the canonical one, and the one that older vault clients use, which
// is also the path of a note named "GraphQL".
const (
	graphQLPath    = trip2g.SystemPrefix + "graphql"
	oldGraphQLPath = "/graphql"
)

// Options configures a node's handler.
type Options struct {
	Site          func() trip2g.Site // nil until the site is loaded
	Assets        trip2g.AssetReader
	Signer        *trip2g.AssetSigner // of the URLs of files; nil: none are signed
	Static        http.Handler        // the stylesheets and scripts, under StaticPrefix
	StaticPrefix  string              // with slashes at both ends
	SessionCookie string              // the session cookie's name on this node
	Codings       []trip2g.Coding     // content codings offered for pages, best first
	GraphQL       http.Handler        // nil on a replica
	// CatchUp waits, for a bounded time, until the node serves the leader's last known position:
	// the leader's API may have named a file that is not here yet. nil on a leader.
	CatchUp  func(context.Context)
	Welcome  func(*http.Request, trip2g.Visitor) []byte // page of a site without notes; nil: none
	Missing  func(path string)                          // called with the path of each 404; nil: none
	Routes   []Route                                    // further paths under trip2g.SystemPrefix
	BasePath trip2g.BasePath                            // see Below
}

// Route is a handler and its path. As in http.ServeMux, a path that ends in "/" includes all paths
// below it, and one that ends in "/{$}" does not.
type Route struct {
	Path    string
	Handler http.Handler
	Files   bool // serves files that never change; they are compressed
}

// Below returns a handler for requests below a base path. next receives the paths without it.
func Below(base trip2g.BasePath, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := *r
		inner.URL = &url.URL{Path: base.Inner(r.URL.Path), RawPath: base.Inner(r.URL.RawPath), RawQuery: r.URL.RawQuery}
		next.ServeHTTP(w, &inner)
	})
}

type handler struct {
	Options
	identity  *Identity
	responder pageResponder
}

// NewHandler returns the handler of a node's own responses: pages, files and, on a leader, the API.
// Only the API accepts methods other than GET, HEAD and OPTIONS.
func NewHandler(o Options) http.Handler {
	h := &handler{Options: o, identity: NewIdentity(o.Site, o.SessionCookie), responder: pageResponder{codings: o.Codings}}
	r := mux.NewRouter().SkipClean(true).UseEncodedPath()
	r.Path(graphQLPath).HandlerFunc(h.serveGraphQL)
	r.Path(oldGraphQLPath).MatcherFunc(isForAPI).HandlerFunc(h.serveGraphQL)
	compressed := newCompressor()
	r.PathPrefix(o.StaticPrefix).Handler(readOnly(compressed.wrap(o.Static)))
	r.PathPrefix(trip2g.AssetPrefix).Handler(readOnly(compressed.wrap(http.HandlerFunc(h.serveAsset))))
	for _, route := range o.Routes {
		if route.Files {
			route.Handler = compressed.wrap(route.Handler)
		}
		if strings.HasSuffix(route.Path, "/") {
			r.PathPrefix(route.Path).Handler(route.Handler)
		} else {
			r.Path(strings.TrimSuffix(route.Path, "{$}")).Handler(route.Handler)
		}
	}
	r.PathPrefix("/").Handler(readOnly(http.HandlerFunc(h.servePage)))
	return secured(r)
}

// serveGraphQL serves POST. It refuses GET on every node, because a GET is never forwarded and must
// have no effect.
func (h *handler) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	httpx.AllowVaultApps(w.Header(), r)
	switch {
	case r.Method == http.MethodOptions:
		allow(w, "OPTIONS, POST", http.StatusNoContent)
	case r.Method == http.MethodPost && h.GraphQL != nil:
		h.GraphQL.ServeHTTP(w, r)
	default:
		allow(w, "OPTIONS, POST", http.StatusMethodNotAllowed)
	}
}

// isForAPI reports whether a request is for the API, and not for a note's page at the same path.
func isForAPI(r *http.Request, _ *mux.RouteMatch) bool {
	return r.Method == http.MethodPost || httpx.IsPreflight(r)
}

// readOnly passes GET and HEAD to next and responds to every other method.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			next.ServeHTTP(w, r)
		case http.MethodOptions:
			allow(w, "GET, HEAD, OPTIONS", http.StatusNoContent)
		default:
			allow(w, "GET, HEAD, OPTIONS", http.StatusMethodNotAllowed)
		}
	})
}

func allow(w http.ResponseWriter, methods string, status int) {
	w.Header().Set("Allow", methods)
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	http.Error(w, "this address takes only "+methods, status)
}

// Security headers. Notes can show images, audio and video of other sites. Files of the vault are
// never served as scripts (see fileType). The server's own pages load nothing from other sites, so
// that a stylesheet could not leak their content.
const (
	contentCSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; " +
		"img-src 'self' https: data:; media-src 'self' https:; object-src 'self'; frame-src 'self'; form-action 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'"
	systemCSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; " +
		"img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	contentTypeOptions = "nosniff"
	referrerPolicy     = "strict-origin-when-cross-origin"
)

// secured adds the security headers.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", cspAt(r.URL.Path))
		header.Set("X-Content-Type-Options", contentTypeOptions)
		header.Set("Referrer-Policy", referrerPolicy)
		next.ServeHTTP(w, r)
	})
}
