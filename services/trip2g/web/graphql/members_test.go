package graphql_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

const (
	inviteQuery = `mutation ($email: String!) { inviteMember(input: {email: $email}) { __typename
		... on InviteMemberPayload { mailed signInUrl member { id email invitedAt joinedAt sessions } } ... on ErrorPayload { message byFields { name value } } } }`
	removeQuery = `mutation ($id: Int64!) { removeMember(input: {id: $id}) { __typename
		... on RemoveMemberPayload { success } ... on ErrorPayload { message } } }`
	createKeyQuery = `mutation ($name: String!) { createApiKey(input: {name: $name}) { __typename
		... on CreateApiKeyPayload { secret key { id name hint lastUsedAt revokedAt } } ... on ErrorPayload { message } } }`
	revokeKeyQuery = `mutation ($id: Int64!) { revokeApiKey(input: {id: $id}) { __typename
		... on RevokeApiKeyPayload { success } ... on ErrorPayload { message } } }`
	endSessionQuery = `mutation ($id: Int64!) { endSession(input: {id: $id}) { __typename
		... on EndSessionPayload { success } ... on ErrorPayload { message } } }`
	endOthersQuery = `mutation { endOtherSessions { __typename ... on EndOtherSessionsPayload { ended } ... on ErrorPayload { message } } }`
)

// person returns the headers of a signed-in user with a session of their own.
func (s *server) person(email string) header {
	s.t.Helper()
	user, err := s.db.UserByEmail(s.t.Context(), email)
	if err != nil {
		s.t.Fatal(err)
	}
	now := time.Now()
	token := fmt.Sprintf("token of %s at %d", email, now.UnixNano())
	_, _, err = s.db.CreateSession(s.t.Context(), trip2g.Session{
		TokenHash: trip2g.TokenHash(token), User: user, UserAgent: "Firefox", CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return header{"Authorization": "Bearer " + token}
}

func id(text string) map[string]any { return map[string]any{"id": text} }

func TestTheOwnerInvitesAndRemovesAMember(t *testing.T) {
	s := start(t, nil)
	admin := s.person(owner)
	admin["Host"] = "notes.example.com"
	invited := s.post(inviteQuery, map[string]any{"email": "Ann@Example.com"}, admin)
	contains(t, invited.body, `"mailed":true`, `"email":"ann@example.com"`, `"joinedAt":null`, `"signInUrl":"http://notes.example.com/_system/signin?email=ann%40example.com"`)
	if to := <-s.invited; to != [2]string{"ann@example.com", "http://notes.example.com"} {
		t.Errorf("the invitation is %v", to)
	}
	ann := s.person("ann@example.com")
	contains(t, s.post(`{ members { email joinedAt sessions } }`, nil, admin).body, `"email":"ann@example.com"`, `"sessions":1`)
	if v := s.post(viewerQuery, nil, ann).get(t, "viewer"); v.Role != "USER" {
		t.Errorf("the member is %+v", v)
	}
	user, err := s.db.UserByEmail(t.Context(), "ann@example.com")
	if err != nil {
		t.Fatal(err)
	}
	removed := s.post(removeQuery, map[string]any{"id": user.ID}, admin)
	if p := removed.get(t, "removeMember"); !p.Success || removed.header.Get(trip2g.PositionHeader) == "" {
		t.Errorf("removed: %s with %v", removed.body, removed.header)
	}
	if v := s.post(viewerQuery, nil, ann).get(t, "viewer"); v.Role != "GUEST" {
		t.Errorf("after the removal they are %+v", v)
	}
	contains(t, s.post(removeQuery, map[string]any{"id": user.ID}, admin).body, "there is no member")
	contains(t, s.post(inviteQuery, map[string]any{"email": "a@b\r\nBcc: c@d"}, admin).body, "no e-mail address", `"name":"email"`)
	contains(t, s.post(inviteQuery, map[string]any{"email": owner}, admin).body, "owner's address")
	if n := len(s.invited); n != 0 {
		t.Errorf("%d more invitations went out", n)
	}
}

func TestOnlyTheOwnersSessionManagesPeopleAndKeys(t *testing.T) {
	s := start(t, nil)
	if _, err := s.db.InviteMember(t.Context(), "ann@example.com", time.Now()); err != nil {
		t.Fatal(err)
	}
	for who, headers := range map[string]header{"nobody": nil, "a key": s.withKey(), "a member": s.person("ann@example.com")} {
		for query, variables := range map[string]map[string]any{
			`{ members { email } }`: nil, `{ apiKeys { hint } }`: nil, `{ sessions(everyone: true) { email } }`: nil,
			inviteQuery: {"email": "c@example.com"}, removeQuery: id("2"), createKeyQuery: {"name": "x"}, revokeKeyQuery: id("1"),
		} {
			a := s.post(query, variables, headers)
			refused := len(a.Errors) == 1 && (a.Errors[0].Extensions["code"] == "forbidden" || a.Errors[0].Extensions["code"] == "unauthorized") ||
				strings.Contains(a.body, `"__typename":"ErrorPayload"`)
			if !refused || strings.Contains(a.body, "ann@example.com") || strings.Contains(a.body, "t2g_") {
				t.Errorf("%s asks %s: %s", who, query, a.body)
			}
		}
	}
	if _, err := s.keys.Authenticate(t.Context(), s.key); err != nil || len(s.invited) != 0 {
		t.Errorf("something was done all the same: %v, %d invitations", err, len(s.invited))
	}
}
