package markdown_test

import (
	"slices"
	"testing"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/markdown"
)

// TestARuleInAnyYAMLIsHeededOrRefused: a rule that went unnoticed would publish what it keeps private.
func TestARuleInAnyYAMLIsHeededOrRefused(t *testing.T) {
	for content, want := range map[string][]string{
		"---\nexclude: [Diary/]\n---\n":                              {"Diary/"},
		"---\n{exclude: [Diary/]}\n---\n":                            {"Diary/"},
		"---\n{title: x, exclude: [Diary/]}\n---\n":                  {"Diary/"},
		"---\n? exclude\n: [Diary/]\n---\n":                          {"Diary/"},
		"---\nEXCLUDE: Diary/\n---\n":                                {"Diary/"},
		"---\nx: &x [Diary/]\nexclude: *x\n---\n":                    {"Diary/"},
		"---\ntitle: x\n---\nexclude: is a key of the frontmatter\n": {},
		"---\ntitle: [broken\n---\n":                                 {},
		"---\nexclude: [Diary/]\nexclude: [Work/]\n---\n":            nil,
		"---\nexclude: [Diary/]\nExclude: []\n---\n":                 nil,
		"---\n<<: {exclude: [Diary/]}\n---\n":                        nil,
		"---\nexclude: Diary/, Work/\n---\n":                         nil,
		"---\nexclude: |\n  Diary/\n  Work/\n---\n":                  nil,
		"---\nexclude: {a: b}\n---\n":                                nil,
		"---\ninclude:\n---\n":                                       nil,
		"---\ninclude: []\n---\n":                                    nil,
		"\n---\nexclude: [Diary/]\n---\n":                            nil,
		"exclude: [Diary/]\n":                                        nil,
		"---\nexclude: [Diary/]\n":                                   nil,
		"---\ntitle: [broken\nexclude: [Diary/]\n---\n":              nil,
	} {
		rules, err := markdown.PushRules(content)
		if want == nil {
			if trip2g.ErrorCode(err) != trip2g.EINVALID {
				t.Errorf("%q is taken: %+v, %v", content, rules, err)
			}
			continue
		}
		if err != nil || !slices.Equal(rules.Exclude, want) {
			t.Errorf("%q excludes %q, %v", content, rules.Exclude, err)
		}
	}
}

func TestADefaultInSettingsThatAreNeverClosedIsForMembers(t *testing.T) {
	doc := markdown.Parse(trip2g.SettingsPath, "---\naccess: members\n")
	if doc.Settings == nil || doc.Settings.Access != trip2g.AccessMembers {
		t.Errorf("the settings are %+v", doc.Settings)
	}
}
