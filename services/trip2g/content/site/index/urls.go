package index

import (
	"cmp"
	"fmt"
	"path"
	"strconv"
	"strings"

	"trip2g/services/trip2g"
)

// urlClaim is the URL that a note wants. Of several claims to a URL, the first in this order wins:
// the better folder page rank, the earlier publication, so that a new note takes no URL from an
// older one, then the path in byte order.
type urlClaim struct {
	url         string
	rank        int   // twice trip2g.FolderPageRank, or a rank of homeRule
	since       int64 // first publication (Unix milliseconds)
	path        string
	id          int64
	fallbackURL string // used if the claim loses; "": a number is appended
	byHomeRule  bool   // from homeRule, not from the note's path
}

func compareURLClaims(a, b urlClaim) int {
	if c := strings.Compare(a.url, b.url); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.since, b.since), strings.Compare(a.path, b.path), cmp.Compare(a.id, b.id))
}

// location is the URL of a note. holder is the path of the note that has the URL it claimed, "" if
// it has that URL itself.
type location struct{ URL, holder string }

// assignURLs assigns a URL to each claim on url: the first claim gets url; another one gets its
// fallback URL if no note claims it, or else the first of "_2", "_3", … that no note claims. Claims
// on two URLs never collide, because the part before the number or the fallback segment is the URL.
func (b *Builder) assignURLs(url string, locations map[int64]location) {
	holder, byHomeRule, number := "", false, 2
	fallbacks := make(map[string]bool)
	for c := range b.urlClaims.From(urlClaim{url: url, rank: rankHomePath}) {
		if c.url != url {
			return
		}
		if holder == "" {
			holder, byHomeRule = c.path, c.byHomeRule
			locations[c.id] = location{URL: url}
			continue
		}
		if c.fallbackURL != "" && !fallbacks[c.fallbackURL] && !b.isClaimed(c.fallbackURL) {
			fallbacks[c.fallbackURL] = true
			locations[c.id] = location{c.fallbackURL, holder}
			if c.byHomeRule || byHomeRule {
				locations[c.id] = location{URL: c.fallbackURL} // intended by the owner: no warning
			}
			continue
		}
		for b.isClaimed(numberedURL(url, number)) {
			number++
		}
		locations[c.id] = location{numberedURL(url, number), holder}
		number++
	}
}

func (b *Builder) isClaimed(url string) bool {
	first, ok := b.urlClaims.First(urlClaim{url: url, rank: rankHomePath})
	return ok && first.url == url
}

func numberedURL(url string, number int) string { return url + "_" + strconv.Itoa(number) }

// claimedVia returns the URL whose losing claims can end up at url.
func claimedVia(url string) (string, bool) {
	if path.Base(url) == readmeSegment {
		return path.Dir(url), true
	}
	i := strings.LastIndexByte(url, '_')
	if i < 0 {
		return "", false
	}
	_, err := strconv.Atoi(url[i+1:])
	return url[:i], err == nil
}

// urlClashWarning returns the warning for a note that lost its URL to another note.
func urlClashWarning(e *Entry) (string, bool) {
	if e.holder == "" {
		return "", false
	}
	wanted, _ := e.Doc.Address(e.Path)
	return fmt.Sprintf("wants the address %s, which %s has; it is at %s", wanted, e.holder, e.URL), true
}

// slugWarning returns the warning for a slug that is ignored.
func slugWarning(e *Entry) (string, bool) {
	if e.Doc.Slug == "" {
		return "", false
	}
	url, _ := trip2g.NoteURL(e.Path, e.Doc.Slug)
	if e.Doc.MayHave(url) {
		return "", false
	}
	text := fmt.Sprintf("the slug makes the address %s, which is the server's own; the slug is left out", url)
	if trip2g.IsServerFile(url) {
		text += "; to serve the note there as it is written, set its content_type, for example text/plain"
	}
	return text, true
}

// canonicalURL returns the URL for a path in the vault or an inexact URL: other letter case,
// trailing slash, ".md".
func canonicalURL(urlPath string) (string, bool) {
	p := strings.Trim(path.Clean("/"+urlPath), "/")
	if ending := path.Ext(p); strings.EqualFold(ending, ".md") || strings.EqualFold(ending, ".html") {
		p = strings.TrimSuffix(p, ending)
	}
	if p == "" {
		return "/", true
	}
	return trip2g.NoteURL(p+".md", "")
}

// otherURL is a URL that redirects to a page.
type otherURL struct {
	from      string
	permalink bool // from the note's frontmatter; the page's own URL takes precedence
	url       string
}

func compareOtherURLs(a, b otherURL) int {
	if c := strings.Compare(a.from, b.from); c != 0 {
		return c
	}
	if a.permalink != b.permalink {
		if b.permalink {
			return -1
		}
		return 1
	}
	return strings.Compare(a.url, b.url)
}

// otherURLsOf returns the URLs that redirect to e.
func otherURLsOf(e *Entry) []otherURL {
	var list []otherURL
	for i, other := range [...]string{e.Path, e.URL} {
		key, ok := canonicalURL(other)
		if ok && key != e.URL && (i == 0 || len(list) == 0 || list[0].from != key) {
			list = append(list, otherURL{from: key, url: e.URL})
		}
	}
	if e.Doc.Permalink != "" {
		list = append(list, otherURL{trip2g.CleanURLPath(e.Doc.Permalink), true, e.URL})
	}
	return list
}

// redirectFrom returns the only page that a URL redirects to, "" if it is ambiguous.
func (x *Index) redirectFrom(from string) string {
	var found otherURL
	for r := range x.otherURLs.From(otherURL{from: from}) {
		if r.from != from || found.url != "" && r.permalink != found.permalink {
			break
		}
		if found.url != "" {
			return ""
		}
		found = r
	}
	return found.url
}

// RedirectTarget returns the page that an inexact URL path means, "" if it is ambiguous.
func (s Scope) RedirectTarget(urlPath string) string {
	if len(urlPath) > 2*trip2g.MaxPathLength || strings.Contains(urlPath, "//") {
		return "" // notes have no empty segments
	}
	clean := trip2g.CleanURLPath(urlPath)
	if clean != urlPath && s.isPage(clean) {
		return clean
	}
	if url := s.redirectFrom(clean); url != "" {
		return url
	}
	if strings.HasPrefix(clean, trip2g.TagsURL+"/") {
		if url := trip2g.TagURL(clean[len(trip2g.TagsURL):]); url != urlPath && s.View().TagAt(url) != nil {
			return url
		}
	}
	key, ok := canonicalURL(clean)
	if !ok || key == urlPath {
		return ""
	}
	if s.isPage(key) {
		return key
	}
	return s.redirectFrom(key)
}
