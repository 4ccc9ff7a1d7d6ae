package markdown_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/dop251/goja"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

// ruleCase is a text of the settings. The publish page has its own parser, which accepts only
// simple lists.
type ruleCase struct {
	Name     string
	Settings string
	Exclude  []string // nil: refused
	Browser  string   // "refuses" where the publish page refuses what this package parses
}

// Ignoring a rule would publish private notes.
func TestARuleInAnyYAMLIsHeededOrRefused(t *testing.T) {
	raw, err := os.ReadFile("../../testdata/pushrules.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []ruleCase
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	inBrowser := rulesInBrowser(t)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			rules, err := markdown.PushRules(c.Settings)
			switch {
			case c.Exclude == nil && trip2g.ErrorCode(err) != trip2g.EINVALID:
				t.Errorf("%q is taken: %+v, %v", c.Settings, rules, err)
			case c.Exclude != nil && (err != nil || !slices.Equal(rules.Exclude, c.Exclude)):
				t.Errorf("%q excludes %q, %v", c.Settings, rules.Exclude, err)
			}
			exclude, refused := inBrowser(c.Settings)
			switch wantRefused := c.Exclude == nil || c.Browser == "refuses"; {
			case refused != wantRefused:
				t.Errorf("in the browser %q is refused: %v; it excludes %q", c.Settings, refused, exclude)
			case !refused && !slices.Equal(exclude, c.Exclude):
				t.Errorf("in the browser %q excludes %q", c.Settings, exclude)
			}
		})
	}
}

// rulesInBrowser loads the publish page's script and returns its settings parser.
func rulesInBrowser(t *testing.T) func(settings string) (exclude []string, refused bool) {
	t.Helper()
	script, err := os.ReadFile("../../web/admin/files/rules.js")
	if err != nil {
		t.Fatal(err)
	}
	vm := goja.New()
	if _, err := vm.RunString(regexp.MustCompile(`(?m)^export `).ReplaceAllString(string(script), "")); err != nil {
		t.Fatal(err)
	}
	read, ok := goja.AssertFunction(vm.Get("pushRules"))
	if !ok {
		t.Fatal("rules.js has no function pushRules")
	}
	return func(settings string) (exclude []string, refused bool) {
		answer, err := read(goja.Undefined(), vm.ToValue(settings))
		if err != nil {
			return nil, true
		}
		if err := vm.ExportTo(answer.ToObject(vm).Get("exclude"), &exclude); err != nil {
			t.Fatal(err)
		}
		return exclude, false
	}
}

func TestADefaultInSettingsThatAreNeverClosedIsForMembers(t *testing.T) {
	doc := markdown.Parse(trip2g.SettingsPath, "---\naccess: members\n")
	if doc.Settings == nil || doc.Settings.Access != trip2g.AccessMembers {
		t.Errorf("the settings are %+v", doc.Settings)
	}
}
