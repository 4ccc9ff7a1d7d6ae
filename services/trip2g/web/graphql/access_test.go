package graphql_test

import (
	"strings"
	"testing"
)

const accessFields = "default public members groups notShown unspecified"

// Otherwise an owner could publish a diary by changing the default of a site.
func TestNothingBecomesPublicUnseen(t *testing.T) {
	s := startWithServices(t)
	state := func(query string) string {
		t.Helper()
		return s.post("{ "+query+" { "+accessFields+" } }", nil, s.withKey()).body
	}
	set := func(input string) string {
		t.Helper()
		return s.post("mutation { setSiteAccess(input: {"+input+"}) { ... on SetSiteAccessPayload { state { "+accessFields+" } } ... on ErrorPayload { message } } }", nil, s.withKey()).body
	}
	wantIn := func(what, body string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(body, part) {
				t.Errorf("%s: %s lacks %s", what, body, part)
			}
		}
	}
	s.pushed(map[string]string{
		"diary.md": "dear diary", "open.md": "---\nfree: true\n---\n", "group.md": "---\nsubgraph: a\n---\n", "draft.md": "---\ndraft: true\n---\n",
		"members.md": "---\nfree: false\n---\n", "_template.md": "no page",
	}, false)
	wantIn("a new site", state("siteAccess"), `"default":null,"public":1,"members":2,"groups":1,"notShown":1,"unspecified":1`)

	s.pushed(map[string]string{"second.md": "more", "open.md": "---\nfree: false\n---\n"}, true)
	wantIn("what is staged", state("stagedAccess"), `"default":null,"public":0,"members":4,"groups":1,"notShown":1,"unspecified":2`)
	wantIn("what is published", state("siteAccess"), `"public":1,"members":2`)
	s.pushed(map[string]string{"_settings.md": "---\naccess: everyone\n---\n"}, true)
	wantIn("a staged default", state("stagedAccess"), `"default":"EVERYONE","public":2,"members":2`)
	s.post("mutation { discardNotes { __typename } }", nil, s.withKey())

	a := s.post(`mutation { pushNotes(input: {updates: [{path: "x.md", content: "x"}, {path: "y.md", content: "y"}, {path: "z.md", content: "---\nfree: true\n---\n"}]}) {
		... on PushNotesPayload { updated { path warnings { level message } } } } }`, nil, s.withKey())
	wantIn("a push of another client", a.body, `"path":"x.md","warnings":[{"level":"WARNING","message":"this note and 1 others of this push do not say who may read them`, `"path":"y.md","warnings":[]`)
	s.post(`mutation { hideNotes(input: {paths: ["x.md", "y.md", "z.md"]}) { __typename } }`, nil, s.withKey())

	wantIn("no number", set("access: EVERYONE"), "1 notes would become public")
	wantIn("another number", set("access: EVERYONE, expectedPublic: 2"), "nothing was changed")
	wantIn("after refusals", state("siteAccess"), `"default":null`)
	wantIn("the notes", s.post("{ unspecifiedNotes }", nil, s.withKey()).body, `["diary.md"]`)
	wantIn("confirmed", set("access: EVERYONE, expectedPublic: 1"), `"default":"EVERYONE","public":2,"members":1`)
	wantIn("back", set("access: MEMBERS"), `"default":"MEMBERS","public":1,"members":2`)

	s.pushed(map[string]string{"_settings.md": "---\naccess: members\n---\n"}, false)
	wantIn("overridden", set("access: EVERYONE, expectedPublic: 1"), "_settings.md says access: members")
	for _, query := range []string{"siteAccess { public }", "stagedAccess { public }", "unspecifiedNotes"} {
		if a := s.post("{ "+query+" }", nil, nil); !strings.Contains(a.body, "API key is needed") {
			t.Errorf("anyone is told %s: %s", query, a.body)
		}
	}
	notes := s.post(`{ notes(filter: {access: GROUPS}) { total notes { path access groups byDefault membersOnly } } }`, nil, s.withKey()).body
	wantIn("notes of groups", notes, `"total":1`, `{"path":"group.md","access":"GROUPS","groups":["a"],"byDefault":false,"membersOnly":true}`)
	wantIn("by default", s.post(`{ note(path: "diary.md") { access byDefault } }`, nil, s.withKey()).body, `"access":"MEMBERS","byDefault":true`)
	wantIn("not shown", s.post(`{ note(path: "draft.md") { access byDefault } }`, nil, s.withKey()).body, `"access":"NOT_SHOWN","byDefault":false`)
}
