package trip2g

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// User is somebody who can sign in.
type User struct {
	ID        int64
	Email     string // lower case
	Owner     bool   // may do everything
	CreatedAt time.Time
}

// Session is a browser's sign-in. Only a hash of its token is stored.
type Session struct {
	ID        int64
	TokenHash string // SHA-256 of the token, lower-case hex
	User      User
	CreatedAt time.Time
	ExpiresAt time.Time
}

// APIKey lets a program publish. Only a hash of its secret is stored.
type APIKey struct {
	ID         int64
	Name       string
	Hash       string // SHA-256 of the secret, lower-case hex
	Hint       string // the secret's first characters, to tell keys apart
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never
	RevokedAt  time.Time // zero: in force
}

// SignInCode is a short-lived secret sent to an e-mail address. Only a hash is stored.
type SignInCode struct {
	Email     string
	Hash      string
	Attempts  int // wrong guesses so far
	ExpiresAt time.Time
}

// UserStore keeps people and their sessions on the leader.
type UserStore interface {
	// EnsureOwner makes the user with this address the owner, creating it if need be; nobody else stays owner.
	EnsureOwner(ctx context.Context, email string) error
	// UserByEmail finds a user by address in any case; ENOTFOUND without one.
	UserByEmail(ctx context.Context, email string) (User, error)
	// PutSignInCode replaces the address's code.
	PutSignInCode(ctx context.Context, code SignInCode) error
	// TakeSignInCode deletes the address's code and returns nil if hash is its hash, it is in date at now and fewer
	// than maxAttempts wrong guesses came before; EUNAUTHORIZED otherwise, and the guess is counted.
	TakeSignInCode(ctx context.Context, email, hash string, now time.Time, maxAttempts int) error
	// CreateSession stores a session and gives it with its id, and the position that has it.
	CreateSession(ctx context.Context, s Session) (Session, Position, error)
	// SessionByTokenHash finds a session in date at now, with its user; EUNAUTHORIZED without one.
	SessionByTokenHash(ctx context.Context, hash string, now time.Time) (Session, error)
	// DeleteSession ends a session; no error if it is gone already.
	DeleteSession(ctx context.Context, id int64) (Position, error)
}

// KeyStore keeps API keys on the leader.
type KeyStore interface {
	CreateKey(ctx context.Context, key APIKey) (APIKey, error)
	Keys(ctx context.Context) ([]APIKey, error)
	// RevokeKey ends a key for good; ENOTFOUND without such a key in force.
	RevokeKey(ctx context.Context, id int64, now time.Time) error
	// KeyByHash finds a key in force and notes its use (at most once a minute); EUNAUTHORIZED without one.
	KeyByHash(ctx context.Context, hash string, now time.Time) (APIKey, error)
}

// TokenHash is what is stored of a token or key: SHA-256, lower-case hex. The tokens are random
// and long, so that a slow hash would protect nothing more.
func TokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
