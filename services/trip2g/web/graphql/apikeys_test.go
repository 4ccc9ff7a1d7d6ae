package graphql_test

import (
	"strings"
	"testing"
)

func TestTheOwnerMakesAndRevokesAKey(t *testing.T) {
	s := start(t, nil)
	admin := s.person(owner)
	var made struct {
		CreateAPIKey struct {
			Secret string
			Key    struct{ ID int64 }
		} `json:"createApiKey"`
	}
	s.post(createKeyQuery, map[string]any{"name": "laptop"}, admin).decode(t, &made)
	key := header{"X-API-Key": made.CreateAPIKey.Secret}
	if p := s.push(map[string]string{"a.md": "x"}, false, key).get(t, "pushNotes"); p.Typename != "PushNotesPayload" {
		t.Errorf("a push by the new key: %+v", p)
	}
	listed := s.post(`{ apiKeys { name hint lastUsedAt revokedAt } }`, nil, admin)
	contains(t, listed.body, `"laptop"`, made.CreateAPIKey.Secret[:8])
	if strings.Contains(listed.body, made.CreateAPIKey.Secret) {
		t.Error("the list has the secret")
	}
	if p := s.post(revokeKeyQuery, map[string]any{"id": made.CreateAPIKey.Key.ID}, admin).get(t, "revokeApiKey"); !p.Success {
		t.Errorf("revoked: %+v", p)
	}
	if p := s.push(map[string]string{"b.md": "x"}, false, key).get(t, "pushNotes"); p.Typename != "ErrorPayload" {
		t.Errorf("a push by the revoked key: %+v", p)
	}
	contains(t, s.post(createKeyQuery, map[string]any{"name": " "}, admin).body, "name the key")
}
