package markdown_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
)

func date(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// TestFrontmatterOfAnyKindIsTaken parses values found in vaults, including odd ones. It compares
// only the named fields.
func TestFrontmatterOfAnyKindIsTaken(t *testing.T) {
	type doc = trip2g.Document
	notShown, forMembers := trip2g.Access{Level: trip2g.NotShown}, trip2g.Access{Level: trip2g.ForMembers}
	for in, want := range map[string]doc{
		"title: A\ndescription: D\nslug: s\npermalink: /p/\ntags: [a, '#b']\naliases:\n  - x\n  - y": {
			Title: "A", Description: "D", Slug: "s", Permalink: "/p", Tags: []string{"a", "b"}, Aliases: []string{"x", "y"}},
		"title:\ndescription: null\ntags: ~\naliases: ''\nslug:\npublish:\nfree: null\ncreated:\nupdated: ~": {Title: "n", Access: forMembers},
		"title: [A, B]\ntags: [[a], [b, [c]]]\naliases: [null, 1, true, 2024-01-31]":                         {Title: "A", Tags: []string{"a", "b", "c"}, Aliases: []string{"1", "true", "2024-01-31"}},
		"title: 42\nslug: 2024-01-31\ntags: 7\nalias: 3.14":                                                  {Title: "42", Slug: "2024-01-31", Tags: []string{"7"}, Aliases: []string{"3.14"}},
		"TITLE: Upper\nTags: a, b , ,c":                                                                      {Title: "Upper", Tags: []string{"a", "b", "c"}},
		"title: &t Anchor\ndescription: *t":                                                                  {Title: "Anchor", Description: "Anchor"},
		"title: |\n  two\n  lines":                                                                           {Title: "two lines"},
		"title: first\ntitle: last":                                                                          {Title: "last"},
		"title: !!binary aGk=":                                                                               {Title: "aGk="},
		"title: {a: b}\ntags: {c: d}":                                                                        {Title: "n"},
		"? [a, b]\n: c\ntitle: x":                                                                            {Title: "x"},
		"created: 2024-01-31\nupdated: 2024-02-01 12:00":                                                     {Title: "n", CreatedAt: date(2024, 1, 31), UpdatedAt: date(2024, 2, 1).Add(12 * time.Hour)},
		"created: 2024-01-31T10:00:00+02:00":                                                                 {Title: "n", CreatedAt: date(2024, 1, 31).Add(8 * time.Hour)},
		"created: 2024-02-30\nupdated: soon":                                                                 {Title: "n"},
		"publish: false":                                                                                     {Title: "n", Access: notShown},
		"publish: 'no'\nfree: \"False\"":                                                                     {Title: "n", Access: notShown},
		"publish: [off]\nfree: 0":                                                                            {Title: "n", Access: notShown},
		"publish: perhaps\nfree: true":                                                                       {Title: "n", Access: notShown},
		"slug: /a/../../b/":                                                                                  {Title: "n", Slug: "/b"},
		"slug: \"a\\u0000b\"":                                                                                {Title: "n"},
		"lang: pt-BR":                                                                                        {Title: "n", Lang: "pt-BR"},
		"lang: '\"><script>'":                                                                                {Title: "n"},
		"cssclasses: [wide, 'a b']\ncssclass: c,wide":                                                        {Title: "n", Classes: []string{"wide", "a", "b", "c"}},
		"cssclasses: ['1a', '\">', a.b, '']":                                                                 {Title: "n"},
		"content_type: TEXT/Plain; charset=latin1":                                                           {Title: "n", ContentType: "text/plain; charset=utf-8"},
		"image: img/a b.png":                                                                                 {Title: "n", Image: "img/a b.png", AssetRefs: []string{"img/a b.png"}},
		"cover: '![[a.png|100]]'":                                                                            {Title: "n", Image: "a.png", AssetRefs: []string{"a.png"}},
		"banner: [[a.png]]\nimage: null":                                                                     {Title: "n", Image: "a.png", AssetRefs: []string{"a.png"}},
		"image: '![x](a%20b.png)'":                                                                           {Title: "n", Image: "a b.png", AssetRefs: []string{"a b.png"}},
		"image: https://example.org/a.png":                                                                   {Title: "n", Image: "https://example.org/a.png"},
		"image: javascript:x\ncover: data:image/png;base64,AA":                                               {Title: "n", Image: "javascript:x", AssetRefs: []string{"javascript:x"}},
		"lang-de: Anfang\nLang-pt-BR: '[[início]]'\ntranslations: {fr: ./d.md, xx xx: y, ru: [a, b], es: null}": {Title: "n", Languages: map[string]string{"de": "Anfang", "pt-br": "início", "fr": "./d.md", "ru": "a"}},
		"hreflang: [a]\nlang-: x\ntranslations: z":                                                              {Title: "n"},
		"date: 2024-01-31\nmodified: 2024-02-01":                                                                {Title: "n", CreatedAt: date(2024, 1, 31), UpdatedAt: date(2024, 2, 1)},
		"title: \"a\\u0000\\u0007b\\tc\"":                                                                       {Title: "ab c"},
		"slug: " + strings.Repeat("x", 5000):                                                                    {Title: "n"},
	} {
		got := markdown.Parse("n.md", "---\n"+in+"\n---\ntext")
		ignore := cmpopts.IgnoreFields(trip2g.Document{}, "Warnings", "Body", "BodyLine")
		if diff := cmp.Diff(&want, got, ignore, cmpopts.EquateEmpty(), cmp.AllowUnexported(trip2g.Groups{})); diff != "" {
			t.Errorf("%.80s\n(-want +got):\n%s", in, diff)
		}
		if got.Body != "text" {
			t.Errorf("%.80s: the text is %q", in, got.Body)
		}
	}
}

// Line numbers show an owner where to look.
func TestFaultsOfFrontmatterNameTheirLine(t *testing.T) {
	for in, want := range map[string]string{
		"---\ntitle: a\npublish: perhaps\n---\n":                             "3: publish is neither true nor false, and is taken as false: the note is not shown",
		"---\ntitle: a\ncreated: soon\n---\n":                                "3: created is no date such as 2026-01-31, and is left out",
		"---\ntags: {a: b}\n---\n":                                           "2: tags is neither a text nor a list, and is left out",
		"---\nlang: x y\n---\n":                                              "2: lang is no language tag such as en or pt-BR, and is left out",
		"---\na: b\ntitle: [unclosed\n  key: : :\n---\nx":                    "line",
		"---\nx: " + strings.Repeat("y", 300<<10) + "\n---\n":                "1: the frontmatter has 307204 bytes and is left out, but for who may read the note; at most 262144 are read",
		"---\na: b\n---\n\n\n" + strings.Repeat("> ", 200) + "x":             "6: lists and quotes lie more than 100 levels deep; the deepest are shown as text",
		"one\n\ntwo\n" + strings.Repeat("# ", 5000) + "\n":                   "4: a heading is longer than 4096 bytes and is shown as text",
		"---\r\npublish: perhaps\r\n---\r\ntext with Windows line ends\r\n":  "2: publish is neither true nor false, and is taken as false: the note is not shown",
		"\ufeff---\npublish: perhaps\n---\ntext after a byte order mark\r\n": "2: publish is neither true nor false, and is taken as false: the note is not shown",
	} {
		warnings := markdown.Parse("n.md", in).Warnings
		if len(warnings) != 1 {
			t.Errorf("%.40q: warnings %+v", in, warnings)
			continue
		}
		w := warnings[0]
		if want == "line" && w.Line >= 2 && w.Line < 6 && strings.Contains(w.Text, "no valid YAML") {
			continue
		}
		if got := fmt.Sprintf("%d: %s", w.Line, w.Text); got != want || w.Path != "n.md" {
			t.Errorf("%.40q: warning %q, want %q", in, got, want)
		}
	}
}

// TestASlipInFrontmatterShowsNobodyWhatItKeepsBack has typical typos near publish and free, which
// must not make a note visible. The warnings are compared by their beginnings.
func TestASlipInFrontmatterShowsNobodyWhatItKeepsBack(t *testing.T) {
	const (
		open    = "1: the frontmatter is never closed"
		broken  = "1: the frontmatter is no valid YAML"
		keyless = "1: the frontmatter has no keys and values"
		free    = "free is neither true nor false, and is taken as false: the note is for members"
		empty   = " has no value: the note is for members"
		publish = "publish is neither true nor false, and is taken as false: the note is not shown"
	)
	for in, want := range map[string]struct {
		hidden, members, whole bool // whole: all lines are shown
		body                   string
		warnings               []string
	}{
		// The end of a YAML document.
		"---\nfree: false\n...\nsecret":                              {members: true, body: "secret"},
		"---\r\npublish: no\r\n... \r\nsecret":                       {hidden: true, body: "secret"},
		"---\n# mine\n\nfree: false\n...\nsecret\n---\nmore":         {members: true, body: "secret\n---\nmore"},
		"---\n\"free\": false\n...":                                  {members: true},
		"---\ntext: |\n  ...\nfree: false\n---\nsecret":              {members: true, body: "secret"},
		"---\ntitle: a: b\nfree: false # not yet\n...\nsecret":       {members: true, body: "secret", warnings: []string{broken}},
		"---\ntitle: a: b: [\npublish: false\nfree: no\n---\nsecret": {hidden: true, members: true, body: "secret", warnings: []string{broken}},

		// An unclosed frontmatter.
		"---\nfree: false\n\nsecret":                                   {whole: true, members: true, warnings: []string{open}},
		"---\nfree: false":                                             {whole: true, members: true, warnings: []string{open}},
		"---\nfree: false\n----\nsecret":                               {whole: true, members: true, warnings: []string{open}},
		"---\nfree: false\n ---\nsecret":                               {whole: true, members: true, warnings: []string{open, "2: " + free}},
		"---\r\ntitle: x\r\nPublish: 'off'\r\n--\r\nsecret":            {whole: true, hidden: true, warnings: []string{open}},
		"\ufeff---\ntags:\n  - a\n- b\n# mine\nfree: False\nsecret":    {whole: true, members: true, warnings: []string{open}},
		"---\ntitle: x\nfree: flase\n\nsecret":                         {whole: true, members: true, warnings: []string{open, "3: " + free}},
		"---\nfree:\n  false\npublish: # not\n  - no\n\nsecret":        {whole: true, hidden: true, members: true, warnings: []string{open, "4: " + publish}},
		"---\nfree:false\n\nsecret":                                    {whole: true, members: true, warnings: []string{open}},
		"---\ntitle: x\nfree: true\npublish: ~\n\nfree: false as text": {whole: true, members: true, warnings: []string{open, "4: publish" + empty}},
		"---\ntitle: x\nfree: true\n\nsecret":                          {whole: true, warnings: []string{open}},

		// Not a boolean.
		"---\nfree: flase\n---\nsecret":                      {members: true, body: "secret", warnings: []string{"2: " + free}},
		"---\ntitle: x\npublish: 'nope'\n---\nsecret":        {hidden: true, body: "secret", warnings: []string{"3: " + publish}},
		"---\nfree: {a: b}\npublish: [[{}], x]\n---\nsecret": {hidden: true, members: true, body: "secret", warnings: []string{"3: " + publish, "2: " + free}},
		"---\na: &a {b: c}\nfree: *a\n---\nsecret":           {members: true, body: "secret", warnings: []string{"3: " + free}},
		"---\nfree: [true, false]\n---\nsecret":              {members: true, body: "secret", warnings: []string{"2: " + free}},
		"---\nfree: \"\\0\"\n---\nsecret":                    {members: true, body: "secret", warnings: []string{"2: " + free}},
		"---\na: *b\nfree: 'flase'\nfree: x\n---\nsecret":    {members: true, body: "secret", warnings: []string{broken, "3: " + free, "4: " + free}},
		"---\nfree:false\n---\nsecret":                       {whole: true, members: true, warnings: []string{keyless}},
		"---\nfree:\npublish: ''\n---\nsecret":               {members: true, body: "secret", warnings: []string{"3: publish" + empty, "2: free" + empty}},
		"---\nfree: []\npublish: [null, '']\n---\nsecret":    {members: true, body: "secret", warnings: []string{"3: publish" + empty, "2: free" + empty}},
		"---\na: [\nfree:\npublish: Null # yet\n---\nsecret": {members: true, body: "secret", warnings: []string{"3: the frontmatter is no valid YAML", "3: free" + empty, "4: publish" + empty}},
		"---\na: [\nfree: true\npublish: yes\n---\nunsaid":   {body: "unsaid", warnings: []string{"3: the frontmatter is no valid YAML"}},
		"---\n{title: a, free: no\n---\nsecret":              {members: true, body: "secret", warnings: []string{"2: the frontmatter is no valid YAML", "2: the frontmatter seems to say"}},
	} {
		doc := markdown.Parse("n.md", in)
		level := trip2g.Unspecified
		switch {
		case want.hidden:
			level = trip2g.NotShown
		case want.members:
			level = trip2g.ForMembers
		}
		if doc.Access.Level != level {
			t.Errorf("%q: access %+v, want level %d", in, doc.Access, level)
		}
		if want.whole {
			want.body = strings.TrimPrefix(in, "\ufeff")
		}
		if doc.Body != want.body {
			t.Errorf("%q: the text is %q", in, doc.Body)
		}
		if shown := markdown.Address("n.md", in) != ""; shown == want.hidden {
			t.Errorf("%q: has an address: %t", in, shown)
		}
		begins := func(w trip2g.Warning, text string) bool {
			return strings.HasPrefix(fmt.Sprintf("%d: %s", w.Line, w.Text), text)
		}
		if !slices.EqualFunc(doc.Warnings, want.warnings, begins) {
			t.Errorf("%q: warnings %+v", in, doc.Warnings)
		}
	}
}

// TestTextThatOnlyLooksLikeFrontmatterIsShown keeps thematic breaks.
func TestTextThatOnlyLooksLikeFrontmatterIsShown(t *testing.T) {
	for in, want := range map[string]string{
		"---\nJust a sentence.\n---\nmore": "---\nJust a sentence.\n---\nmore",
		"---\nnever closed: true\n":        "---\nnever closed: true\n",
		"text\n---\ntitle: x\n---\n":       "text\n---\ntitle: x\n---\n",
		"----\ntitle: x\n----\n":           "----\ntitle: x\n----\n",
		"---\n\n...\ntext":                 "---\n\n...\ntext",
		"---\nAnd so on\n...\nfree: no":    "---\nAnd so on\n...\nfree: no",
		"---\n# One\n...\ntext":            "---\n# One\n...\ntext",
		"---\n\nfree: false\n":             "---\n\nfree: false\n",
		"---\n- a\n- free: false\n\ntext":  "---\n- a\n- free: false\n\ntext",
		"---\n> free: false\n":             "---\n> free: false\n",
		"---\n---\ntext":                   "text",
		"---":                              "---",
		"---\n":                            "---\n",
		"---\ntitle: x\n---":               "",
		"":                                 "",
	} {
		doc := markdown.Parse("n.md", in)
		if doc.Body != want || doc.Access.Level != trip2g.Unspecified {
			t.Errorf("%q: the text is %q, want %q; access %+v", in, doc.Body, want, doc.Access)
		}
	}
}

// TestBombsInFrontmatterStaySmall has aliases that would expand to 10^9 items, a cycle, and deep
// nesting.
func TestBombsInFrontmatterStaySmall(t *testing.T) {
	bomb := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9)+fmt.Sprintf("*a%d", i))
	}
	doc := markdown.Parse("n.md", "---\n"+bomb+"tags: *a9\naliases: *a1\n---\ntext")
	if len(doc.Tags) > 256 || len(doc.Aliases) != 100 {
		t.Errorf("%d tags, %d aliases", len(doc.Tags), len(doc.Aliases))
	}
	for _, in := range []string{
		"tags: &t [a, *t]",
		"tags: " + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000),
		strings.Repeat("{a: ", 10_000) + strings.Repeat("}", 10_000),
		strings.Repeat("- ", 20_000),
		strings.Repeat("? ", 20_000),
		"<<: *nothing\ntitle: x",
		"a: !!nothing x\n\x00: y",
		"\xff\xfe: \x80",
	} {
		if doc := markdown.Parse("n.md", "---\n"+in+"\n---\ntext"); doc.Body != "text" {
			t.Errorf("%.40q: the text is %.40q", in, doc.Body)
		}
	}
}

// Settings in other notes have no effect.
func TestSettingsAreReadFromTheirNoteAlone(t *testing.T) {
	for in, want := range map[string]trip2g.Settings{
		"": {},
		"title: A site\ndescription: D\nlang: de\nfooter: \"[[about]]\\n© me\"\nstylesheet: '[[style.css]]'\nicon: icon.svg\nimage: p.png\nhard_breaks: yes\nraw_html: true\ngraph: false\nindex: no": {
			Title: "A site", Description: "D", Lang: "de", Footer: "[[about]] © me", Stylesheet: "style.css", Icon: "icon.svg", Image: "p.png",
			HardBreaks: true, RawHTML: true, HideGraph: true, NoIndex: true},
		"title: [A, B]\nhard_breaks: perhaps\nraw_html: {a: b}\ngraph:\nindex: null\nicon: 7\nlang: '<'": {Title: "A", Icon: "7"},
		"stylesheet: https://example.org/a.css\nimage: https://example.org/a.png":                        {Image: "https://example.org/a.png"},
		"- a\n- b":     {},
		"title: [":     {},
		"\x00: \xff\n": {},
	} {
		doc := markdown.Parse(trip2g.SettingsPath, "---\n"+in+"\n---\n")
		if diff := cmp.Diff(&want, doc.Settings); diff != "" {
			t.Errorf("%.80s\n(-want +got):\n%s", in, diff)
		}
		for _, ref := range []string{want.Stylesheet, want.Icon} {
			if ref != "" && !slices.Contains(doc.AssetRefs, ref) {
				t.Errorf("%.80s: no file %s in %q", in, ref, doc.AssetRefs)
			}
		}
	}
	if doc := markdown.Parse("a/_settings.md", "---\nraw_html: true\n---\n"); doc.Settings != nil {
		t.Error("a note elsewhere has settings")
	}
}
