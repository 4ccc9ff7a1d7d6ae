package trip2g

import (
	"context"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// SignInPath is the URL path of the sign-in page.
const SignInPath = SystemPrefix + "signin"

// SignInURL returns a link to sign in with an address. site is an absolute URL without a path. The
// link contains no secret.
func SignInURL(site, email string) string {
	return site + SignInPath + "?" + url.Values{"email": {email}}.Encode()
}

// ClaimPath is the URL path of the page that creates the owner of a site without one.
const ClaimPath = SystemPrefix + "claim"

// NoOwner is the message for a sign-in at a site without an owner.
const NoOwner = "this site has no owner yet, so nobody can sign in: open " + ClaimPath +
	" on the machine that it runs on, or set TRIP2G_OWNER_EMAIL to your address and start the leader again"

// ClaimService creates the first owner of a site.
type ClaimService interface {
	// Claim checks the code from the leader's log, makes the holder of the address the owner and
	// signs them in. EUNAUTHORIZED for a wrong or expired code, EFORBIDDEN if the site has an owner
	// or the client is on another machine, EUNAVAILABLE after too many guesses.
	Claim(ctx context.Context, email, code string, client Client) (token string, session Session, position Position, err error)
}

// SignInCode is a short-lived secret sent to an e-mail address. Only a hash is stored.
type SignInCode struct {
	Email     string
	Browser   string // the only browser that can use the code
	Hash      string
	Attempts  int // wrong guesses so far
	ExpiresAt time.Time
}

// SignInService signs users in with a code sent by email. Responses never reveal whether an address
// belongs to a user.
type SignInService interface {
	// RequestCode sends a code to a user's address. Only the client's browser can use it; a client
	// without a browser name is identified by its network. Earlier codes stay valid. EINVALID for
	// an invalid address, ERATELIMITED after too many requests by the address or the client,
	// EFORBIDDEN on a site without an owner.
	RequestCode(ctx context.Context, email string, client Client) error
	// SignIn checks a code and returns a session and its token, which is stored nowhere.
	// EUNAUTHORIZED for a wrong, used or expired code, ERATELIMITED after too many guesses by the
	// client.
	SignIn(ctx context.Context, email, code string, client Client) (token string, session Session, position Position, err error)
	SignOut(ctx context.Context, session Session) (Position, error)
	// SessionFromToken returns the session of a token; EUNAUTHORIZED without a valid one.
	SessionFromToken(ctx context.Context, token string) (Session, error)
}

// Client is the program that signs in, as the node that it connected to saw it.
type Client struct {
	Addr      string // "IP" or "IP:port"
	UserAgent string // unmodified
	Browser   string // see BrowserName; "" for a program

	AcceptLanguage string // of the request, selects the language of mails
}

// IsLocal reports whether the client is on the same machine as the node it connected to.
func (c Client) IsLocal() bool {
	addr, err := netip.ParseAddr(strings.Trim(c.Addr, "[]"))
	if withPort, portErr := netip.ParseAddrPort(c.Addr); portErr == nil {
		addr, err = withPort.Addr(), nil
	}
	return err == nil && addr.Unmap().IsLoopback()
}
