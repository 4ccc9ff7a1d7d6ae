package site_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"trip2g/services/trip2g"
)

func TestRedirectsLeadToTheNotesCurrentURLs(t *testing.T) {
	source := newMemory("a.md", "x", "b.md", "x", "m.md", "---\nfree: false\n---\n")
	source.lead("/old", 1, "")
	source.lead("/secret", 3, "")
	source.lead("/b", 1, "")
	source.lead("/away", 0, "https://example.com/x?y")
	source.lead("/one", 0, "/two")
	source.lead("/two", 0, "/A")
	source.lead("/round", 0, "/about")
	source.lead("/about", 0, "/round")
	source.lead("/nowhere", 0, "/nothing")
	source.lead("/look", 0, "/_system/search")
	f := newFollower(source, 0)
	check := func(want map[string]string) {
		t.Helper()
		s := refresh(t, f)
		for from, want := range want {
			page, found := s.Page(from, trip2g.Anonymous)
			if got := fmt.Sprint(page != nil, " ", found.URL, " ", found.Permanent); got != want {
				t.Errorf("%s is %s, want %s", from, got, want)
			}
		}
	}
	check(map[string]string{
		"/old": "false /a true", "/old/": "false /a true", "/secret": "true  false", "/b": "true  false", "/away": "false https://example.com/x?y true",
		"/one": "false /a false", "/round": "false  false", "/nowhere": "false  false", "/look": "false /_system/search true",
	})
	source.rename("a.md", "new.md")
	source.remove("b.md")
	check(map[string]string{"/old": "false /new true", "/b": "false /new true"})
	if diff := cmp.Diff("/about", refresh(t, f).Redirects()[0].From); diff != "" {
		t.Error(diff)
	}
}
