package graphql

import (
	"context"
	"slices"

	"trip2g/services/trip2g"
)

// APIKeys implements QueryResolver.
func (r *resolver) APIKeys(ctx context.Context) ([]APIKey, error) {
	keys, err := r.Keys.Keys(ctx)
	if err != nil {
		return nil, asError(err)
	}
	out := make([]APIKey, len(keys))
	for i, k := range keys {
		out[i] = keyOf(k)
	}
	return out, nil
}

func keyOf(k trip2g.APIKey) APIKey {
	return APIKey{
		ID: k.ID, Name: k.Name, Hint: k.Hint, Scopes: scopesOf(k.Grant.Scopes), Folder: k.Grant.Folder,
		CreatedAt: k.CreatedAt, ExpiresAt: optionalTime(k.ExpiresAt), LastUsedAt: optionalTime(k.LastUsedAt), RevokedAt: optionalTime(k.RevokedAt),
	}
}

// CreateAPIKey implements MutationResolver.
func (r *resolver) CreateAPIKey(ctx context.Context, input CreateAPIKeyInput) (CreateAPIKeyOrErrorPayload, error) {
	secret, key, err := r.Keys.CreateKey(ctx, input.Name, grantOf(input.Scopes, input.Folder), timeOf(input.ExpiresAt))
	if err != nil {
		return fail[CreateAPIKeyOrErrorPayload](ctx, err)
	}
	made := keyOf(key)
	return &CreateAPIKeyPayload{Secret: secret, Key: &made}, nil
}

// UpdateAPIKey implements MutationResolver.
func (r *resolver) UpdateAPIKey(ctx context.Context, input UpdateAPIKeyInput) (UpdateAPIKeyOrErrorPayload, error) {
	key, err := r.Keys.UpdateKey(ctx, input.ID, grantOf(input.Scopes, input.Folder), timeOf(input.ExpiresAt))
	if err != nil {
		return fail[UpdateAPIKeyOrErrorPayload](ctx, err)
	}
	changed := keyOf(key)
	return &UpdateAPIKeyPayload{Key: &changed}, nil
}

// keyScopes are the scopes of keys in the order in which they are shown.
var keyScopes = []struct {
	shown APIKeyScope
	scope trip2g.Scopes
}{{APIKeyScopeRead, trip2g.ScopeRead}, {APIKeyScopePublish, trip2g.ScopePublish}, {APIKeyScopeSettings, trip2g.ScopeSettings}}

func scopesOf(scopes trip2g.Scopes) []APIKeyScope {
	shown := []APIKeyScope{}
	for _, s := range keyScopes {
		if scopes.Has(s.scope) {
			shown = append(shown, s.shown)
		}
	}
	return shown
}

func grantOf(shown []APIKeyScope, folder string) trip2g.Grant {
	grant := trip2g.Grant{Folder: folder}
	for _, s := range keyScopes {
		if slices.Contains(shown, s.shown) {
			grant.Scopes |= s.scope
		}
	}
	return grant
}

// RevokeAPIKey implements MutationResolver.
func (r *resolver) RevokeAPIKey(ctx context.Context, input RevokeAPIKeyInput) (RevokeAPIKeyOrErrorPayload, error) {
	if err := r.Keys.RevokeKey(ctx, input.ID); err != nil {
		return fail[RevokeAPIKeyOrErrorPayload](ctx, err)
	}
	return &RevokeAPIKeyPayload{Success: true}, nil
}
