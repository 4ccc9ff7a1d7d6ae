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

// Paths of the GraphQL endpoint: the canonical one, and the one that installed vault clients call,
// which is also the address that a note named "GraphQL" has.
const (
	graphQLPath    = "/_system/graphql"
	oldGraphQLPath = "/graphql"
)

// Options is what a node's own handler is made of. A replica leaves out what only a leader has.
type Options struct {
	Site          func() trip2g.Site // what is served now; gives nil until the site is loaded
	Assets        trip2g.AssetReader
	Signer        *trip2g.AssetSigner // of the addresses of files; nil: none is signed
	Static        http.Handler        // the look's files, under StaticPrefix
	StaticPrefix  string              // with slashes at both ends
	SessionCookie string              // the session cookie's name on this node
	Codings       []trip2g.Coding     // content codings offered for pages, best first
	GraphQL       http.Handler        // leader only: the API
	// CatchUp waits, for a bounded time, until the node serves what it knows the leader to have: the API has
	// told a client of a file that is not here yet. nil on a leader.
	CatchUp  func(context.Context)
	Welcome  func(*http.Request, trip2g.Reader) []byte // the page of a site without notes; nil: there is none
	Missing  func(path string)                         // called with the path of each page that does not exist; nil: nobody
	Routes   []Route                                   // what else the server has for itself, under SystemPrefix
	BasePath trip2g.BasePath                           // where the handler is, see Below
}

// Route is a handler and what it is for: every path below one that ends in "/", else that path alone. A
// path that ends in "/{$}" stands for the one that ends in "/" and for nothing below it.
type Route struct {
	Path    string
	Handler http.Handler
	Files   bool // what it gives at an address never changes, and is compressed
}

// SystemPrefix starts the paths that are the server's own and no pages.
const SystemPrefix = "/_system/"

// Below returns a handler for the requests below a base path. next is asked for the paths that its site has
// inside.
func Below(base trip2g.BasePath, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner := *r
		inner.URL = &url.URL{Path: base.Inner(r.URL.Path), RawPath: base.Inner(r.URL.RawPath), RawQuery: r.URL.RawQuery}
		next.ServeHTTP(w, &inner)
	})
}

type handler struct {
	Options
	identity *Identity
	answers  answerer
}

// NewHandler gives the handler of everything that a node answers itself: pages, files and, on a
// leader, the API. Every other method than GET, HEAD and OPTIONS is for the API alone.
func NewHandler(o Options) http.Handler {
	h := &handler{Options: o, identity: NewIdentity(o.Site, o.SessionCookie), answers: answerer{codings: o.Codings}}
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

// serveGraphQL answers a GET itself, on every node alike: GraphQL is a POST, because a GET is
// served by the node that it reached and must have no effect.
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

// isForAPI distinguishes a request for the API from one for a note's page at the same path.
func isForAPI(r *http.Request, _ *mux.RouteMatch) bool {
	return r.Method == http.MethodPost || httpx.IsPreflight(r)
}

// readOnly lets GET and HEAD through and answers every other method.
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

// A note can hold an image of another site; nothing else comes from elsewhere. A file of the vault is no
// script, see fileType. A page of the server's own loads nothing from elsewhere at all, so that no
// stylesheet could send away what stands on it.
const (
	contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; " +
		"img-src 'self' https: data:; media-src 'self' https:; object-src 'self'; frame-src 'self'; form-action 'self'; " +
		"base-uri 'none'; frame-ancestors 'none'"
	systemPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; font-src 'self'; " +
		"img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	contentTypeOptions = "nosniff"
	referrerPolicy     = "strict-origin-when-cross-origin"
)

// secured adds the headers that keep a browser from doing more with an answer than was meant.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policyAt(r.URL.Path))
		header.Set("X-Content-Type-Options", contentTypeOptions)
		header.Set("Referrer-Policy", referrerPolicy)
		next.ServeHTTP(w, r)
	})
}
