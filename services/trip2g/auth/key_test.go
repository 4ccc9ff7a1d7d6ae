package auth_test

import (
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/auth"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	e := start(t)
	keys := auth.NewKeys(e.db, e.clock.now)
	secret, key, err := keys.CreateKey(t.Context(), " laptop ", trip2g.Grant{Scopes: trip2g.DefaultScopes}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(secret, "t2g_") || len(secret) != 47 || key.Name != "laptop" || key.ID == 0 || !strings.HasPrefix(secret, key.Hint) || len(key.Hint) > 8 {
		t.Errorf("made %+v with a secret of %d characters", key, len(secret))
	}
	if found, err := keys.Authenticate(t.Context(), secret); err != nil || found.ID != key.ID {
		t.Errorf("Authenticate = %+v, %v", found, err)
	}
	for _, wrong := range []string{"", "t2g_", secret[:46], secret + "x", strings.ToUpper(secret), secret[4:], key.Hash, strings.Repeat("t2g_", 1<<18)} {
		if _, err := keys.Authenticate(t.Context(), wrong); trip2g.ErrorCode(err) != trip2g.EUNAUTHORIZED {
			t.Errorf("Authenticate(%.20q) = %v", wrong, err)
		}
	}
	if err := e.db.RevokeKey(t.Context(), key.ID, e.clock.now()); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Authenticate(t.Context(), secret); trip2g.ErrorCode(err) != trip2g.EUNAUTHORIZED {
		t.Errorf("a revoked key: %v", err)
	}
	for _, name := range []string{"", "  ", "a\nb", "a\xffb", strings.Repeat("x", auth.MaxKeyName+1)} {
		if _, _, err := keys.CreateKey(t.Context(), name, trip2g.OwnerGrant, time.Time{}); trip2g.ErrorCode(err) != trip2g.EINVALID {
			t.Errorf("CreateKey(%.20q) = %v", name, err)
		}
	}
}
