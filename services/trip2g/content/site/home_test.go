package site_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

// homeOf returns the title of the page at "/", "" for a list.
func homeOf(t *testing.T, s trip2g.Site) string {
	t.Helper()
	text := bodyFor(t, s, "/", trip2g.Anonymous)
	if strings.Contains(text, `<ul class="listing">`) {
		return ""
	}
	_, text, _ = strings.Cut(text, "<h1")
	_, text, _ = strings.Cut(text, ">")
	text, _, _ = strings.Cut(text, "</h1>")
	return text
}

func TestTheHomePageIsTheNoteThatItsOwnerMeans(t *testing.T) {
	const settings = "---\nhome: %\n---\n"
	for name, tt := range map[string]struct {
		notes   []string
		setting string
		want    string
	}{
		"a list":                 {[]string{"a.md", "# A"}, "", ""},
		"Home":                   {[]string{"hOmE.md", "# Welcome", "README.md", "# Read", "Garden.md", "# Garden"}, "", "Welcome"},
		"index before Home":      {[]string{"Home.md", "# Welcome", "index.md", "# Start"}, "", "Start"},
		"README":                 {[]string{"README.md", "# Read", "garden.md", "# Garden"}, "", "Read"},
		"like the folder":        {[]string{"garden.md", "# The garden", "a.md", "# A"}, "", "The garden"},
		"Home of a folder":       {[]string{"a/Home.md", "# Welcome"}, "", ""},
		"setting: a path":        {[]string{"Guides/Way in.md", "# Way", "Home.md", "# Home"}, "guides/way in", "Way"},
		"setting: a link":        {[]string{"Guides/Way in.md", "# Way"}, `"[[Guides/Way in|in]]"`, "Way"},
		"setting: a title":       {[]string{"x/y.md", "---\ntitle: Way In\n---\ntext", "Home.md", "# Home"}, "way in", "Way In"},
		"setting before index":   {[]string{"x.md", "# X", "index.md", "# Start"}, "x.md", "X"},
		"setting: a path before": {[]string{"a.md", "# b", "b.md", "# It"}, "b", "It"},
		"setting: no such note":  {[]string{"Home.md", "# Welcome"}, "nothing", "Welcome"},
		"a slug":                 {[]string{"x.md", "---\nslug: /\n---\n# X", "Home.md", "# Home"}, "", "X"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory(tt.notes...)
			m.vaultName = "Garden"
			if tt.setting != "" {
				m.put("_settings.md", strings.Replace(settings, "%", tt.setting, 1))
			}
			s := refresh(t, newFollower(m, 0))
			if got := homeOf(t, s); got != tt.want {
				t.Errorf("the home page is %q, want %q", got, tt.want)
			}
			warned := len(s.Stats().Warnings) > 0
			if warned != (tt.setting == "nothing") {
				t.Errorf("the warnings are %v", s.Stats().Warnings)
			}
		})
	}
}

// TestTheHomePageFollowsWhatIsPublished publishes notes, settings and the folder's name in several
// orders: the home page and all URLs must be those of the same vault loaded at once.
func TestTheHomePageFollowsWhatIsPublished(t *testing.T) {
	m := newMemory("Home.md", "# Welcome\n[[x]]", "x.md", "# X")
	f := newFollower(m, 0)
	for _, step := range []struct {
		do       func()
		home     string
		from, to string // a redirect; to is "" for a page
	}{
		{func() {}, "Welcome", "/home", "/"},
		{func() { m.put("index.md", "# Start") }, "Start", "/home", ""},
		{func() { m.put("_settings.md", "---\nhome: X\n---\n") }, "X", "/x", "/"},
		{func() {}, "X", "/index", ""},
		{func() { m.put("_settings.md", "---\nhome: none\n---\n") }, "Start", "/x", ""},
		{func() { m.remove("index.md") }, "Welcome", "/home", "/"},
		{func() { m.remove("_settings.md"); m.remove("Home.md") }, "", "/x", ""},
		{func() { m.rename("x.md", "Garden.md") }, "", "/garden", ""},
		{func() { m.vaultName = "garden" }, "X", "/garden", "/"},
		{func() { m.put("b.md", "---\nslug: /garden\n---\n# B") }, "X", "/garden", ""},
		{func() { m.put("index.md", "# Start") }, "Start", "/_2", ""},
		{func() { m.remove("b.md") }, "Start", "/garden", ""},
	} {
		step.do()
		s := refresh(t, f)
		whole := refresh(t, newFollower(m, 0))
		if got := homeOf(t, s); got != step.home || homeOf(t, whole) != step.home {
			t.Fatalf("the home page is %q, want %q", got, step.home)
		}
		for _, s := range []trip2g.Site{s, whole} {
			page, found := s.Page(step.from, trip2g.Anonymous)
			if found.URL != step.to || (page == nil) != (step.to != "") {
				t.Fatalf("with %q at home, %s leads to %q, want %q", step.home, step.from, found.URL, step.to)
			}
		}
	}
}

func TestTheSiteNameComesFromSettingsHomePageOrFolder(t *testing.T) {
	for want, tt := range map[string]struct {
		vault string
		notes []string
	}{
		"Untitled site": {"", []string{"a.md", "text"}},
		"My notes":      {"My notes", []string{"Home.md", "# Welcome"}},
		"Start":         {"My notes", []string{"index.md", "# Start"}},
		"Folder":        {"Folder", []string{"index.md", "no heading"}},
		"Chosen":        {"Folder", []string{"index.md", "# Start", "_settings.md", "---\ntitle: Chosen\n---\n"}},
	} {
		m := newMemory(tt.notes...)
		m.vaultName = tt.vault
		s := refresh(t, newFollower(m, 0))
		if s.Name() != want {
			t.Errorf("the site is called %q, want %q", s.Name(), want)
		}
		wantIn(t, bodyFor(t, s, "/", trip2g.Anonymous), `<a class="name" href="/" aria-current="page">`+want+"</a>")
	}
}
