package site

import (
	"cmp"
	"fmt"
	"path"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
)

// systemPrefix starts the addresses that the server has for itself.
const systemPrefix = "/_system"

// claim is the address that a note wants. Of the claims to one address the first has it: that of an
// index before those of other names for a folder's page, then that of the note that was published first, so
// that one which comes later takes nobody's address, then the first path in byte order.
type claim struct {
	url   string
	rank  int   // twice trip2g.FolderPageRank, or one of homeRule
	since int64 // when the note was first published (Unix milliseconds)
	path  string
	id    int64
	own   string // where the note is if another one has url; "": a number tells them apart
	home  bool   // homeRule makes the claim, not the note's path
}

func compareClaims(a, b claim) int {
	if c := strings.Compare(a.url, b.url); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.since, b.since), strings.Compare(a.path, b.path), cmp.Compare(a.id, b.id))
}

// location is where a note is. holder is the path of the note that has what this one wants, "" if it
// has that itself.
type location struct{ url, holder string }

// assign gives each claim to a URL its address: the first has the URL, one with an address of its own has
// that if no note wants it, and each other one the first of "_2", "_3", ... that no note wants for itself.
// Claims to two URLs never meet there, because what is before the number or the name is the URL.
func (c *catalog) assign(url string, to map[int64]location) {
	holder, chosen, number := "", false, 2
	owned := make(map[string]bool)
	for claim := range c.claims.from(claim{url: url, rank: homeByPath}) {
		if claim.url != url {
			return
		}
		if holder == "" {
			holder, chosen = claim.path, claim.home
			to[claim.id] = location{url: url}
			continue
		}
		if claim.own != "" && !owned[claim.own] && !c.isClaimed(claim.own) {
			owned[claim.own] = true
			to[claim.id] = location{claim.own, holder}
			if claim.home || chosen {
				to[claim.id] = location{url: claim.own} // as its owner means it
			}
			continue
		}
		for c.isClaimed(numbered(url, number)) {
			number++
		}
		to[claim.id] = location{numbered(url, number), holder}
		number++
	}
}

func (c *catalog) isClaimed(url string) bool {
	first, ok := c.claims.first(claim{url: url, rank: homeByPath})
	return ok && first.url == url
}

func numbered(url string, number int) string { return url + "_" + strconv.Itoa(number) }

// contested returns the URL whose claims can end at this one, beside the home page's.
func contested(url string) (string, bool) {
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

// clashWarning tells of a note that has not the address it wants.
func clashWarning(e *entry) (string, bool) {
	if e.holder == "" {
		return "", false
	}
	wanted, _ := e.doc.Address(e.Path)
	return fmt.Sprintf("wants the address %s, which %s has; it is at %s", wanted, e.holder, e.url), true
}

// slugWarning tells of a slug that is left out.
func slugWarning(e *entry) (string, bool) {
	if e.doc.Slug == "" {
		return "", false
	}
	url, _ := trip2g.NoteURL(e.Path, e.doc.Slug)
	if e.doc.MayHave(url) {
		return "", false
	}
	text := fmt.Sprintf("the slug makes the address %s, which is the server's own; the slug is left out", url)
	if trip2g.IsServerFile(url) {
		text += "; to serve the note there as it is written, set its content_type, for example text/plain"
	}
	return text, true
}

// canonical gives the address by the sync API's rule of whatever may be asked for: a path in the
// vault, an address in another letter case, with a slash at its end, with .md.
func canonical(urlPath string) (string, bool) {
	p := strings.Trim(path.Clean("/"+urlPath), "/")
	if ending := path.Ext(p); strings.EqualFold(ending, ".md") || strings.EqualFold(ending, ".html") {
		p = strings.TrimSuffix(p, ending)
	}
	if p == "" {
		return "/", true
	}
	return trip2g.NoteURL(p+".md", "")
}

// redirect is another address of a page.
type redirect struct {
	from      string
	permalink bool // the note names it; it counts if no page is called so
	url       string
}

func compareRedirects(a, b redirect) int {
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

// redirectsOf lists the other addresses of a note's page.
func redirectsOf(e *entry) []redirect {
	var list []redirect
	for i, other := range [...]string{e.Path, e.url} {
		key, ok := canonical(other)
		if ok && key != e.url && (i == 0 || len(list) == 0 || list[0].from != key) {
			list = append(list, redirect{from: key, url: e.url})
		}
	}
	if e.doc.Permalink != "" {
		list = append(list, redirect{path.Clean("/" + norm.NFC.String(e.doc.Permalink)), true, e.url})
	}
	return list
}

// redirectFrom gives the one page that an address can mean, "" if there are several.
func (c *content) redirectFrom(from string) string {
	var found redirect
	for r := range c.redirects.from(redirect{from: from}) {
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

// redirect gives where a page is that was asked for in another way, "" if that is not clear.
func (s scope) redirect(urlPath string) string {
	if len(urlPath) > 2*trip2g.MaxPathLength || strings.Contains(urlPath, "//") {
		return "" // no note has an empty segment
	}
	clean := path.Clean("/" + norm.NFC.String(urlPath))
	if clean != urlPath && s.isPage(clean) {
		return clean
	}
	if url := s.redirectFrom(clean); url != "" {
		return url
	}
	if strings.HasPrefix(clean, trip2g.TagsURL+"/") {
		if url := trip2g.TagURL(clean[len(trip2g.TagsURL):]); url != urlPath && s.shelf().tagAt(url) != nil {
			return url
		}
	}
	key, ok := canonical(clean)
	if !ok || key == urlPath {
		return ""
	}
	if s.isPage(key) {
		return key
	}
	return s.redirectFrom(key)
}
