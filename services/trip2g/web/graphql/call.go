package graphql

import (
	"context"
	"net/http"
	"strings"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// call is the state of one API request: its sender, and the header fields of the response.
type call struct {
	origin      trip2g.Origin
	userAgent   string
	languages   string          // Accept-Language
	browser     string          // see httpx.BrowserName
	crossOrigin bool            // according to the browser, another site sent it
	session     *trip2g.Session // nil: none
	stage       trip2g.Stage    // the request's push, and the rights of its author; without an author for a reader
	vaultName   string          // of the client's folder; "": unknown
	refused     error           // why stage has no author; nil if it has one
	keyFault    error           // why the key is invalid; nil if it is valid or absent

	position trip2g.Position // newest of the operation's writes; 0: none
	cookie   *http.Cookie    // to set; nil: none
}

type callKey struct{}

// callOf returns the call of a request's context.
func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// setPosition records the position of a write. Mutations of one operation run sequentially
// (GraphQL, section 6.2.2), so it needs no lock.
func (c *call) setPosition(position trip2g.Position) { c.position = max(c.position, position) }

// identify authenticates a request. A key takes precedence over a session, even if it is invalid. A
// cookie in a request that another site or a form sent is refused with 403.
func (a *api) identify(r *http.Request) (*call, *refusal) {
	if isNavigation(r.Header) {
		return nil, &refusal{http.StatusForbidden, "a form or link of a page sent this request; the API takes those of programs and scripts; nothing was written"}
	}
	c := &call{origin: a.Origin(r), userAgent: r.UserAgent(), languages: r.Header.Get("Accept-Language"), browser: httpx.BrowserName(r), vaultName: trip2g.DecodeVaultName(r.Header.Get(trip2g.VaultNameHeader))}
	var err error
	if c.stage, err = pushOf(r, c.origin); err != nil {
		return nil, refusalOf(err)
	}
	seen := *r
	seen.Host = c.origin.Host
	c.crossOrigin = a.csrf.Check(&seen) != nil
	if key := r.Header.Get("X-API-Key"); key != "" {
		c.useKey(a.Keys.Authenticate(r.Context(), key))
		return c, nil
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		c.useSession(a.SignIn.SessionFromToken(r.Context(), token))
		return c, nil
	}
	if cookie, err := r.Cookie(a.Cookie); err == nil && cookie.Value != "" {
		if c.crossOrigin {
			return nil, &refusal{http.StatusForbidden, "another site sent this request with your session; it was refused"}
		}
		if !needsScript(r) {
			return nil, &refusal{http.StatusForbidden, "with a session's cookie a multipart request needs the header " + PreflightHeader + ", because a page's form could send it otherwise; nothing was written"}
		}
		c.useSession(a.SignIn.SessionFromToken(r.Context(), cookie.Value))
		return c, nil
	}
	c.refused = trip2g.Errorf(trip2g.EUNAUTHORIZED, "an API key is needed: send it in the header X-API-Key; `trip2g keys create` on the leader makes one")
	return c, nil
}

func (c *call) useKey(key trip2g.APIKey, err error) {
	if err != nil {
		c.refused, c.keyFault = err, err
		return
	}
	c.stage.Author, c.stage.Grant = trip2g.KeyAuthor(key.ID), key.Grant
}

func (c *call) useSession(session trip2g.Session, err error) {
	switch {
	case err != nil:
		c.refused = err
	case !session.User.Owner:
		c.session = &session
		c.refused = trip2g.Errorf(trip2g.EFORBIDDEN, "only the owner (TRIP2G_OWNER_EMAIL) or an API key may do this")
	default:
		c.session = &session
		c.stage.Author, c.stage.Grant = trip2g.UserAuthor(session.User.ID), trip2g.OwnerGrant
	}
}

// authorized reports whether the sender has a valid key or the owner's session.
func (c *call) authorized() bool { return c.stage.Author != "" }

// client returns the client for a sign-in.
func (c *call) client() trip2g.Client {
	return trip2g.Client{Addr: c.origin.ClientAddr, UserAgent: c.userAgent, Browser: c.browser, AcceptLanguage: c.languages}
}

// sessionCookie returns a session's cookie. An empty token removes the cookie.
func (a *api) sessionCookie(c *call, token string, expires time.Time) *http.Cookie {
	return httpx.SessionCookie(a.Cookie, token, expires, c.origin.Secure(a.public))
}

// siteURL returns the absolute URL of the site, without a trailing slash.
func (a *api) siteURL(c *call) string {
	if a.public != nil {
		return strings.TrimSuffix(a.PublicURL, "/")
	}
	return c.origin.URL()
}

// assetURL returns the absolute URL of a file. That of a file that is not public is signed and
// expires.
func (a *api) assetURL(c *call, asset trip2g.NoteAsset) string {
	url := a.siteURL(c) + trip2g.AssetURL(asset)
	if a.AssetQuery != nil {
		if query := a.AssetQuery(asset.Hash); query != "" {
			url += "?" + query
		}
	}
	return url
}
