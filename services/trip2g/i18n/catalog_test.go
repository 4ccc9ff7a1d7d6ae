package i18n_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
	"go.yaml.in/yaml/v3"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

var placeholder = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

// catalog is the parsed file of a language.
type catalog struct {
	tag      language.Tag
	messages map[string]*goi18n.Message
}

// readCatalogs reads the catalogs as translators write them, English first.
func readCatalogs(t *testing.T) []catalog {
	t.Helper()
	names, err := filepath.Glob("active.*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list []catalog
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := goi18n.ParseMessageFileBytes(text, name, map[string]goi18n.UnmarshalFunc{"yaml": yaml.Unmarshal})
		if err != nil {
			t.Fatal(err)
		}
		c := catalog{file.Tag, make(map[string]*goi18n.Message)}
		for _, m := range file.Messages {
			c.messages[m.ID] = m
		}
		list = append(list, c)
	}
	slices.SortStableFunc(list, func(a, b catalog) int {
		switch language.English {
		case a.tag:
			return -1
		case b.tag:
			return 1
		}
		return 0
	})
	return list
}

func (c catalog) keys() []string {
	var keys []string
	for key := range c.messages {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// forms are the texts of a message by the plural forms that the language needs.
func forms(m *goi18n.Message) map[plural.Form]string {
	return map[plural.Form]string{
		plural.Zero: m.Zero, plural.One: m.One, plural.Two: m.Two, plural.Few: m.Few, plural.Many: m.Many, plural.Other: m.Other,
	}
}

// neededForms are the plural forms of a language's whole numbers.
func neededForms(tag language.Tag) map[plural.Form]bool {
	needed := map[plural.Form]bool{plural.Other: true}
	for n := range 200 {
		needed[plural.Cardinal.MatchPlural(tag, n, 0, 0, 0, 0)] = true
	}
	return needed
}

func placeholders(text string) []string {
	var names []string
	for _, match := range placeholder.FindAllStringSubmatch(text, -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func TestEveryLanguageHasEveryMessage(t *testing.T) {
	catalogs := readCatalogs(t)
	if len(catalogs) < 2 || catalogs[0].tag != language.English {
		t.Fatalf("the catalogs are %v", catalogs)
	}
	for _, c := range catalogs[1:] {
		if diff := cmp.Diff(catalogs[0].keys(), c.keys()); diff != "" {
			t.Errorf("keys in %s (-English +%s):\n%s", c.tag, c.tag, diff)
		}
	}
}

func TestEveryLanguageHasThePlaceholdersAndPluralsOfEachMessage(t *testing.T) {
	catalogs := readCatalogs(t)
	for _, c := range catalogs {
		needed := neededForms(c.tag)
		for key, m := range c.messages {
			english := catalogs[0].messages[key]
			if english == nil {
				continue // reported by TestEveryLanguageHasEveryMessage
			}
			want := placeholders(english.Other)
			for form, text := range forms(m) {
				switch {
				case text == "" && (form == plural.Other || needed[form] && slices.Contains(want, "Count") && english.One != ""):
					t.Errorf("%s: %s lacks a plural form (%v)", c.tag, key, form)
				case text == "":
				case !slices.Equal(placeholders(text), want):
					t.Errorf("%s: %s has the placeholders %v, want %v", c.tag, key, placeholders(text), want)
				case strings.Count(text, "{{") != len(placeholder.FindAllString(text, -1)):
					t.Errorf("%s: %s has a placeholder that is not of the form {{.Name}}: %s", c.tag, key, text)
				}
			}
		}
	}
}

var tag = regexp.MustCompile(`<[^>]*>`)

// A translation changes words, not what links lead to.
func TestEveryLanguageHasTheElementsOfEachMessage(t *testing.T) {
	catalogs := readCatalogs(t)
	for _, c := range catalogs {
		for key, m := range c.messages {
			english := catalogs[0].messages[key]
			if english == nil {
				continue // reported by TestEveryLanguageHasEveryMessage
			}
			got, want := tag.FindAllString(m.Other, -1), tag.FindAllString(english.Other, -1)
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s has %v, want %v", c.tag, key, got, want)
			}
			if len(want) > 0 && !strings.HasSuffix(key, "_html") {
				t.Errorf("%s is HTML: its key must end in _html", key)
			}
		}
	}
}
