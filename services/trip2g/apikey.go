package trip2g

import (
	"context"
	"time"
)

// APIKey authorizes a program to do what its grant allows. Only a hash of its secret is stored.
type APIKey struct {
	ID         int64
	Name       string
	Hash       string // SHA-256 of the secret, lower-case hex
	Hint       string // the secret's first characters, to distinguish keys
	Grant      Grant
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // zero: never
	RevokedAt  time.Time // zero: active
}

// KeyService manages API keys for the owner.
type KeyService interface {
	KeyAuthenticator
	// Keys lists all keys, oldest first, including revoked ones.
	Keys(ctx context.Context) ([]APIKey, error)
	// CreateKey creates a key and returns its secret, which is stored nowhere. EINVALID for a bad
	// name, a grant that no key can have, or an expiry that is not in the future. The zero time
	// means no expiry.
	CreateKey(ctx context.Context, name string, grant Grant, expiresAt time.Time) (secret string, key APIKey, err error)
	// UpdateKey changes a key's grant and expiry. EINVALID as for CreateKey, ENOTFOUND without such
	// a key or if it is revoked.
	UpdateKey(ctx context.Context, id int64, grant Grant, expiresAt time.Time) (APIKey, error)
	// RevokeKey revokes a key permanently; ENOTFOUND without such an active key.
	RevokeKey(ctx context.Context, id int64) error
}

// KeyAuthenticator finds API keys by their secrets.
type KeyAuthenticator interface {
	// Authenticate returns the active key with this secret; EUNAUTHORIZED without one.
	Authenticate(ctx context.Context, secret string) (APIKey, error)
}

// KeyStore stores API keys on the leader.
type KeyStore interface {
	CreateKey(ctx context.Context, key APIKey) (APIKey, error)
	Keys(ctx context.Context) ([]APIKey, error)
	// RevokeKey revokes a key permanently; ENOTFOUND without such an active key.
	RevokeKey(ctx context.Context, id int64, now time.Time) error
	// UpdateKey changes a key's grant and expiry; ENOTFOUND without such a key or if it is revoked.
	UpdateKey(ctx context.Context, id int64, grant Grant, expiresAt time.Time) (APIKey, error)
	// KeyByHash returns an active key and records its use, at most once a minute; EUNAUTHORIZED
	// without one.
	KeyByHash(ctx context.Context, hash string, now time.Time) (APIKey, error)
}
