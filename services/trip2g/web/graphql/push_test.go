package graphql_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/graphql"
)

const (
	codedPushQuery = `mutation PushNotes($input: PushNotesInput!) { pushNotes(input: $input) { __typename
		... on PushNotesPayload { notes { id path } } ... on ErrorPayload { code message byFields { name value } } } }`
	codedCommitQuery = `mutation { commitNotes { __typename ... on CommitNotesPayload { success } ... on ErrorPayload { code message } } }`
	discardQuery     = `mutation { discardNotes { __typename ... on DiscardNotesPayload { success committed } ... on ErrorPayload { code message } } }`
)

// pushing returns the headers of a request that belongs to a push.
func (s *server) pushing(id string) header {
	return header{"X-API-Key": s.key, trip2g.PushIDHeader: id}
}

func (s *server) wantReaders(t *testing.T, want map[string]string) {
	t.Helper()
	if notes, _ := s.notes(); !cmp.Equal(notes, want) {
		t.Errorf("readers see %v, want %v", notes, want)
	}
}

func TestTwoPushesWithOneKeyDoNotShowHalfOfEachOther(t *testing.T) {
	s := start(t, nil)
	large, small := s.pushing("the-large-push-of-one"), s.pushing("the-small-push-of-one")
	s.push(map[string]string{"large1.md": "1"}, true, large)
	s.push(map[string]string{"small.md": "1"}, true, small)
	if p := s.post(codedCommitQuery, nil, small).get(t, "commitNotes"); !p.Success {
		t.Fatalf("the commit answered %+v", p)
	}
	s.wantReaders(t, map[string]string{"small.md": "1"})
	s.push(map[string]string{"large2.md": "2"}, true, large)
	s.post(codedCommitQuery, nil, large)
	s.wantReaders(t, map[string]string{"small.md": "1", "large1.md": "1", "large2.md": "2"})
}

func TestAClientThatWasStoppedLeavesNothingToTheNextPush(t *testing.T) {
	s := start(t, nil)
	stopped := s.pushing("a-push-that-is-stopped")
	s.push(map[string]string{"diary.md": "private"}, true, stopped)
	if p := s.post(discardQuery, nil, stopped).get(t, "discardNotes"); !p.Success || p.Committed {
		t.Errorf("the discard answered %+v", p)
	}
	s.push(map[string]string{"right.md": "1"}, true, s.withKey())
	s.post(commitQuery, nil, s.withKey())
	s.wantReaders(t, map[string]string{"right.md": "1"})
	for field, a := range map[string]answer{
		"commitNotes": s.post(codedCommitQuery, nil, stopped),
		"pushNotes":   s.post(codedPushQuery, map[string]any{"input": map[string]any{"updates": []map[string]string{{"path": "late.md", "content": ""}}, "skipCommit": true}}, stopped),
	} {
		if p := a.get(t, field); p.Code != trip2g.EEXPIRED || !strings.Contains(p.Message, "run the push again") {
			t.Errorf("%s of a push that is over answered %+v", field, p)
		}
	}
	committed := s.pushing("a-push-that-is-committed")
	s.push(map[string]string{"right.md": "2"}, true, committed)
	s.post(commitQuery, nil, committed)
	if p := s.post(discardQuery, nil, committed).get(t, "discardNotes"); p.Success || !p.Committed {
		t.Errorf("a discard that came too late answered %+v", p)
	}
}

func TestAPushIDThatCanBeGuessedIsRefused(t *testing.T) {
	s := start(t, nil)
	for name, id := range map[string]string{
		"short": "1", "long": strings.Repeat("x", 65), "other letters": "an-id-with-ümlauts", "spaces": "an id with spaces", "quotes": `an-id-with-"quotes"`,
	} {
		a := s.push(map[string]string{"n.md": ""}, false, s.pushing(id))
		if a.status != http.StatusBadRequest || len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, trip2g.PushIDHeader) {
			t.Errorf("%s: status %d, %s", name, a.status, a.body)
		}
	}
	s.wantUntouched()
}

// Installed plugins send no id, so their User-Agents distinguish their requests.
func TestOldClientsOfOneKeyAreToldApart(t *testing.T) {
	s := start(t, nil)
	older, newer := s.withKey(), s.withKey()
	older["X-Plugin-Version"], newer["X-Plugin-Version"] = "0.3.0", "0.12.0"
	s.push(map[string]string{"half.md": "1"}, true, older)
	s.push(map[string]string{"whole.md": "1"}, true, newer)
	s.post(commitQuery, nil, newer)
	s.wantReaders(t, map[string]string{"whole.md": "1"})
	s.post(commitQuery, nil, older)
	s.wantReaders(t, map[string]string{"whole.md": "1", "half.md": "1"})
}

func TestAFailureHasACodeForPrograms(t *testing.T) {
	s := start(t, func(o *graphql.Options) {
		o.Publisher = broken{o.Publisher, func() error { return trip2g.Errorf(trip2g.EUNAVAILABLE, "the disk is full") }}
	})
	push := func(headers header, path string) answer {
		return s.post(codedPushQuery, map[string]any{"input": map[string]any{"updates": []map[string]string{{"path": path, "content": ""}}}}, headers)
	}
	for want, a := range map[string]answer{trip2g.EINVALID: push(s.withKey(), "../n.md"), trip2g.EUNAUTHORIZED: push(nil, "n.md")} {
		if p := a.get(t, "pushNotes"); p.Code != want {
			t.Errorf("the code is %q, want %q: %s", p.Code, want, a.body)
		}
	}
	if p := s.post(codedCommitQuery, nil, s.withKey()).get(t, "commitNotes"); p.Code != trip2g.EUNAVAILABLE {
		t.Errorf("a full disk has the code %q", p.Code)
	}
}
