package site_test

import (
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
	"trip2g/services/trip2g/content/site/render"
)

func TestSettingsApplyToAllPagesAtOnce(t *testing.T) {
	source := newMemory("index.md", "---\ntitle: Start\n---\nx", "a.md", "x", "members.md", "---\nfree: false\n---\n")
	f := newFollower(source, 0)
	wantIn(t, body(t, refresh(t, f), "/a"), "<title>a – Start</title>")
	source.put(trip2g.SettingsPath, "---\ntitle: My site\nlang: fr\nstylesheet: theme/my.css\nicon: i.png\nimage: p.png\nfooter: 'By [me](a.md)'\ngraph: false\n---\n",
		trip2g.NoteAsset{Ref: "theme/my.css", AbsolutePath: "theme/my.css", Hash: "h1"},
		trip2g.NoteAsset{Ref: "i.png", AbsolutePath: "i.png", Hash: "h2"},
		trip2g.NoteAsset{Ref: "p.png", AbsolutePath: "p.png", Hash: "h3"})
	s := refresh(t, f)
	text := body(t, s, "/a")
	wantIn(t, text, "<title>a – My site</title>", `<html lang="fr"`, `href="/_system/assets/h1/my.css"`, `<link rel="icon" href="/_system/assets/h2/i.png"`,
		`content="https://garden.example/_system/assets/h3/p.png"`, `By <a href="/a">me</a>`)
	if strings.Contains(text, "data-graph") {
		t.Error("there is a graph all the same")
	}
	if page, _ := s.Page("/_system/graph/a", trip2g.Owner); page != nil {
		t.Error("the graph can be had all the same")
	}
	if _, public, ok := s.Asset("h1"); !public || !ok {
		t.Error("the stylesheet is not for all")
	}
	if page, found := s.Page("/favicon.ico", trip2g.Anonymous); page != nil || found != (trip2g.Location{URL: "/_system/assets/h2/i.png"}) {
		t.Errorf("a browser that looks for an icon is led to %+v", found)
	}
	if s.Settings().Title != "My site" {
		t.Errorf("they are %+v", s.Settings())
	}
	source.remove(trip2g.SettingsPath)
	s = refresh(t, f)
	wantIn(t, body(t, s, "/a"), "<title>a – Start</title>", "data-graph")
	if _, _, ok := s.Asset("h1"); ok {
		t.Error("the stylesheet is still served")
	}
	if page, found := s.Page("/favicon.ico", trip2g.Anonymous); page != nil || found != (trip2g.Location{URL: render.StaticURL("icon.svg")}) {
		t.Errorf("without an icon of the owner's a browser is led to %+v", found)
	}
	source.put("f.md", "---\nslug: favicon.ico\ncontent_type: text/plain\n---\nMine")
	if page, _ := refresh(t, f).Page("/favicon.ico", trip2g.Owner); page == nil {
		t.Error("the owner's own page is not found there")
	}
}

// TestPagesContainTheLeadersPublicURL covers replicas, whose own URL differs.
func TestPagesContainTheLeadersPublicURL(t *testing.T) {
	db := openDB(t)
	push(t, db, "note.md", "A note")
	f := site.NewFollower(db, site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop()})
	if page := body(t, refresh(t, f), "/note"); strings.Contains(page, "canonical") {
		t.Errorf("without an address a page names one: %s", page)
	}
	for _, address := range []string{"https://one.example", "https://two.example"} {
		if err := db.SetPublicURL(t.Context(), address); err != nil {
			t.Fatal(err)
		}
		s := refresh(t, f)
		wantIn(t, body(t, s, "/note"), `<link rel="canonical" href="`+address+`/note">`)
		wantIn(t, body(t, s, "/sitemap.xml"), "<loc>"+address+"/note</loc>")
	}
}
