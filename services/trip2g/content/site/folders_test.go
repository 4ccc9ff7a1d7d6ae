package site_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

func TestAFolderPageCanHaveAnyOfItsNames(t *testing.T) {
	s := memory("README.md", "# Start", "g/README.md", "# G", "h/readme.md", "# R", "h/index.md", "# I", "h/_index.md", "# U", "i/Readme.md", "# R", "i/readme.md", "# R2", "i/sub.md", "---\nslug: readme\n---\n# Taken", "i/index.md", "# I",
		"🌱.md", "# Seedling", "❤️ notes.md", "# Heart")
	for url, want := range map[string]string{
		"/": "Start", "/g": "G", "/h": "I", "/h/readme": "R", "/h_2": "U", "/i": "I", "/i/readme": "Taken", "/i_2": "R", "/i_3": "R2", "/🌱": "Seedling", "/notes": "Heart",
	} {
		wantIn(t, body(t, s, url), "<h1", want+"</h1>")
	}
	if page, found := s.Page("/g/README.md", trip2g.Anonymous); page != nil || found.URL != "/g" {
		t.Errorf("its path leads to %q", found.URL)
	}
}

func TestNumbersInTitlesAreSortedAsNumbers(t *testing.T) {
	s := refresh(t, newFollower(newMemory("f/Note 10.md", "", "f/Note 2.md", "", "f/note 1.md", ""), 0))
	page := bodyFor(t, s, "/f", trip2g.Anonymous)
	page = page[strings.Index(page, "<main"):]
	one, two, ten := strings.Index(page, "note 1<"), strings.Index(page, "Note 2<"), strings.Index(page, "Note 10<")
	if one < 0 || one > two || two > ten {
		t.Errorf("note 1, Note 2 and Note 10 are at %d, %d, %d of %s", one, two, ten, page)
	}
}
