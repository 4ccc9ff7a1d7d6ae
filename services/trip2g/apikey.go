package trip2g

import (
	"context"
	"time"
)

// APIKey lets a program do what its grant says. Only a hash of its secret is stored.
type APIKey struct {
	ID         int64
	Name       string
	Hash       string // SHA-256 of the secret, lower-case hex
	Hint       string // the secret's first characters, to tell keys apart
	Grant      Grant
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // zero: never
	RevokedAt  time.Time // zero: in force
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

// KeyStore keeps API keys on the leader.
type KeyStore interface {
	CreateKey(ctx context.Context, key APIKey) (APIKey, error)
	Keys(ctx context.Context) ([]APIKey, error)
	// RevokeKey ends a key for good; ENOTFOUND without such a key in force.
	RevokeKey(ctx context.Context, id int64, now time.Time) error
	// UpdateKey changes the grant and the expiry of a key; ENOTFOUND without such a key that is not revoked.
	UpdateKey(ctx context.Context, id int64, grant Grant, expiresAt time.Time) (APIKey, error)
	// KeyByHash finds a key in force and notes its use (at most once a minute); EUNAUTHORIZED without one.
	KeyByHash(ctx context.Context, hash string, now time.Time) (APIKey, error)
}
