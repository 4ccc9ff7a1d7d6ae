package site

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"trip2g/services/trip2g"
)

// The feeds and what search engines ask for.
const (
	rssURL      = "/feed.xml"
	jsonFeedURL = "/feed.json"
	sitemapURL  = "/sitemap.xml"
	robotsURL   = "/robots.txt"
)

// Bounds of a feed: its notes, the newest, and what it has of each one's text, in characters.
const (
	maxFeed    = 50
	maxSummary = 500
)

// sitemapSize is how many addresses one file of a sitemap may have (https://www.sitemaps.org/protocol.html).
const sitemapSize = 50_000

// dated is a page that everybody can read by when it was written, in Unix seconds.
type dated struct {
	written int64
	url     string
	changed int64 // the day's start: a sitemap says no more
}

func compareDated(a, b dated) int {
	return cmp.Or(cmp.Compare(a.written, b.written), strings.Compare(a.url, b.url))
}

func datedOf(e *entry) []dated {
	if e.access.Level != trip2g.Public || e.doc.ContentType != "" {
		return nil
	}
	return []dated{{e.written().Unix(), e.url, e.changed().UTC().Truncate(24 * time.Hour).Unix()}}
}

// written is when a note was: as it says, else when it came.
func (e *entry) written() time.Time { return firstTime(e.doc.CreatedAt, e.CreatedAt) }

// changed is when it was last: as it says, else when this version was published.
func (e *entry) changed() time.Time { return firstTime(e.doc.UpdatedAt, e.PublishedAt) }

func firstTime(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

// newest lists the notes of a feed. Each feed is the same for all readers: programs ask for it.
func (s scope) newest() []*entry {
	var list []*entry
	for d := range s.dated.last() {
		if list = append(list, at(s.entries, d.url)); len(list) == maxFeed {
			break
		}
	}
	return list
}

func (s scope) digestNewest() digest {
	var texts []string
	for _, e := range s.newest() {
		texts = append(texts, e.url, e.doc.Title, e.Hash, strconv.FormatInt(e.written().Unix(), 10), strconv.FormatInt(e.changed().Unix(), 10))
	}
	return digestOf(texts...)
}

// absolute gives the address of a URL path. Where the site's own is not known, it is relative to the site.
func (s scope) absolute(urlPath string) string { return s.layout.publicURL + escaped(urlPath) }

// feed is a list of the newest notes for feed readers.
type feed struct{ url string }

func (f feed) address() string { return f.url }

func (f feed) contentType() string {
	if f.url == jsonFeedURL {
		return "application/feed+json"
	}
	return "application/rss+xml; charset=utf-8"
}

func (f feed) render(r *reading) []byte {
	r.ask(question{about: newestNotes})
	if f.url == jsonFeedURL {
		return toJSON(r.jsonFeed())
	}
	return toXML(r.rss())
}

// rssFeed is RSS 2.0 (https://www.rssboard.org/rss-specification).
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

func (r *reading) rss() rssFeed {
	channel := rssChannel{
		Title: r.layout.name, Link: r.absolute("/"), Language: r.layout.lang,
		Description: cmp.Or(r.layout.settings.Description, "The newest notes of "+r.layout.name),
	}
	if r.layout.publicURL != "" {
		channel.Self = &atomLink{r.absolute(rssURL), "self", "application/rss+xml"}
	}
	for _, e := range r.newest() {
		i := rssItem{Title: e.doc.Title, Link: r.absolute(e.url), Description: r.summary(e), Categories: e.doc.Tags}
		i.GUID = rssGUID{r.layout.publicURL != "", i.Link}
		if t := e.written(); !t.IsZero() {
			i.Date = t.UTC().Format(http.TimeFormat)
		}
		channel.Items = append(channel.Items, i)
	}
	return rssFeed{Version: "2.0", Atom: "http://www.w3.org/2005/Atom", Channel: channel}
}

// summary is what a feed shows of a note. Most of a feed's notes are those of the last one.
func (r *reading) summary(e *entry) string {
	if e.doc.Description != "" {
		return e.doc.Description
	}
	summary, known := r.bodies.summaries.Get(e.doc)
	if !known {
		summary = r.excerpt(e, maxSummary)
		r.bodies.summaries.Add(e.doc, summary)
	}
	return summary
}

// keptSummaries is of how many notes they are kept: of more than a feed has.
const keptSummaries = 2 * maxFeed

// newSummaries keeps what feeds show of notes, those that were shown last.
func newSummaries() *lru.Cache[*trip2g.Document, string] {
	kept, err := lru.New[*trip2g.Document, string](keptSummaries)
	if err != nil {
		panic(err) // the size is positive
	}
	return kept
}

// jsonFeed is a JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/).
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

func (r *reading) jsonFeed() jsonFeed {
	f := jsonFeed{
		Version: "https://jsonfeed.org/version/1.1", Title: r.layout.name, HomePage: r.absolute("/"), URL: r.absolute(jsonFeedURL),
		Description: r.layout.settings.Description, Language: r.layout.lang, Items: []jsonFeedItem{},
	}
	for _, e := range r.newest() {
		url := r.absolute(e.url)
		f.Items = append(f.Items, jsonFeedItem{
			ID: url, URL: url, Title: e.doc.Title, Text: r.summary(e), Published: timestamp(e.written()), Modified: timestamp(e.changed()),
			Tags: e.doc.Tags, Language: e.doc.Lang,
		})
	}
	return f
}

// timestamp writes a time by RFC 3339, "" for none.
func timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// sitemap is the file with a number of the sitemap, or for 0 the one at its address.
type sitemap struct{ number int }

func (m sitemap) address() string {
	if m.number == 0 {
		return sitemapURL
	}
	return fmt.Sprintf("/sitemap-%d.xml", m.number)
}

// sitemapAt gives the file of the sitemap at an address: those with numbers are there if one is too short.
func (s scope) sitemapAt(urlPath string) (sitemap, bool) {
	if urlPath == sitemapURL {
		return sitemap{}, true
	}
	if !strings.HasPrefix(urlPath, "/sitemap-") {
		return sitemap{}, false
	}
	for n := range s.sitemapFiles() {
		if m := (sitemap{n + 1}); m.address() == urlPath {
			return m, true
		}
	}
	return sitemap{}, false
}

// sitemapFiles is how many files the sitemap is in, 0 if one is enough.
func (s scope) sitemapFiles() int {
	if n := s.dated.size(); n > sitemapSize {
		return (n + sitemapSize - 1) / sitemapSize
	}
	return 0
}

func (m sitemap) contentType() string { return "application/xml; charset=utf-8" }

type sitemapSet struct {
	XMLName xml.Name     `xml:"urlset"`
	Space   string       `xml:"xmlns,attr"`
	URLs    []sitemapURI `xml:"url"`
}

type sitemapIndex struct {
	XMLName xml.Name     `xml:"sitemapindex"`
	Space   string       `xml:"xmlns,attr"`
	Files   []sitemapURI `xml:"sitemap"`
}

type sitemapURI struct {
	Location string `xml:"loc"`
	Changed  string `xml:"lastmod,omitempty"`
}

const sitemapSpace = "http://www.sitemaps.org/schemas/sitemap/0.9"

func (m sitemap) render(r *reading) []byte {
	r.ask(question{about: allPages})
	files := r.sitemapFiles()
	if m.number == 0 && files > 0 {
		index := sitemapIndex{Space: sitemapSpace}
		for n := range files {
			index.Files = append(index.Files, sitemapURI{Location: r.absolute(sitemap{n + 1}.address())})
		}
		return toXML(index)
	}
	set := sitemapSet{Space: sitemapSpace}
	for d := range r.dated.fromNumber(max(m.number-1, 0) * sitemapSize) {
		if len(set.URLs) == sitemapSize {
			break
		}
		uri := sitemapURI{Location: r.absolute(d.url)}
		if t := time.Unix(d.changed, 0).UTC(); t.Year() > 1 {
			uri.Changed = t.Format(time.DateOnly)
		}
		set.URLs = append(set.URLs, uri)
	}
	return toXML(set)
}

func toXML(v any) []byte {
	text, err := xml.Marshal(v)
	if err != nil {
		panic(err) // texts can always be written
	}
	return append(append([]byte(xml.Header), text...), '\n')
}

// robots is robots.txt (RFC 9309).
type robots struct{}

func (robots) address() string { return robotsURL }

func (robots) contentType() string { return "text/plain; charset=utf-8" }

func (robots) render(r *reading) []byte {
	if r.layout.settings.NoIndex {
		return []byte("User-agent: *\nDisallow: /\n")
	}
	text := "User-agent: *\nAllow: " + systemPrefix + "/static/\nAllow: " + systemPrefix + "/assets/\nDisallow: " + systemPrefix + "/\n"
	if r.layout.publicURL != "" { // its address must be whole
		text += "\nSitemap: " + r.absolute(sitemapURL) + "\n"
	}
	return []byte(text)
}

// published gives the feed, sitemap or rule for robots at an address, nil if there is none.
func (s scope) published(urlPath string) subject {
	if s.Manual != nil {
		return nil
	}
	switch urlPath {
	case rssURL, jsonFeedURL:
		return feed{urlPath}
	case robotsURL:
		return robots{}
	}
	if m, ok := s.sitemapAt(urlPath); ok && s.layout.publicURL != "" { // its addresses must be whole
		return m
	}
	return nil
}

// noSitemap is in the sitemap's place where the site's own address is not known.
type noSitemap struct{}

func (noSitemap) address() string { return "no sitemap" }

func (noSitemap) contentType() string { return htmlType }

func (noSitemap) render(r *reading) []byte {
	v := r.view("No sitemap", place{})
	v.Message, v.Hidden = "A sitemap names whole addresses, and this site does not know its own: set TRIP2G_PUBLIC_URL on the leader.", true
	return execute("notice.html", v)
}
