package site_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/render"
)

// TestEveryPageIsCompleteAndObeysTheContentPolicy checks pages of every kind.
func TestEveryPageIsCompleteAndObeysTheContentPolicy(t *testing.T) {
	full := memory(
		"index.md", "---\ntitle: <Site> & \"co\"\nlang: pt-BR\ndescription: a \"d\"\n---\ntext", "f/one.md", "# One\n\n## Two", "f/g/deep.md", "---\ntags: [x, '<y>']\nupdated: 2026-01-31\n---\n",
		"members.md", "---\nfree: false\ntitle: A secret title\n---\n", "<b>.md", "</article></main><script>x</script>",
	)
	pages := map[string]string{
		"start": body(t, full, "/"), "note": body(t, full, "/f/one"), "folder": body(t, full, "/f"), "deep": body(t, full, "/f/g/deep"), "hostile": body(t, full, "/b"),
		"not found": text(full.NotFound("/nothing", trip2g.Anonymous)), "members only": text(full.Withheld(trip2g.Anonymous)), "welcome": string(newFollower(newMemory(), 0).WelcomeFrame(trip2g.WelcomePage{})),
	}
	for name, text := range pages {
		t.Run(name, func(t *testing.T) {
			wantIn(t, text, "<!doctype html>", `<meta charset="utf-8">`, `<meta name="viewport" content="width=device-width, initial-scale=1">`, "<main", "</main>", "Skip to content")
			if strings.Contains(text, "A secret title") {
				t.Error("it tells the title of a members' note")
			}
			counts := map[string]int{}
			z := html.NewTokenizer(strings.NewReader(text))
			for kind := z.Next(); kind != html.ErrorToken; kind = z.Next() {
				if kind != html.StartTagToken {
					continue
				}
				token := z.Token()
				counts[token.Data]++
				if token.Data == "script" && z.Next() != html.EndTagToken {
					t.Error("it has a script of its own")
				}
				for _, a := range token.Attr {
					if a.Key == "style" || strings.HasPrefix(a.Key, "on") || (a.Key == "href" || a.Key == "src") && strings.Contains(strings.TrimPrefix(a.Val, "https://garden.example/"), "//") {
						t.Errorf("it has %s", token)
					}
				}
			}
			for element, want := range map[string]int{"style": 0, "title": 1, "main": 1, "html": 1, "header": 1, "footer": 1, "h1": 1} {
				if counts[element] != want {
					t.Errorf("it has %d <%s>, want %d", counts[element], element, want)
				}
			}
		})
	}
	wantIn(t, pages["start"], `<html lang="pt-BR">`, "<title>&lt;Site&gt; &amp; &#34;co&#34;</title>", `<meta name="description" content="a &#34;d&#34;">`)
	wantIn(t, pages["note"], `<html lang="pt-BR">`, "<title>One – &lt;Site&gt; &amp; &#34;co&#34;</title>", `<h2 id="two">`)
	wantIn(t, pages["deep"], `<a href="/f">f</a>`, `<a href="/f/g">g</a>`, `<time datetime="2026-01-31">31 January 2026</time>`, "#&lt;y&gt;")
	wantIn(t, pages["folder"], `<a href="/f/g">g</a>`, `<a href="/f/one">One</a>`)
}

func TestTheHomePageOfAMembersVaultRevealsNothing(t *testing.T) {
	text := body(t, memory("a/b.md", "---\nfree: false\ntitle: Secret\n---\n"), "/")
	wantIn(t, text, "nothing here that everyone can read")
	if strings.Contains(text, "Secret") || strings.Contains(text, "trip2g push") {
		t.Errorf("it says too much:\n%s", text)
	}
}

// TestStaticFilesAreCachedForever requests the stylesheet of this version, one of another version,
// and an invalid one.
func TestStaticFilesAreCachedForever(t *testing.T) {
	_, rest, _ := strings.Cut(body(t, memory("a.md", "text"), "/"), `<link rel="stylesheet" href="`)
	address, _, _ := strings.Cut(rest, `"`)
	for path, want := range map[string]string{
		address: "200 public, max-age=31536000, immutable",
		render.StaticPrefix + "0123456789abcdef/site.css": "200 no-cache",
		render.StaticPrefix + "0/site.css":                "404 ",
		render.StaticPrefix + "0123456789abcdef/":         "404 ",
		render.StaticPrefix + "0123456789abcdef/../x":     "404 ",
		render.StaticPrefix:                               "404 ",
	} {
		w := httptest.NewRecorder()
		render.StaticHandler().ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Header: http.Header{}})
		got := strconv.Itoa(w.Code) + " " + w.Header().Get("Cache-Control")
		if got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
		if w.Code == 200 && !strings.Contains(w.Header().Get("Content-Type"), "text/css") {
			t.Errorf("%s is %s", path, w.Header().Get("Content-Type"))
		}
	}
}
