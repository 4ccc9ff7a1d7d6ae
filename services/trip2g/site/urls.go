package site

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
)

// systemPrefix starts the addresses that the server has for itself.
const systemPrefix = "/_system"

func isReserved(url string) bool {
	return url == systemPrefix || strings.HasPrefix(url, systemPrefix+"/")
}

// assignURLs gives each note that is to be seen its address, by trip2g.NoteURL. Where two want the
// same, the first path in byte order has it, and the others get the first of "_2", "_3", ... that no
// note wants for itself. notes are in byte order of their paths.
func assignURLs(notes []*note) ([]*entry, []trip2g.Warning) {
	var entries, losers []*entry
	var warnings []trip2g.Warning
	owner := make(map[string]string, len(notes)) // address → path of the note
	for _, n := range notes {
		url, ok := trip2g.NoteURL(n.Path, n.doc.Slug)
		if !ok || n.doc.Hidden {
			continue
		}
		if isReserved(url) && n.doc.Slug != "" {
			warnings = append(warnings, trip2g.Warning{Path: n.Path, Text: fmt.Sprintf("the slug makes the address %s, which is the server's own; the slug is left out", url)})
			url, _ = trip2g.NoteURL(n.Path, "")
		}
		e := &entry{n, url}
		entries = append(entries, e)
		if _, taken := owner[url]; taken || isReserved(url) {
			losers = append(losers, e)
			continue
		}
		owner[url] = n.Path
	}
	next := make(map[string]int)
	for _, e := range losers {
		wanted := e.url
		for taken := true; taken; _, taken = owner[e.url] {
			next[wanted] = max(2, next[wanted]+1)
			e.url = wanted + "_" + strconv.Itoa(next[wanted])
		}
		owner[e.url] = e.Path
		holder := owner[wanted]
		if holder == "" {
			holder = "the server itself"
		}
		warnings = append(warnings, trip2g.Warning{Path: e.Path, Text: fmt.Sprintf("wants the address %s, which %s has; it is at %s", wanted, holder, e.url)})
	}
	return entries, warnings
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

// redirectsTo lists the other addresses of pages: those that can mean one page only, and what the
// notes name as their permalinks.
func redirectsTo(entries []*entry) map[string]string {
	found := make(map[string]string, len(entries))
	add := func(to map[string]string, from, url string) {
		if held, ok := to[from]; ok && held != url {
			url = "" // can mean two
		}
		to[from] = url
	}
	permalinks := make(map[string]string)
	for _, e := range entries {
		for _, other := range []string{e.Path, e.url} {
			if key, ok := canonical(other); ok {
				add(found, key, e.url)
			}
		}
		if e.doc.Permalink != "" {
			add(permalinks, path.Clean("/"+norm.NFC.String(e.doc.Permalink)), e.url)
		}
	}
	for from, url := range permalinks {
		if _, ok := found[from]; !ok {
			found[from] = url
		}
	}
	return found
}

// redirect gives where a page is that was asked for in another way, "" if that is not clear.
func (c *content) redirect(urlPath string) string {
	if len(urlPath) > 2*trip2g.MaxPathLength || strings.Contains(urlPath, "//") {
		return "" // no note has an empty segment
	}
	clean := path.Clean("/" + norm.NFC.String(urlPath))
	if c.pages[clean] != nil && clean != urlPath {
		return clean
	}
	if url := c.redirects[clean]; url != "" {
		return url
	}
	key, ok := canonical(clean)
	if !ok || key == urlPath {
		return ""
	}
	if c.pages[key] != nil {
		return key
	}
	return c.redirects[key]
}
