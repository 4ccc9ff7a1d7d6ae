package render

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"
)

// maxSitemapURLs is the protocol's limit for one file (https://www.sitemaps.org/protocol.html).
const maxSitemapURLs = 50_000

// sitemapPage is a part of the sitemap, counted from 1, or the file at sitemapURL for 0.
type sitemapPage struct{ part int }

func (s sitemapPage) key() string {
	if s.part == 0 {
		return sitemapURL
	}
	return fmt.Sprintf("/sitemap-%d.xml", s.part)
}

// sitemapAt returns the sitemap file at a URL path. Parts exist only if one file is too small.
func (s scopedSite) sitemapAt(urlPath string) (sitemapPage, bool) {
	if urlPath == sitemapURL {
		return sitemapPage{}, true
	}
	if !strings.HasPrefix(urlPath, "/sitemap-") {
		return sitemapPage{}, false
	}
	for n := range s.sitemapParts() {
		if m := (sitemapPage{n + 1}); m.key() == urlPath {
			return m, true
		}
	}
	return sitemapPage{}, false
}

// sitemapParts returns the number of parts of the sitemap, 0 if one file is enough.
func (s scopedSite) sitemapParts() int {
	if n := s.PublicPageCount(); n > maxSitemapURLs {
		return (n + maxSitemapURLs - 1) / maxSitemapURLs
	}
	return 0
}

func (s sitemapPage) contentType() string { return "application/xml; charset=utf-8" }

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

func (s sitemapPage) render(r *renderContext) []byte {
	r.lookup(dep{kind: depSitemap})
	files := r.sitemapParts()
	if s.part == 0 && files > 0 {
		index := sitemapIndex{Space: sitemapSpace}
		for n := range files {
			index.Files = append(index.Files, sitemapURI{Location: r.absoluteURL(sitemapPage{n + 1}.key())})
		}
		return marshalXML(index)
	}
	urls := sitemapSet{Space: sitemapSpace}
	for d := range r.PublicPages(max(s.part-1, 0) * maxSitemapURLs) {
		if len(urls.URLs) == maxSitemapURLs {
			break
		}
		uri := sitemapURI{Location: r.absoluteURL(d.URL)}
		if t := time.Unix(d.Changed, 0).UTC(); t.Year() > 1 {
			uri.Changed = t.Format(time.DateOnly)
		}
		urls.URLs = append(urls.URLs, uri)
	}
	return marshalXML(urls)
}
