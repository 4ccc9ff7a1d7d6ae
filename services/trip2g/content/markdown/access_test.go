package markdown_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

// The cases are spellings used in vaults. Otherwise a reader would see a private note, or not find
// a note that they may read.
func TestANoteIsReadByWhomItsFrontmatterNames(t *testing.T) {
	groups := func(names ...string) trip2g.Access {
		return trip2g.Access{Level: trip2g.ForGroups, Groups: trip2g.NewGroups(names...)}
	}
	manyKeys := strings.Repeat("a: b, ", 2000)
	is := func(level trip2g.NoteAccess) trip2g.Access { return trip2g.Access{Level: level} }
	for in, want := range map[string]trip2g.Access{
		"title: x": is(trip2g.Unspecified),

		"free: true":                 is(trip2g.Public),
		"publish: true":              is(trip2g.Public),
		"FREE: YES":                  is(trip2g.Public),
		"free: \"on\"":               is(trip2g.Public),
		"free: true\npublish: true":  is(trip2g.Public),
		"free: false":                is(trip2g.ForMembers),
		"free: Off":                  is(trip2g.ForMembers),
		"free: flase":                is(trip2g.ForMembers),
		"free:":                      is(trip2g.ForMembers),
		"free: \"\"":                 is(trip2g.ForMembers),
		"free: []":                   is(trip2g.ForMembers),
		"publish:":                   is(trip2g.ForMembers),
		"publish: maybe":             is(trip2g.NotShown),
		"publish: false":             is(trip2g.NotShown),
		"draft: true":                is(trip2g.NotShown),
		"draft: perhaps":             is(trip2g.NotShown),
		"draft: false":               is(trip2g.Unspecified),
		"draft:":                     is(trip2g.Unspecified),
		"free: true\ndraft: true":    is(trip2g.NotShown),
		"free: true\ndraft: no":      is(trip2g.Public),
		"free: false\npublish: true": is(trip2g.ForMembers),
		"free: true\npublish: no":    is(trip2g.NotShown),
		"free: true\npublish:":       is(trip2g.ForMembers),
		"free: true\nFree: false":    is(trip2g.ForMembers),
		"free: false\nfree: true":    is(trip2g.ForMembers),

		"free: true\n<<: {draft: true}":                              is(trip2g.NotShown),
		"<<: {draft: true}\nfree: true":                              is(trip2g.NotShown),
		"free: true\n<<: {subgraph: A, title: x}":                    is(trip2g.Public),
		"x: &x {subgraph: A}\n<<: *x":                                groups("a"),
		"x: &x {publish: false}\ny: &y {<<: *x}\nfree: true\n<<: *y": is(trip2g.NotShown),
		"free: true\n<<: [{title: x}, {draft: true}]":                is(trip2g.NotShown),
		"free: true\n<<: {free: false}":                              is(trip2g.ForMembers),
		"<<: {free: true}":                                           is(trip2g.Public),
		"free: true\n<<: {draft: true}\n<<: {a: b}":                  is(trip2g.NotShown),
		"free: true\n\"<<\": {draft: true}":                          is(trip2g.NotShown),
		"free: true\n<<: draft":                                      is(trip2g.NotShown),
		"free: true\n<<: [[[[[{draft: true}]]]]]":                    is(trip2g.NotShown),
		"free: true\n<<:":                                            is(trip2g.Public),
		"free: true\n<<: {" + manyKeys + "draft: true}":              is(trip2g.NotShown),
		"k: &k draft\nfree: true\n*k : true":                         is(trip2g.NotShown),
		"v: &v true\nfree: true\ndraft: *v":                          is(trip2g.NotShown),
		"free: true\n\"draft \": true":                               is(trip2g.NotShown),
		"free: true\n? draft\n: true":                                is(trip2g.NotShown),
		"free: true\n!!str draft: !!bool true":                       is(trip2g.NotShown),
		"free: true\ndraft: !!binary dHJ1ZQ==":                       is(trip2g.NotShown),
		"free: !!null true":                                          is(trip2g.ForMembers),
		"free: !not true":                                            is(trip2g.ForMembers),
		"subgraph: !x staff":                                         groups(),

		"subgraph: Premium ":                  groups("premium"),
		"subgraphs: [A, b, [c], null]":        groups("a", "b", "c"),
		"subgraph: A\nsubgraphs:\n- B\n- A":   groups("a", "b"),
		"subgraph: 42":                        groups("42"),
		"subgraph: \"e\\u0301té\"":            groups("été"),
		"subgraph: A, B":                      groups("A, B"),
		"subgraph: {a: b}":                    groups(),
		"subgraph:":                           is(trip2g.ForMembers),
		"subgraphs: []":                       is(trip2g.ForMembers),
		"subgraph: A\nfree: true":             is(trip2g.Public),
		"subgraph:\nfree: true":               is(trip2g.Public),
		"subgraph: A\nfree: false":            groups("a"),
		"subgraph: A\npublish: true":          groups("a"),
		"subgraph: A\nfree: true\ndraft: yes": is(trip2g.NotShown),

		"a: [\nfree: true":                     is(trip2g.Unspecified),
		"a: [\nsubgraph: A":                    groups("a"),
		"a: [\nsubgraphs:\n  - A\n  - \"B c\"": groups("a", "b c"),
		"a: [\nsubgraphs: [A, 'B']":            groups("a", "b"),
		"a: [\nsubgraph: A\nfree: true":        groups("a"),
		"a: [\ndraft: true":                    is(trip2g.NotShown),
		"{a: b, draft: yes":                    is(trip2g.ForMembers),
		"a: [\n draft: true":                   is(trip2g.NotShown),
		"a: [\n? draft\n: true":                is(trip2g.ForMembers),
	} {
		if got := markdown.Parse("n.md", "---\n"+in+"\n---\ntext").Access; got != want {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}

// Otherwise an author would not know why a note is not visible.
func TestKeysThatContradictAreWarnedOf(t *testing.T) {
	for in, want := range map[string]string{
		"free: true\ndraft: true":    "free: true is overruled by what another key says: the note is not shown",
		"publish: true\nfree: false": "publish: true is overruled by what another key says: the note is for members",
		"publish: true\nsubgraph: a": "publish: true is overruled by what another key says: the note is for members of its groups",
		"free: true\nsubgraph: a":    "",
		"free: true\nsubgraph:":      "",
		"subgraph:":                  "subgraph has no value: the note is for members",
		"subgraph:\nsubgraphs: [a]":  "",
	} {
		warnings := markdown.Parse("n.md", "---\n"+in+"\n---\n").Warnings
		switch {
		case want == "" && len(warnings) == 0:
		case len(warnings) != 1 || warnings[0].Text != want:
			t.Errorf("%q: %+v, want %q", in, warnings, want)
		}
	}
}

// TestASlipInTheSitesDefaultMakesNothingPublic covers the key access of _settings.md.
func TestASlipInTheSitesDefaultMakesNothingPublic(t *testing.T) {
	for in, want := range map[string]trip2g.SiteAccess{
		"title: x":                                trip2g.AccessNotChosen,
		"access: everyone":                        trip2g.AccessEveryone,
		"Access: Everyone":                        trip2g.AccessEveryone,
		"access: members":                         trip2g.AccessMembers,
		"access: everybody":                       trip2g.AccessMembers,
		"access:":                                 trip2g.AccessMembers,
		"access: [everyone, members]":             trip2g.AccessMembers,
		"access: everyone\naccess: member":        trip2g.AccessMembers,
		"a: [\naccess: everyone":                  trip2g.AccessMembers,
		"access: everyone\n<<: {access: members}": trip2g.AccessMembers,
		"access: everyone\n<<: members":           trip2g.AccessMembers,
		"<<: {access: everyone}":                  trip2g.AccessEveryone,
	} {
		doc := markdown.Parse(trip2g.SettingsPath, "---\n"+in+"\n---\n")
		if doc.Settings.Access != want {
			t.Errorf("%q: %v, want %v", in, doc.Settings.Access, want)
		}
	}
}
