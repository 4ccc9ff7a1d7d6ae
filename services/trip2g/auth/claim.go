package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"
	"sync"
	"time"

	"trip2g/services/trip2g"
)

// A claim code has 80 random bits, so that guessing is hopeless. Wrong guesses do not invalidate it,
// because they could then lock the owner out. The lifetime limits the use of a code read from a log.
const (
	ClaimCodeLifetime = time.Hour

	claimGroups, claimGroupLength = 4, 4
)

// Claim implements trip2g.ClaimService. Its code is only in memory and in the leader's log, which the
// operator of the server can read.
type Claim struct {
	signIn *SignIn
	url    string // of the claim page, for the log

	mu        sync.Mutex
	code      string // "": none
	expiresAt time.Time
}

var _ trip2g.ClaimService = (*Claim)(nil)

// NewClaim returns the service, without a code. url is the URL of the claim page.
func NewClaim(signIn *SignIn, url string) *Claim { return &Claim{signIn: signIn, url: url} }

// Announce writes a new code to the log, at every log level. It replaces the previous one.
func (c *Claim) Announce() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.renew()
}

func (c *Claim) renew() {
	text := rand.Text()
	groups := make([]string, claimGroups)
	for i := range groups {
		groups[i] = text[i*claimGroupLength:][:claimGroupLength]
	}
	c.code = strings.Join(groups, "-")
	c.expiresAt = c.signIn.Now().Add(ClaimCodeLifetime)
	c.signIn.Log.Log().Str("code", c.code).Str("url", c.url).
		Msgf("this site has no owner yet: open the URL on this machine and enter the code, valid for %.0f minutes", ClaimCodeLifetime.Minutes())
}

// Claim implements trip2g.ClaimService.
func (c *Claim) Claim(ctx context.Context, email, code string, client trip2g.Client) (token string, session trip2g.Session, position trip2g.Position, err error) {
	if !client.IsLocal() {
		return "", trip2g.Session{}, 0, trip2g.Errorf(trip2g.EFORBIDDEN, "a site can be claimed only from the machine that it runs on")
	}
	if err := c.signIn.signIns.take(clientKey(client.Addr)); err != nil {
		return "", trip2g.Session{}, 0, err
	}
	if email, err = normalizeEmail(email); err != nil {
		return "", trip2g.Session{}, 0, err
	}
	if err := c.takeOwnership(ctx, email, code); err != nil {
		return "", trip2g.Session{}, 0, err
	}
	user, err := c.signIn.Users.UserByEmail(ctx, email)
	if err != nil {
		return "", trip2g.Session{}, 0, fmt.Errorf("find the new owner: %w", err)
	}
	c.signIn.Log.Info().Str("email", email).Str("client", clientIP(client.Addr)).Msg("the site has an owner now")
	return c.signIn.beginSession(ctx, user, client)
}

// takeOwnership makes an address the owner's if the code is correct. Only success uses up the code, so
// that it remains valid if the database is busy.
func (c *Claim) takeOwnership(ctx context.Context, email, code string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	owned, err := c.signIn.Users.HasOwner(ctx)
	if err != nil {
		return fmt.Errorf("look for an owner: %w", err)
	}
	if owned {
		c.code = ""
		return errOwned
	}
	if err := c.check(code); err != nil {
		return err
	}
	err = c.signIn.Users.EnsureFirstOwner(ctx, email)
	if trip2g.ErrorCode(err) == trip2g.ECONFLICT {
		err = errOwned
	}
	if err == nil {
		c.code = ""
	}
	return err
}

var errOwned = trip2g.Errorf(trip2g.EFORBIDDEN, "the site has an owner already; sign in")

// check compares a code with the current one, which it replaces after expiry.
func (c *Claim) check(code string) error {
	if c.code == "" || !c.signIn.Now().Before(c.expiresAt) {
		c.renew()
		return trip2g.Errorf(trip2g.EUNAUTHORIZED, "the code has expired; a new one is in the leader's log")
	}
	given := strings.ToUpper(cleanCode(code))
	if subtle.ConstantTimeCompare([]byte(given), []byte(cleanCode(c.code))) == 1 {
		return nil
	}
	return trip2g.Errorf(trip2g.EUNAUTHORIZED, "the code is wrong; it is in the leader's log, in the newest line that says that the site has no owner")
}
