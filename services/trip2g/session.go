package trip2g

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/mileusna/useragent"
)

// Session is a browser's sign-in. Only a hash of its token is stored.
type Session struct {
	ID        int64
	TokenHash string // SHA-256 of the token, lower-case hex
	User      User
	UserAgent string // User-Agent at sign-in, at most MaxUserAgent bytes; may be empty
	Address   string // the browser's IP address at sign-in; may be empty
	CreatedAt time.Time
	ExpiresAt time.Time
}

// MaxUserAgent limits a stored User-Agent, in bytes. Those of browsers have about 120.
const MaxUserAgent = 256

// Browser returns a readable name of the session's browser, such as "Firefox on Linux".
func (s Session) Browser() string {
	name, system := s.Program()
	name = cmp.Or(name, "A browser or program of unknown name")
	if system == "" {
		return name
	}
	return name + " on " + system
}

// Program returns the names of the browser and the operating system that a session began in, each
// "" if it is unknown.
func (s Session) Program() (browser, system string) {
	ua := useragent.Parse(s.UserAgent)
	return ua.Name, ua.OS
}

// TokenHash returns the stored hash of a token or key: SHA-256, lower-case hex. Tokens are long and
// random, so a slow hash would not add protection.
func TokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
