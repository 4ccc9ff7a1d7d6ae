package trip2g

import (
	"context"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// SignInPath is where people sign in.
const SignInPath = "/_system/signin"

// SignInURL is where an address signs in at a site, an absolute URL without a path. It has no secret.
func SignInURL(site, email string) string {
	return site + SignInPath + "?" + url.Values{"email": {email}}.Encode()
}

// ClaimPath is where somebody becomes the owner of a site that has none.
const ClaimPath = "/_system/claim"

// NoOwner says why nobody can sign in at a site, and what to do.
const NoOwner = "this site has no owner yet, so nobody can sign in: open " + ClaimPath +
	" on the machine that it runs on, or set TRIP2G_OWNER_EMAIL to your address and start the leader again"

// ClaimService gives a site that has no owner its first one.
type ClaimService interface {
	// Claim takes the code from the leader's log, makes the address the owner's and signs it in.
	// EUNAUTHORIZED for a wrong or expired code, EFORBIDDEN if the site has an owner or the client is on
	// another machine, EUNAVAILABLE if it guesses too often.
	Claim(ctx context.Context, email, code string, client Client) (token string, session Session, position Position, err error)
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

// PeopleService is what the owner does about members, and everybody about their own sessions.
type PeopleService interface {
	// Members lists the members by address.
	Members(ctx context.Context) ([]Membership, error)
	// Invite makes an address a member's and mails it where to sign in, at site, an absolute URL. For a
	// member it mails again. mailed is false on a server without mail. EINVALID for what is no address,
	// ECONFLICT for the owner's.
	Invite(ctx context.Context, email, site string) (member Membership, mailed bool, err error)
	// SetMemberGroups chooses the groups that a member is in, by their names. EINVALID for names that are too long or
	// too many, ENOTFOUND without such a member.
	SetMemberGroups(ctx context.Context, id int64, groups []string) (Membership, Position, error)
	// RemoveMember ends a membership and its sessions; ENOTFOUND without one.
	RemoveMember(ctx context.Context, id int64) (Position, error)
	// Sessions lists a user's sessions in force, the newest first; everybody's for 0.
	Sessions(ctx context.Context, user int64) ([]Session, error)
	// EndSession ends a session that by's user may end: the owner any, a member an own one. ENOTFOUND
	// without one in force.
	EndSession(ctx context.Context, by Session, id int64) (Position, error)
	// EndOtherSessions ends all of by's user's sessions but by, and tells how many there were.
	EndOtherSessions(ctx context.Context, by Session) (int, Position, error)
}

// KeyService is what the owner does about API keys.
type KeyService interface {
	KeyAuthenticator
	// Keys lists all keys, the oldest first, revoked ones too.
	Keys(ctx context.Context) ([]APIKey, error)
	// CreateKey makes a key and returns its secret, which is stored nowhere. EINVALID for a bad name, a grant
	// that no key can have, or an expiry that is not in the future; the zero time is none.
	CreateKey(ctx context.Context, name string, grant Grant, expiresAt time.Time) (secret string, key APIKey, err error)
	// UpdateKey changes what a key may do and until when. EINVALID as for CreateKey, ENOTFOUND without such a
	// key that is not revoked.
	UpdateKey(ctx context.Context, id int64, grant Grant, expiresAt time.Time) (APIKey, error)
	// RevokeKey ends a key for good; ENOTFOUND without such a key in force.
	RevokeKey(ctx context.Context, id int64) error
}

// KeyAuthenticator tells whose an API key is.
type KeyAuthenticator interface {
	// Authenticate finds the key in force with this secret; EUNAUTHORIZED without one.
	Authenticate(ctx context.Context, secret string) (APIKey, error)
}
