package i18n_test

import (
	"html/template"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g/i18n"
)

func TestASiteIsInItsLanguageOrInEnglish(t *testing.T) {
	for tag, want := range map[string]string{
		"de": "de", "de-AT": "de", "DE": "de", "en": "en", "en-GB": "en", "fr": "en", "zh-Hans": "en", "": "en", "no language": "en",
	} {
		if got := i18n.ForSite(tag).Tag(); got != want {
			t.Errorf("a site in %q is in %q, want %q", tag, got, want)
		}
	}
}

func TestAPageIsInTheLanguageThatTheBrowserPrefers(t *testing.T) {
	german := i18n.ForSite("de")
	for _, tt := range []struct {
		header   string
		fallback *i18n.Language
		want     string
	}{
		{"de-CH,de;q=0.9,en;q=0.5", i18n.English, "de"},
		{"en-US,en;q=0.9,de;q=0.5", german, "en"},
		{"en;q=0.1,de;q=0.9", i18n.English, "de"},
		{"fr,de;q=0.2", i18n.English, "de"},
		{"de;q=0,en", german, "en"},
		{"fr", german, "de"},
		{"fr", i18n.English, "en"},
		{"", german, "de"},
		{"*", german, "de"},
		{";;q=", german, "de"},
		{strings.Repeat("x-", 5000), german, "de"},
	} {
		if got := i18n.ForRequest(tt.header, tt.fallback).Tag(); got != tt.want {
			t.Errorf("Accept-Language %.40q, else %q: %q, want %q", tt.header, tt.fallback.Tag(), got, tt.want)
		}
	}
}

func TestTextHasItsValuesAndPlural(t *testing.T) {
	german := i18n.ForSite("de")
	for want, got := range map[string]string{
		"1 page":                             i18n.English.Text("search.found", "Count", 1),
		"0 pages":                            i18n.English.Text("search.found", "Count", 0),
		"1 Seite":                            german.Text("search.found", "Count", 1),
		"12 Seiten":                          german.Text("search.found", "Count", 12),
		"Notizen mit #a<b":                   german.Text("note.tagged", "Tag", "a<b"),
		"Zum Inhalt springen":                german.Text("page.skip"),
		"Die neuesten Notizen von {{.Site}}": german.Text("feed.newest", "Site", "{{.Site}}"),
	} {
		if got != want {
			t.Errorf("the text is %q, want %q", got, want)
		}
	}
}

func TestAValueInHTMLIsEscaped(t *testing.T) {
	if got, want := i18n.English.HTML("welcome.on_leader_html", "Node", "<b>"), template.HTML("Leader <strong>&lt;b&gt;</strong>"); got != want {
		t.Errorf("HTML is %q, want %q", got, want)
	}
	if got, want := i18n.English.HTML("note.updated_html", "Date", template.HTML("<time>x</time>")), template.HTML("Updated <time>x</time>"); got != want {
		t.Errorf("HTML is %q, want %q", got, want)
	}
}

func TestADateIsWrittenAsItsLanguageDoes(t *testing.T) {
	at := time.Date(2026, time.March, 1, 1, 5, 0, 0, time.FixedZone("", 2*60*60))
	german := i18n.ForSite("de")
	for want, got := range map[string]string{
		"1 March 2026":                    i18n.English.Date(at),
		"1. März 2026":                    german.Date(at),
		"28 February 2026, 23:05 UTC":     i18n.English.Time(at),
		"28. Februar 2026, 23:05 Uhr UTC": german.Time(at),
	} {
		if got != want {
			t.Errorf("the date is %q, want %q", got, want)
		}
	}
}

func TestATemplateShowsTextDatesAndLanguage(t *testing.T) {
	const text = `<p lang="{{lang}}" title="{{t "note.tagged" "Tag" "\"x"}}">{{t "note.updated_html" "Date" (date .)}}, {{timeTag .}}, {{time .}}</p>`
	page := template.Must(template.New("").Funcs(i18n.ForSite("de").Funcs()).Parse(text))
	var out strings.Builder
	if err := page.Execute(&out, time.Date(2026, time.November, 30, 20, 15, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	const want = `<p lang="de" title="Notizen mit #&#34;x">Aktualisiert am <time datetime="2026-11-30">30. November 2026</time>, ` +
		`<time datetime="2026-11-30T20:15:00Z">30. November 2026, 20:15 Uhr UTC</time>, 30. November 2026, 20:15 Uhr UTC</p>`
	if got := out.String(); got != want {
		t.Errorf("the template is\n%s, want\n%s", got, want)
	}
}
