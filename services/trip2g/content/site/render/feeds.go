package render

import (
	"cmp"
	"encoding/xml"
	"net/http"
	"time"

	"trip2g/services/trip2g/content/site/index"

	lru "github.com/hashicorp/golang-lru/v2"

	"trip2g/services/trip2g"
)

// URL paths of feeds, sitemap and robots.txt.
const (
	rssURL      = "/feed.xml"
	jsonFeedURL = "/feed.json"
	sitemapURL  = "/sitemap.xml"
	robotsURL   = "/robots.txt"
)

// Bounds of a feed: notes, and characters of a summary.
const (
	maxFeedItems = 50
	maxSummary   = 500
)

// absoluteURL returns the absolute URL of a path, or the path if the site's base URL is unknown.
func (s scopedSite) absoluteURL(urlPath string) string {
	return s.Layout.PublicURL + escapeURL(urlPath)
}

// feedPage is a feed of the newest notes.
type feedPage struct{ url string }

func (f feedPage) key() string { return f.url }

func (f feedPage) contentType() string {
	if f.url == jsonFeedURL {
		return "application/feed+json"
	}
	return "application/rss+xml; charset=utf-8"
}

func (f feedPage) render(r *renderContext) []byte {
	r.lookup(dep{kind: depFeed})
	if f.url == jsonFeedURL {
		return marshalJSON(r.jsonFeed())
	}
	return marshalXML(r.rss())
}

// rssFeed is an RSS 2.0 document (https://www.rssboard.org/rss-specification).
type rssFeed struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Atom    string     `xml:"xmlns:atom,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Self        *atomLink `xml:"atom:link"`
	Items       []rssItem `xml:"item"`
}

type atomLink struct {
	Href string `xml:"href,attr"`
	Rel  string `xml:"rel,attr"`
	Type string `xml:"type,attr"`
}

type rssItem struct {
	Title       string   `xml:"title"`
	Link        string   `xml:"link"`
	GUID        rssGUID  `xml:"guid"`
	Date        string   `xml:"pubDate,omitempty"`
	Description string   `xml:"description,omitempty"`
	Categories  []string `xml:"category"`
}

type rssGUID struct {
	Permanent bool   `xml:"isPermaLink,attr"`
	URL       string `xml:",chardata"`
}

func (r *renderContext) rss() rssFeed {
	channel := rssChannel{
		Title: r.Layout.Name, Link: r.absoluteURL("/"), Language: r.Layout.Lang,
		Description: cmp.Or(r.Layout.Settings.Description, r.texts.Text("feed.newest", "Site", r.Layout.Name)),
	}
	if r.Layout.PublicURL != "" {
		channel.Self = &atomLink{r.absoluteURL(rssURL), "self", "application/rss+xml"}
	}
	for _, e := range r.NewestNotes(maxFeedItems) {
		i := rssItem{Title: e.Doc.Title, Link: r.absoluteURL(e.URL), Description: r.summary(e), Categories: e.Doc.Tags}
		i.GUID = rssGUID{r.Layout.PublicURL != "", i.Link}
		if t := e.Written(); !t.IsZero() {
			i.Date = t.UTC().Format(http.TimeFormat)
		}
		channel.Items = append(channel.Items, i)
	}
	return rssFeed{Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Channel: channel}
}

// summary returns the text of a note in feeds. It is cached, because most notes of a feed were in
// the previous one.
func (r *renderContext) summary(e *index.Entry) string {
	if e.Doc.Description != "" {
		return e.Doc.Description
	}
	summary, known := r.cache.summaries.Get(e.Doc)
	if !known {
		summary = r.excerpt(e, maxSummary)
		r.cache.summaries.Add(e.Doc, summary)
	}
	return summary
}

// maxSummaries bounds the cached summaries.
const maxSummaries = 2 * maxFeedItems

func newSummaryCache() *lru.Cache[*trip2g.Document, string] {
	cache, err := lru.New[*trip2g.Document, string](maxSummaries)
	if err != nil {
		panic(err) // the size is positive
	}
	return cache
}

// jsonFeed is a JSON Feed 1.1 document (https://www.jsonfeed.org/version/1.1/).
type jsonFeed struct {
	Version     string         `json:"version"`
	Title       string         `json:"title"`
	HomePage    string         `json:"home_page_url"`
	URL         string         `json:"feed_url"`
	Description string         `json:"description,omitempty"`
	Language    string         `json:"language,omitempty"`
	Items       []jsonFeedItem `json:"items"`
}

type jsonFeedItem struct {
	ID        string   `json:"id"`
	URL       string   `json:"url"`
	Title     string   `json:"title"`
	Text      string   `json:"content_text"`
	Published string   `json:"date_published,omitempty"`
	Modified  string   `json:"date_modified,omitempty"`
	Tags      []string `json:"tags,omitempty"`
	Language  string   `json:"language,omitempty"`
}

func (r *renderContext) jsonFeed() jsonFeed {
	f := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: r.Layout.Name, HomePage: r.absoluteURL("/"), URL: r.absoluteURL(jsonFeedURL),
		Description: r.Layout.Settings.Description, Language: r.Layout.Lang, Items: []jsonFeedItem{},
	}
	for _, e := range r.NewestNotes(maxFeedItems) {
		url := r.absoluteURL(e.URL)
		f.Items = append(f.Items, jsonFeedItem{
			ID: url, URL: url, Title: e.Doc.Title, Text: r.summary(e), Published: timestamp(e.Written()), Modified: timestamp(e.Changed()),
			Tags: e.Doc.Tags, Language: e.Doc.Lang,
		})
	}
	return f
}

// timestamp formats t as RFC 3339, "" if it is zero.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// robotsPage is robots.txt (RFC 9309).
type robotsPage struct{}

func (robotsPage) key() string { return robotsURL }

func (robotsPage) contentType() string { return "text/plain; charset=utf-8" }

func (robotsPage) render(r *renderContext) []byte {
	if r.Layout.Settings.NoIndex {
		return []byte("User-agent: *\nDisallow: /\n")
	}
	text := "User-agent: *\nAllow: " + systemPrefix + "/static/\nAllow: " + systemPrefix + "/assets/\nDisallow: " + systemPrefix + "/\n"
	if r.Layout.PublicURL != "" { // must be absolute
		text += "\nSitemap: " + r.absoluteURL(sitemapURL) + "\n"
	}
	return []byte(text)
}

// feedAt returns the feed, sitemap or robots.txt at a URL path, nil if there is none.
func (s scopedSite) feedAt(urlPath string) resource {
	if s.Manual != nil {
		return nil
	}
	switch urlPath {
	case rssURL, jsonFeedURL:
		return feedPage{urlPath}
	case robotsURL:
		return robotsPage{}
	}
	if m, ok := s.sitemapAt(urlPath); ok && s.Layout.PublicURL != "" { // URLs must be absolute
		return m
	}
	return nil
}

func marshalXML(v any) []byte {
	text, err := xml.Marshal(v)
	if err != nil {
		panic(err) // texts can always be written
	}
	return append(append([]byte(xml.Header), text...), '\n')
}
