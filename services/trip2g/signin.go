package trip2g

import (
	"context"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// SignInPath is where people sign in.
const SignInPath = SystemPrefix + "signin"

// SignInURL is where an address signs in at a site, an absolute URL without a path. It has no secret.
func SignInURL(site, email string) string {
	return site + SignInPath + "?" + url.Values{"email": {email}}.Encode()
}

// ClaimPath is where somebody becomes the owner of a site that has none.
const ClaimPath = SystemPrefix + "claim"

// NoOwner says why nobody can sign in at a site, and what to do.
const NoOwner = "this site has no owner yet, so nobody can sign in: open " + ClaimPath +
	" on the machine that it runs on, or set TRIP2G_OWNER_EMAIL to your address and start the leader again"

// ClaimService returns a site that has no owner its first one.
type ClaimService interface {
	// Claim takes the code from the leader's log, makes the address the owner's and signs it in.
	// EUNAUTHORIZED for a wrong or expired code, EFORBIDDEN if the site has an owner or the client is on
	// another machine, EUNAVAILABLE if it guesses too often.
	Claim(ctx context.Context, email, code string, client Client) (token string, session Session, position Position, err error)
}

// SignInCode is a short-lived secret sent to an e-mail address. Only a hash is stored.
type SignInCode struct {
	Email     string
	Browser   string // whose the code is: nobody else can use it, or use it up
	Hash      string
	Attempts  int // wrong guesses so far
	ExpiresAt time.Time
}

// SignInService signs people in by a code that is sent to them. Only users can sign in; nothing
// that a caller sees tells whether an address is a user's.
type SignInService interface {
	// RequestCode sends a code to the address if it is a user's. It is for the client's browser alone; a client
	// without a name is known by its network. Codes from before stay in force. EINVALID for what is no address,
	// ERATELIMITED if the address or the client asks too often, EFORBIDDEN while the site has no owner.
	RequestCode(ctx context.Context, email string, client Client) error
	// SignIn takes a code and gives a session and its token, which is stored nowhere. EUNAUTHORIZED
	// for a wrong, used or old code, ERATELIMITED if the client guesses too often.
	SignIn(ctx context.Context, email, code string, client Client) (token string, session Session, position Position, err error)
	// SignOut ends a session.
	SignOut(ctx context.Context, session Session) (Position, error)
	// SessionFromToken finds the session of a token; EUNAUTHORIZED without one in date.
	SessionFromToken(ctx context.Context, token string) (Session, error)
}

// Client is the program of whoever signs in, as the node that it talked to saw it.
type Client struct {
	Addr      string // "IP" or "IP:port"
	UserAgent string // as it came
	Browser   string // see BrowserName; "" for a program
}

// IsLocal reports whether the client is on the machine of the node that it talked to.
func (c Client) IsLocal() bool {
	addr, err := netip.ParseAddr(strings.Trim(c.Addr, "[]"))
	if withPort, portErr := netip.ParseAddrPort(c.Addr); portErr == nil {
		addr, err = withPort.Addr(), nil
	}
	return err == nil && addr.Unmap().IsLoopback()
}
