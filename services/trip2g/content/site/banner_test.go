package site_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

func TestTheOwnerIsToldWhileNothingIsPublic(t *testing.T) {
	m := newMemory("a.md", "text", "b.md", "---\nsubgraph: g\n---\n")
	m.access = trip2g.AccessNotChosen
	f := newFollower(m, 0)
	const banner = "nothing is public yet"
	told := func(reader trip2g.Visitor) (count int) {
		s := refresh(t, f)
		for _, page := range []string{bodyFor(t, s, "/", reader), text(s.NotFound("/x", reader)), string(f.Frame(trip2g.SystemPage{Title: "T", Path: "/_system/keys", Visitor: reader}))} {
			count += strings.Count(page, banner)
		}
		return count
	}
	if owner, member, guest := told(trip2g.Owner), told(trip2g.Member), told(trip2g.Anonymous); owner != 3 || member != 0 || guest != 0 {
		t.Errorf("of 3 pages each the owner is told on %d, a member on %d, a guest on %d", owner, member, guest)
	}
	for _, step := range []struct {
		what   string
		change func()
		pages  int
	}{
		{"a public note", func() { m.put("c.md", "---\nfree: true\n---\n") }, 0},
		{"that note is gone", func() { m.remove("c.md") }, 3},
		{"everyone", func() { m.setAccess(trip2g.AccessEveryone) }, 0},
		{"members, chosen", func() { m.setAccess(trip2g.AccessMembers) }, 3},
	} {
		step.change()
		if n := told(trip2g.Owner); n != step.pages {
			t.Errorf("%s: the owner is told that nothing is public on %d pages, want %d", step.what, n, step.pages)
		}
	}
}
