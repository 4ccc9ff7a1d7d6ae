package graphql

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"

	"trip2g/internal/tempdir"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// Defaults and fixed limits, in bytes.
const (
	DefaultMaxBody  = 64 << 20
	DefaultMaxAsset = trip2g.DefaultMaxAssetSize
	DefaultCookie   = "session"

	// maxAnonymousBody limits a JSON body without a valid key or session. It suffices for every
	// operation that is open to anyone.
	maxAnonymousBody = 1 << 20
	// maxDrain limits how much of a refused body is read and discarded, so that a client which
	// sends before it reads sees the response.
	maxDrain = 256 << 20
)

// Options configures the handler. The services are required.
type Options struct {
	Publisher trip2g.Publisher
	SignIn    trip2g.SignInService
	People    trip2g.AccountService
	Keys      trip2g.KeyService
	Nodes     trip2g.NodeService
	History   trip2g.HistoryService
	Settings  trip2g.SettingsService
	Access    trip2g.AccessService
	Jobs      trip2g.JobService
	Missing   trip2g.NotFoundStore
	Redirects trip2g.RedirectStore
	Searcher  trip2g.Searcher
	Feed      trip2g.NoteFeed

	Site         func() trip2g.Site   // of this node
	NodeSettings []trip2g.NodeSetting // of this node

	Origin    func(*http.Request) trip2g.Origin // nil: httpx.Origin
	PublicURL string                            // base of URLs in responses, e.g. "https://example.com"; "": from the request
	Cookie    string                            // the session cookie's name; "": DefaultCookie
	MaxBody   int64                             // of a JSON body, in bytes; 0: DefaultMaxBody
	MaxAsset  int64                             // of an uploaded file, in bytes; 0: DefaultMaxAsset
	TempDirs  tempdir.Dirs                      // for large uploads; nil: the system's
	KeepAlive time.Duration                     // see DefaultKeepAlive, which 0 means

	// AssetQuery returns the query that signs the URL of a file, "" if it needs none. nil: no URL
	// is signed.
	AssetQuery func(hash string) string
}

type api struct {
	Options
	server *handler.Server
	csrf   *http.CrossOriginProtection
	public *url.URL // of PublicURL; nil without one
}

// New returns the handler of the API. It logs with the logger in a request's context (zerolog.Ctx).
// It returns EINVALID for an invalid PublicURL.
func New(o Options) (http.Handler, error) {
	a := &api{Options: o, csrf: http.NewCrossOriginProtection()}
	if err := a.setDefaults(); err != nil {
		return nil, err
	}
	a.server = handler.New(NewExecutableSchema(Config{Resolvers: &resolver{a}, Directives: DirectiveRoot{Auth: auth}}))
	a.server.AddTransport(jsonTransport{maxBody: a.MaxBody, stream: a.stream})
	a.server.AddTransport(multipartTransport{maxAsset: a.MaxAsset, tempDirs: a.TempDirs, stream: a.stream})
	a.server.SetParserTokenLimit(maxTokens)
	a.server.SetErrorPresenter(present)
	a.server.SetRecoverFunc(recovered)
	a.server.Use(limits{})
	a.server.Use(extension.Introspection{})
	return a, nil
}

func (a *api) setDefaults() error {
	if a.Origin == nil {
		a.Origin = httpx.Origin
	}
	if a.Cookie == "" {
		a.Cookie = DefaultCookie
	}
	if a.MaxBody == 0 {
		a.MaxBody = DefaultMaxBody
	}
	if a.MaxAsset == 0 {
		a.MaxAsset = DefaultMaxAsset
	}
	if a.KeepAlive == 0 {
		a.KeepAlive = DefaultKeepAlive
	}
	if a.PublicURL == "" {
		return nil
	}
	public, err := url.Parse(a.PublicURL)
	if err != nil || public.Host == "" || (public.Scheme != "http" && public.Scheme != "https") {
		return trip2g.Errorf(trip2g.EINVALID, "the public URL %q is no http or https URL", a.PublicURL)
	}
	a.public = public
	return a.csrf.AddTrustedOrigin(public.Scheme + "://" + public.Host) // even if a proxy changes the host
}

// ServeHTTP implements http.Handler. It only accepts POST, because a GET is never forwarded to the
// leader.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Type", "application/json")
	if r.Method != http.MethodPost {
		header.Set("Allow", "OPTIONS, POST")
		refuse(w, &refusal{http.StatusMethodNotAllowed, "GraphQL is a POST here"})
		return
	}
	call, err := a.identify(r)
	if err != nil {
		refuse(w, err)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), callKey{}, call))
	if !supported(r) {
		refuse(w, &refusal{http.StatusUnsupportedMediaType, "send application/json, or multipart/form-data for a file"})
		return
	}
	a.server.ServeHTTP(w, r)
}

// setResult sets the header fields of the response.
func (c *call) setResult(header http.Header) {
	if c.position > 0 {
		httpx.SetPosition(header, c.position)
	}
	if c.cookie != nil {
		header.Add("Set-Cookie", c.cookie.String())
	}
}
