package graphql_test

import (
	"testing"
	"time"

	"trip2g/services/trip2g"
)

func TestEverybodyEndsOwnSessionsAndTheOwnerAny(t *testing.T) {
	s := start(t, nil)
	if _, err := s.db.InviteMember(t.Context(), "ann@example.com", time.Now()); err != nil {
		t.Fatal(err)
	}
	admin, ann, elsewhere := s.person(owner), s.person("ann@example.com"), s.person("ann@example.com")
	type list struct {
		Sessions []struct {
			ID      int64
			Email   string
			Current bool
		}
	}
	sessions := func(query string, who header) (l list) {
		t.Helper()
		s.post(query, nil, who).decode(t, &l)
		return l
	}
	own := sessions(`{ sessions { id email current } }`, ann).Sessions
	if len(own) != 2 || own[0].Current || !own[1].Current || own[0].Email != "ann@example.com" {
		t.Fatalf("own sessions: %+v", own)
	}
	all := sessions(`{ sessions(everyone: true) { id email current } }`, admin).Sessions
	if len(all) != 3 || !all[2].Current {
		t.Fatalf("all sessions: %+v", all)
	}
	role := func(who header) string { return s.post(viewerQuery, nil, who).get(t, "viewer").Role }
	contains(t, s.post(endSessionQuery, map[string]any{"id": all[2].ID}, ann).body, "there is no session")
	if role(admin) != "ADMIN" {
		t.Error("a member ended the owner's session")
	}
	ended := s.post(endOthersQuery, nil, ann)
	contains(t, ended.body, `"ended":1`)
	if ended.header.Get(trip2g.PositionHeader) == "" || role(elsewhere) != "GUEST" || role(ann) != "USER" {
		t.Errorf("after ending others: elsewhere %s, here %s", role(elsewhere), role(ann))
	}
	if p := s.post(endSessionQuery, map[string]any{"id": own[1].ID}, admin).get(t, "endSession"); !p.Success || role(ann) != "GUEST" {
		t.Errorf("the owner ends a member's: %+v", p)
	}
	for _, query := range []string{`{ sessions { id } }`, endOthersQuery} {
		contains(t, s.post(query, nil, nil).body, "sign in")
		contains(t, s.post(query, nil, s.withKey()).body, "API key may not")
	}
}
