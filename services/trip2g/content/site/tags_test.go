package site_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

func TestATagsPageListsItsNotesAndThoseBelow(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	for _, tt := range []struct {
		url    string
		reader trip2g.Visitor
		want   string
	}{
		{"/tags", trip2g.Anonymous, "#Food 2, #fruit 2"},
		{"/tags", trip2g.Member, "#Food 2, #fruit 3"},
		{"/tags/fruit", trip2g.Anonymous, "#fruit/red 1; Apple, The pear"},
		{"/tags/fruit", trip2g.Owner, "#fruit/hidden 1, #fruit/red 1; Apple, Secret, The pear"},
		{"/tags/fruit/red", trip2g.Anonymous, "; Apple"},
		{"/tags/food", trip2g.Anonymous, "; Apple, The pear"},
	} {
		_, text, _ := strings.Cut(bodyFor(t, s, tt.url, tt.reader), "<main")
		text, _, _ = strings.Cut(text, "</main>")
		tags, notes, _ := strings.Cut(text, `<ul class="listing">`)
		if !strings.Contains(text, "listing") {
			notes = ""
		}
		got := strings.Join(texts(tags[strings.Index(tags, "</h1>"):]), ", ")
		if list := texts(notes); len(list) > 0 {
			got += "; " + strings.Join(list, ", ")
		}
		if got != tt.want {
			t.Errorf("%s lists %q for %v, want %q", tt.url, got, tt.reader, tt.want)
		}
	}
	for from, want := range map[string]string{"/tags/Fruit/Red": "/tags/fruit/red", "/tags/fruit/": "/tags/fruit", "/tags/fruit/hidden": "", "/tags/none": ""} {
		if page, found := s.Page(from, trip2g.Anonymous); page != nil || found.URL != want {
			t.Errorf("%s leads to %q, want %q", from, found.URL, want)
		}
	}
	if page, _ := memory("a.md", "text").Page("/tags", trip2g.Anonymous); page != nil {
		t.Error("a vault without tags lists them")
	}
}

// TestANoteAtTheURLOfATagKeepsItsList has a vault with notes about its tags, such as Tags/fruit.md.
func TestANoteAtTheURLOfATagKeepsItsList(t *testing.T) {
	m := newMemory("apple.md", "sweet #fruit", "fig.md", "#fruit/blue", "Tags/fruit.md", "# Fruit\nabout fruit", "Tags/nut/walnut.md", "a walnut", "hazel.md", "#nut")
	f := newFollower(m, 0)
	s := refresh(t, f)
	wantIn(t, bodyFor(t, s, "/tags/fruit", trip2g.Anonymous), "about fruit", "Notes with #fruit", `<a href="/apple">`, `<a href="/fig">`, `<a href="/tags/fruit/blue">`)
	wantIn(t, bodyFor(t, s, "/tags/nut", trip2g.Anonymous), `<a href="/tags/nut/walnut">`, `<a href="/hazel">`)
	wantIn(t, bodyFor(t, s, "/tags", trip2g.Anonymous), `<a href="/tags/fruit">#fruit`, `<a href="/tags/nut">#nut`)

	m.put("pear.md", "#fruit")
	m.remove("apple.md")
	text := bodyFor(t, refresh(t, f), "/tags/fruit", trip2g.Anonymous)
	if wantIn(t, text, `<a href="/pear">`); strings.Contains(text, "apple") {
		t.Error("the page lists a note that is gone")
	}

	m.put("Tags/fruit.md", "---\nfree: false\n---\nabout fruit")
	s = refresh(t, f)
	text = bodyFor(t, s, "/tags/fruit", trip2g.Anonymous)
	if wantIn(t, text, `<a href="/pear">`); strings.Contains(text, "about fruit") {
		t.Error("a guest reads what is for members")
	}
	wantIn(t, bodyFor(t, s, "/tags/fruit", trip2g.Member), "about fruit", `<a href="/pear">`)
}
