package graphql_test

import (
	"testing"

	"trip2g/services/trip2g"
)

func TestSettingsAreSavedByTheAPI(t *testing.T) {
	s := startWithServices(t)
	owner := s.asOwner()
	const save = `mutation ($input: SaveSiteSettingsInput!) { saveSiteSettings(input: $input) { __typename ... on SaveSiteSettingsPayload { settings { contentHash exists } }` + failedFragment
	input := func(hash, key, value string) map[string]any {
		return map[string]any{"input": map[string]any{"contentHash": hash, "values": []map[string]string{{"key": key, "value": value}}}}
	}
	saved := s.post(save, input("", "title", "My site"), owner)
	contains(t, saved.body, `"exists":true`)
	if notes, _ := s.notes(); notes[trip2g.SettingsPath] != "---\ntitle: My site\n---\n" {
		t.Errorf("the note is %q", notes[trip2g.SettingsPath])
	}
	contains(t, s.post(save, input("", "title", "Another"), owner).body, "ErrorPayload", "changed meanwhile")
	contains(t, s.post(save, input(trip2g.ContentHash("---\ntitle: My site\n---\n"), "graph", "perhaps"), owner).body, "ErrorPayload", `{"name":"graph","value":"must be true or false"}`)
}

// TestAHomePageThatIsNoNoteIsNamedInTheSettings sets a home page that does not exist, and then one
// that does. Without the warning, an owner would not know why the home page does not change.
func TestAHomePageThatIsNoNoteIsNamedInTheSettings(t *testing.T) {
	s := startWithServices(t)
	owner := s.asOwner()
	s.pushed(map[string]string{"a.md": "# A"}, false)
	const save = `mutation ($hash: String!, $home: String!) { saveSiteSettings(input: {contentHash: $hash, values: [{key: "home", value: $home}]}) {
		__typename ... on SaveSiteSettingsPayload { settings { warnings { text } } } } }`
	const warning = `home names \"nowhere\"`
	contains(t, s.post(save, map[string]any{"hash": "", "home": "nowhere"}, owner).body, warning)
	contains(t, s.post(`{ siteSettings { warnings { text } } }`, nil, owner).body, warning)
	contains(t, s.post(save, map[string]any{"hash": trip2g.ContentHash("---\nhome: nowhere\n---\n"), "home": "a"}, owner).body, `"warnings":[]`)
}
