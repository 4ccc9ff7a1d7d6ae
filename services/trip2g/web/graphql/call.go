package graphql

import (
	"context"
	"net/http"
	"strings"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// call is one request of the API: who asks, from where, and what its answer's headers will say.
type call struct {
	origin      trip2g.Origin
	userAgent   string
	browser     string          // see httpx.BrowserName
	crossOrigin bool            // a browser says that another site sent it
	session     *trip2g.Session // nil if nobody is signed in
	stage       trip2g.Stage    // which push it belongs to, and what its author may do; without an author for a reader
	vaultName   string          // of the client's folder, "" if it does not say
	refused     error           // why stage has no author
	keyFault    error           // why the key that was sent does not count; nil if it does, or none was sent

	position trip2g.Position // newest that the operation reached; 0: none
	cookie   *http.Cookie    // to set; nil: none
}

type callKey struct{}

// callOf gives the call of a request that ServeHTTP let in.
func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// reach notes a position. Mutations of one operation run one after the other (GraphQL,
// section 6.2.2), so that nothing races here.
func (c *call) reach(position trip2g.Position) { c.position = max(c.position, position) }

// identify finds out who asks. A key given wins over a session, also if it is wrong: who sends one
// means it. A cookie that another site or a form made a browser send is refused with 403.
func (a *api) identify(r *http.Request) (*call, *refusal) {
	if isNavigation(r.Header) {
		return nil, &refusal{http.StatusForbidden, "a form or link of a page sent this request; the API takes those of programs and scripts; nothing was written"}
	}
	c := &call{origin: a.Origin(r), userAgent: r.UserAgent(), browser: httpx.BrowserName(r), vaultName: trip2g.DecodeVaultName(r.Header.Get(trip2g.VaultNameHeader))}
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

// authorized reports whether a key or the owner's session counts.
func (c *call) authorized() bool { return c.stage.Author != "" }

// client is who signs in.
func (c *call) client() trip2g.Client {
	return trip2g.Client{Addr: c.origin.ClientAddr, UserAgent: c.userAgent, Browser: c.browser}
}

// sessionCookie makes the cookie of a session; an empty token removes it.
func (a *api) sessionCookie(c *call, token string, expires time.Time) *http.Cookie {
	return httpx.SessionCookie(a.Cookie, token, expires, c.origin.Secure(a.public))
}

// siteURL is where readers find the site, absolute and without a slash at its end.
func (a *api) siteURL(c *call) string {
	if a.public != nil {
		return strings.TrimSuffix(a.PublicURL, "/")
	}
	return c.origin.URL()
}

// assetURL is where a file can be downloaded as it is, absolute; one that is not for everybody for a while.
func (a *api) assetURL(c *call, asset trip2g.NoteAsset) string {
	address := a.siteURL(c) + trip2g.AssetURL(asset)
	if a.AssetQuery != nil {
		if query := a.AssetQuery(asset.Hash); query != "" {
			address += "?" + query
		}
	}
	return address
}
