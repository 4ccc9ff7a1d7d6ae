package auth

import (
	"context"
	"fmt"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

const (
	// KeyPrefix starts every API key, so that people and secret scanners recognize it.
	KeyPrefix = "t2g_"
	// MaxKeyName is the longest name of a key, in bytes.
	MaxKeyName = 100

	hintLength = len(KeyPrefix) + 4
)

// Keys implements trip2g.KeyService.
type Keys struct {
	store trip2g.KeyStore
	now   func() time.Time
}

var _ trip2g.KeyService = (*Keys)(nil)

// NewKeys returns the service. If now is nil it uses time.Now.
func NewKeys(store trip2g.KeyStore, now func() time.Time) *Keys {
	if now == nil {
		now = time.Now
	}
	return &Keys{store: store, now: now}
}

// Keys implements trip2g.KeyService.
func (k *Keys) Keys(ctx context.Context) ([]trip2g.APIKey, error) { return k.store.Keys(ctx) }

// RevokeKey implements trip2g.KeyService.
func (k *Keys) RevokeKey(ctx context.Context, id int64) error {
	return k.store.RevokeKey(ctx, id, k.now())
}

// CreateKey implements trip2g.KeyService.
func (k *Keys) CreateKey(ctx context.Context, name string, grant trip2g.Grant, expiresAt time.Time) (secret string, key trip2g.APIKey, err error) {
	name = strings.TrimSpace(name)
	if name == "" || len(name) > MaxKeyName || !trip2g.IsPlainText(name) {
		return "", trip2g.APIKey{}, trip2g.Errorf(trip2g.EINVALID, "name the key, so that you can tell it from others: 1 to %d bytes of plain text", MaxKeyName)
	}
	if grant, err = k.check(grant, expiresAt); err != nil {
		return "", trip2g.APIKey{}, err
	}
	secret = KeyPrefix + newToken()
	key, err = k.store.CreateKey(ctx, trip2g.APIKey{
		Name: name, Hash: trip2g.TokenHash(secret), Hint: secret[:hintLength], Grant: grant, CreatedAt: k.now(), ExpiresAt: expiresAt,
	})
	if err != nil {
		return "", trip2g.APIKey{}, fmt.Errorf("create an API key: %w", err)
	}
	return secret, key, nil
}

// UpdateKey implements trip2g.KeyService.
func (k *Keys) UpdateKey(ctx context.Context, id int64, grant trip2g.Grant, expiresAt time.Time) (trip2g.APIKey, error) {
	grant, err := k.check(grant, expiresAt)
	if err != nil {
		return trip2g.APIKey{}, err
	}
	return k.store.UpdateKey(ctx, id, grant, expiresAt)
}

func (k *Keys) check(grant trip2g.Grant, expiresAt time.Time) (trip2g.Grant, error) {
	if !expiresAt.IsZero() && !expiresAt.After(k.now()) {
		return trip2g.Grant{}, trip2g.Errorf(trip2g.EINVALID, "a key has to expire in the future")
	}
	return grant.Normalize()
}

// Authenticate implements trip2g.KeyAuthenticator.
func (k *Keys) Authenticate(ctx context.Context, secret string) (trip2g.APIKey, error) {
	refused := trip2g.Errorf(trip2g.EUNAUTHORIZED, "the API key is not valid: it is unknown, expired or revoked; the owner creates a new one at /_system/keys, or with `trip2g keys create` on the leader")
	if !strings.HasPrefix(secret, KeyPrefix) || len(secret) > maxTokenLength {
		return trip2g.APIKey{}, refused
	}
	key, err := k.store.KeyByHash(ctx, trip2g.TokenHash(secret), k.now())
	if trip2g.ErrorCode(err) == trip2g.EUNAUTHORIZED {
		return trip2g.APIKey{}, refused
	}
	if err != nil {
		return trip2g.APIKey{}, fmt.Errorf("look an API key up: %w", err)
	}
	return key, nil
}
