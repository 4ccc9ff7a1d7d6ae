package site_test

import (
	"strings"
	"testing"

	"trip2g/services/trip2g"
)

// Everything around the notes is in the site's language, and follows the setting.
func TestPagesAroundNotesAreInTheLanguageOfTheSite(t *testing.T) {
	m := newMemory(
		"a.md", "---\ntags: [x]\nupdated: 2026-11-30\nlang: fr\n---\n[[b]]",
		"b.md", "---\nfree: false\n---\nfor members",
		"index.md", "[[a]]",
		"_settings.md", "---\nlang: de-AT\n---\n")
	f := newFollower(m, 0)
	s := refresh(t, f)
	wantIn(t, bodyFor(t, s, "/a", trip2g.Anonymous), `<html lang="fr">`, `lang="de">Zum Inhalt springen`,
		`Aktualisiert am <time datetime="2026-11-30">30. November 2026</time>`, `<h2 id="_backlinks" lang="de">Verlinkt von</h2>`, `aria-label="Schlagwörter"`)
	wantIn(t, bodyFor(t, s, "/tags", trip2g.Anonymous), `<h1>Schlagwörter</h1>`)
	wantIn(t, bodyFor(t, s, "/b", trip2g.Member), `<p class="lock">Mitglieder</p>`)
	wantIn(t, bodyFor(t, s, "/b", trip2g.Anonymous), `<h1>Für Mitglieder</h1>`)
	wantIn(t, bodyFor(t, s, "/feed.xml", trip2g.Anonymous), `<description>Die neuesten Notizen von `)
	wantIn(t, string(s.NotFound("/no", trip2g.Anonymous).Body(trip2g.Identity).Bytes), `<html lang="de-AT">`, `<h1>Seite nicht gefunden</h1>`)
	wantIn(t, string(f.SearchFrame(trip2g.SearchPage{Query: "q", Total: 1, Results: []trip2g.SearchResult{{Title: "T", URL: "/t"}}})), `lang="de">`, "1 Seite<")
	wantIn(t, string(f.SearchFrame(trip2g.SearchPage{Query: "q", Err: trip2g.Errorf(trip2g.EUNAVAILABLE, "busy")})), "Die Suche ist im Moment nicht verfügbar.")

	m.put("_settings.md", "---\nlang: uk\n---\n")
	text := bodyFor(t, refresh(t, f), "/a", trip2g.Anonymous)
	wantIn(t, text, `lang="en">Skip to content`, `Updated <time datetime="2026-11-30">30 November 2026</time>`)
	if strings.Contains(text, `lang="de"`) {
		t.Error("a page of a site in another language has German texts")
	}
}

// The server's own pages are in the language that each asks for, whatever the site's is.
func TestAPageOfTheServerIsInItsOwnLanguage(t *testing.T) {
	f := newFollower(newMemory("_settings.md", "---\nlang: de\n---\n"), 0)
	refresh(t, f)
	wantIn(t, string(f.Frame(trip2g.SystemPage{Title: "Keys", Path: "/_system/keys"})), `<html lang="en">`, `lang="en">Skip to content`, `tabindex="-1" lang="en"`)
	wantIn(t, string(f.Frame(trip2g.SystemPage{Title: "Konto", Path: "/_system/account", Lang: "de"})), `<html lang="de">`, `lang="de">Zum Inhalt springen`)
}
