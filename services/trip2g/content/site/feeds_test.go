package site_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/markdown"
	"trip2g/services/trip2g/content/site"
)

func TestFeedsHaveTheNewestPublicNotes(t *testing.T) {
	s := refresh(t, newFollower(garden(), 0))
	var feed struct {
		Title, Home string
		URL         string `json:"feed_url"`
		Items       []struct {
			URL, Title string
			Text       string `json:"content_text"`
			Published  string `json:"date_published"`
			Tags       []string
		}
	}
	if err := json.Unmarshal([]byte(body(t, s, "/feed.json")), &feed); err != nil {
		t.Fatal(err)
	}
	first := feed.Items[0]
	if feed.Title != "Garden" || feed.URL != "https://garden.example/feed.json" || len(feed.Items) != 4 || first.URL != "https://garden.example/apple" ||
		first.Text != "Round & sweet. It grows beside the pear." || first.Published != "2026-03-02T00:00:00Z" || len(first.Tags) != 2 {
		t.Errorf("the feed is %+v", feed)
	}
	var rss struct {
		Items []struct {
			Title string `xml:"title"`
			Link  string `xml:"link"`
			Date  string `xml:"pubDate"`
		} `xml:"channel>item"`
	}
	text := body(t, s, "/feed.xml")
	if err := xml.Unmarshal([]byte(text), &rss); err != nil {
		t.Fatal(err)
	}
	if len(rss.Items) != 4 || rss.Items[1].Title != "The pear" || rss.Items[1].Link != "https://garden.example/guides/pear" || rss.Items[1].Date != "Sun, 01 Mar 2026 00:00:00 GMT" {
		t.Errorf("the feed is %s", text)
	}
	page, _ := s.Page("/feed.xml", trip2g.Anonymous)
	if page.ContentType() != "application/rss+xml; charset=utf-8" {
		t.Errorf("it is %s", page.ContentType())
	}
	if bodyFor(t, s, "/feed.xml", trip2g.Member) != text {
		t.Error("a member's feed is another one")
	}
}

func TestPublicPagesAreInTheSitemapWithMetadata(t *testing.T) {
	source := garden()
	f := newFollower(source, 0)
	s := refresh(t, f)
	text := body(t, s, "/sitemap.xml")
	wantIn(t, text, "<loc>https://garden.example/</loc>", "<url><loc>https://garden.example/apple</loc><lastmod>2026-03-04</lastmod></url>")
	if strings.Contains(text, "secret") {
		t.Error("the sitemap tells of a members' note")
	}
	wantIn(t, body(t, s, "/robots.txt"), "Disallow: /_system/\n", "Sitemap: https://garden.example/sitemap.xml")
	apple := body(t, s, "/apple")
	wantIn(t, apple, `<link rel="canonical" href="https://garden.example/apple">`, `<meta property="og:title" content="Apple">`, `<meta property="og:type" content="article">`,
		`<meta property="og:description" content="Round &amp; sweet. It grows beside the pear.">`)
	wantIn(t, body(t, s, "/"), `hreflang="de" href="https://garden.example/start"`, `hreflang="en" href="https://garden.example/"`)
	source.put(trip2g.SettingsPath, "---\nindex: false\n---\n")
	s = refresh(t, f)
	wantIn(t, body(t, s, "/robots.txt"), "User-agent: *\nDisallow: /\n")
	wantIn(t, body(t, s, "/apple"), `<meta name="robots" content="noindex">`)
}

// TestALargeSitemapIsSplit exceeds the protocol's limit for one file.
func TestALargeSitemapIsSplit(t *testing.T) {
	source := newMemory()
	for i := range 50_001 {
		source.add(trip2g.Note{ID: int64(i + 1), Path: fmt.Sprintf("%d.md", i), Hash: "h"}, false)
	}
	s := refresh(t, newFollower(source, 0))
	wantIn(t, body(t, s, "/sitemap.xml"), "<sitemapindex", "https://garden.example/sitemap-1.xml", "https://garden.example/sitemap-2.xml")
	total := 0
	for url, want := range map[string]int{"/sitemap-1.xml": 50_000, "/sitemap-2.xml": 1} {
		n := strings.Count(body(t, s, url), "<url>")
		if n != want {
			t.Errorf("%s has %d pages, want %d", url, n, want)
		}
		total += n
	}
	if page, _ := s.Page("/sitemap-3.xml", trip2g.Anonymous); page != nil || total != 50_001 {
		t.Errorf("there is a third file, or pages are missing: %d", total)
	}
}

func TestWithoutAPublicURLTheSiteUsesRelativeURLs(t *testing.T) {
	f := site.NewFollower(garden(), site.Options{Parse: markdown.Parse, Render: markdown.Render, Log: zerolog.Nop()})
	s := refresh(t, f)
	wantIn(t, body(t, s, "/feed.xml"), "<link>/apple</link>", `isPermaLink="false"`)
	if text := body(t, s, "/apple"); strings.Contains(text, "canonical") || strings.Contains(body(t, s, "/robots.txt"), "Sitemap") {
		t.Error("an address is told that nobody knows")
	}
	if page, _ := s.Page("/sitemap.xml", trip2g.Anonymous); page != nil {
		t.Error("there is a sitemap, whose addresses must be whole")
	}
	wantIn(t, string(s.NotFound("/sitemap.xml", trip2g.Anonymous).Body(trip2g.Identity).Bytes), "set TRIP2G_PUBLIC_URL")
}
