package graphql_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

func (s *server) keyWith(grant trip2g.Grant, expiresAt time.Time) header {
	s.t.Helper()
	secret, _, err := s.keys.CreateKey(s.t.Context(), "scoped", grant, expiresAt)
	if err != nil {
		s.t.Fatal(err)
	}
	return header{"X-API-Key": secret}
}

// TestAKeyDoesWhatItsScopesSay runs operations of each kind with keys of each kind.
func TestAKeyDoesWhatItsScopesSay(t *testing.T) {
	s := startWithServices(t)
	note := s.pushed(map[string]string{"a.md": "x"}, false).Notes[0]
	operations := map[string]struct {
		needs trip2g.Scopes
		do    func(header) answer
	}{
		"notePaths": {trip2g.ScopeRead, func(h header) answer { return s.post(`{ notePaths { value } }`, nil, h) }},
		"listing":   {trip2g.ScopeRead, func(h header) answer { return s.push(nil, false, h) }},
		"push":      {trip2g.ScopePublish, func(h header) answer { return s.push(map[string]string{"b.md": "x"}, false, h) }},
		"hide": {trip2g.ScopePublish, func(h header) answer {
			return s.post(hideQuery, map[string]any{"input": map[string]any{"paths": []string{"c.md"}}}, h)
		}},
		"commit": {trip2g.ScopePublish, func(h header) answer { return s.post(commitQuery, nil, h) }},
		"upload": {trip2g.ScopePublish, func(h header) answer { return s.upload(uploadInput(note.ID, "a.bin", "x"), "x", h) }},
		"discard": {trip2g.ScopePublish, func(h header) answer {
			return s.post(`mutation { discardNotes { ... on ErrorPayload { code message } } }`, nil, h)
		}},
		"edit": {trip2g.ScopePublish, func(h header) answer {
			return s.post(`mutation { updateNotes(input: {changes: [{upsert: {path: "d.md", content: "x"}}]}) { ... on ErrorPayload { code message } } }`, nil, h)
		}},
		"access": {trip2g.ScopeSettings, func(h header) answer {
			return s.post(`mutation { setSiteAccess(input: {access: MEMBERS}) { ... on ErrorPayload { code message } } }`, nil, h)
		}},
		"keys": {0, func(h header) answer { return s.post(`{ apiKeys { id } }`, nil, h) }},
	}
	for _, scopes := range []trip2g.Scopes{trip2g.ScopeRead, trip2g.ScopePublish, trip2g.ScopeSettings, trip2g.DefaultScopes} {
		for name, operation := range operations {
			a := operation.do(s.keyWith(trip2g.Grant{Scopes: scopes}, time.Time{}))
			refused := strings.Contains(a.body, "to allow it, run `trip2g keys update ID --scope") || strings.Contains(a.body, "an API key may not do this")
			if allowed := operation.needs != 0 && scopes.Has(operation.needs); allowed == refused {
				t.Errorf("a key with %s does %s: %s", scopes, name, a.body)
			}
		}
	}
}

// One operation represents all, because keys are checked before the operation runs.
func TestAnExpiredKeyIsNoKey(t *testing.T) {
	s := start(t, nil)
	key := s.keyWith(trip2g.OwnerGrant, time.Now().Add(time.Hour))
	if p := s.push(map[string]string{"a.md": "x"}, false, key).get(t, "pushNotes"); p.Typename != "PushNotesPayload" {
		t.Errorf("before: %+v", p)
	}
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE api_keys SET expires_at = ? WHERE expires_at IS NOT NULL`, time.Now().UnixMilli()); err != nil {
		t.Fatal(err)
	}
	if p := s.push(map[string]string{"b.md": "x"}, false, key).get(t, "pushNotes"); p.Typename != "ErrorPayload" || !strings.Contains(p.Message, "unknown, expired or revoked") {
		t.Errorf("after: %+v", p)
	}
}

const pushUpdatedQuery = `mutation ($input: PushNotesInput!) { pushNotes(input: $input) { ... on PushNotesPayload {
	notes { path } updated { id path url warnings { level message } } } ... on ErrorPayload { message } } }`

// The rest of the push is published, and the response names the settings that were not applied.
func TestAPushLeavesOutTheSettingsThatItsKeyMayNotChange(t *testing.T) {
	s := startWithServices(t)
	key := s.keyWith(trip2g.Grant{Scopes: trip2g.DefaultScopes}, time.Time{})
	s.pushed(map[string]string{"_settings.md": "---\naccess: members\n---\n"}, false)
	for _, staged := range []bool{false, true} {
		var data struct {
			PushNotes struct {
				Notes   []struct{ Path string }
				Updated []struct {
					ID       int64
					Path     string
					Warnings []struct{ Level, Message string }
				}
			}
		}
		updates := []map[string]string{
			{"path": "a.md", "content": "x"}, {"path": "_settings.md", "content": "---\naccess: everyone\nfooter: hi\n---\n"}, {"path": "b.md", "content": "x"},
		}
		s.post(pushUpdatedQuery, map[string]any{"input": map[string]any{"updates": updates, "skipCommit": staged}}, key).decode(t, &data)
		var paths []string
		for _, n := range data.PushNotes.Notes {
			paths = append(paths, n.Path)
		}
		if !slices.Equal(paths, []string{"a.md", "b.md"}) || len(data.PushNotes.Updated) == 0 {
			t.Fatalf("pushed %q, updated %+v", paths, data.PushNotes.Updated)
		}
		left := data.PushNotes.Updated[0]
		if left.ID != 0 || left.Path != "_settings.md" || len(left.Warnings) != 1 || left.Warnings[0].Level != "CRITICAL" {
			t.Fatalf("left out: %+v", left)
		}
		contains(t, left.Warnings[0].Message, "is left out: it would change footer, access, which the API key may not", "trip2g keys update ID --scope read,publish,settings")
		if p := s.post(commitQuery, nil, key).get(t, "commitNotes"); !p.Success {
			t.Errorf("the rest is not published: %+v", p)
		}
	}
	notes, _ := s.notes()
	if notes["_settings.md"] != "---\naccess: members\n---\n" || notes["a.md"] != "x" || notes["b.md"] != "x" {
		t.Errorf("readers see %v", notes)
	}
	var hidden struct {
		HideNotes struct {
			Success bool
			LeftOut []struct{ Name, Value string }
		}
	}
	s.pushed(map[string]string{"_settings.md": "---\nfooter: hi\n---\n"}, false)
	s.post(`mutation { hideNotes(input: {paths: ["a.md", "_settings.md"]}) { ... on HideNotesPayload { success leftOut { name value } } } }`, nil, key).decode(t, &hidden)
	if left := hidden.HideNotes.LeftOut; len(left) != 1 || left[0].Name != "_settings.md" {
		t.Errorf("hidden: %+v", hidden)
	}
	if notes, _ = s.notes(); notes["a.md"] != "" || notes["_settings.md"] == "" {
		t.Errorf("readers see %v", notes)
	}
}
