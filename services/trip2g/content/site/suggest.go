package site

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"trip2g/services/trip2g"
)

// Bounds of the work for one address that has no page: how many are looked at before and after it in
// each order, how much of a name counts, and how many are suggested.
const (
	maxNeighbours  = 150
	maxCompared    = 48 // characters
	maxSuggestions = 5
)

// segment is a page by the last part of its address.
type segment struct{ name, url string }

func compareSegments(a, b segment) int {
	if c := strings.Compare(a.name, b.name); c != 0 {
		return c
	}
	return strings.Compare(a.url, b.url)
}

func segmentsOf(e *entry) []segment { return []segment{{path.Base(e.url), e.url}} }

// suggestion is a page that one may have meant who asked for another address.
type suggestion struct {
	url      string
	distance int  // of the last parts of the addresses
	elsewise bool // it is in another folder
}

// suggest finds the pages whose addresses are the likest to one that has none: those that begin or end
// alike, and those beside it.
func (s scope) suggest(urlPath string) []string {
	if len(urlPath) > 2*trip2g.MaxPathLength || !utf8.ValidString(urlPath) {
		return nil
	}
	wanted, ok := canonical(urlPath)
	if !ok || wanted == "/" || trip2g.IsReserved(wanted) {
		return nil
	}
	var list []suggestion
	for url := range s.neighbours(wanted) {
		if distance, alike := compareNames(path.Base(wanted), path.Base(url)); alike {
			list = append(list, suggestion{url, distance, parentURL(url) != parentURL(wanted)})
		}
	}
	slices.SortFunc(list, func(a, b suggestion) int {
		if a.elsewise != b.elsewise && a.distance == b.distance {
			return compareBool(a.elsewise, b.elsewise)
		}
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.url, b.url))
	})
	var urls []string
	for _, found := range list[:min(len(list), maxSuggestions)] {
		urls = append(urls, found.url)
	}
	if above := s.folderAbove(wanted); above != "" && len(urls) < maxSuggestions && !slices.Contains(urls, above) {
		urls = append(urls, above)
	}
	return urls
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// neighbours gives the URLs that are compared with the one that is wanted.
func (s scope) neighbours(wanted string) map[string]bool {
	urls := make(map[string]bool)
	in, pivot := s.shelf(), segment{name: path.Base(wanted)}
	for list := range slices.Values([]func(func(segment) bool){in.segments.from(pivot), in.segments.before(pivot)}) {
		left := maxNeighbours
		for found := range list {
			if left--; left < 0 {
				break
			}
			urls[found.url] = true
		}
	}
	for _, beside := range in.items(parentURL(wanted), maxNeighbours) {
		urls[beside.URL] = true
	}
	return urls
}

// folderAbove gives the nearest folder above an address that has a page, "" if that is the start page.
func (s scope) folderAbove(url string) string {
	for url = parentURL(url); url != "/"; url = parentURL(url) {
		if f := at(s.shelf().folders, url); f != nil && f.open {
			return url
		}
	}
	return ""
}

// compareNames gives how many letters are another in two names, and whether they are alike enough for
// one to have been meant by the other.
func compareNames(a, b string) (distance int, alike bool) {
	x, y := firstRunes(a), firstRunes(b)
	distance = editDistance(x, y)
	shorter := min(len(x), len(y))
	contained := shorter >= 4 && (strings.Contains(a, b) || strings.Contains(b, a))
	return distance, contained || distance <= (shorter+1)/3
}

func firstRunes(s string) []rune {
	runes := []rune(s[:min(len(s), utf8.UTFMax*maxCompared)])
	return runes[:min(len(runes), maxCompared)]
}

// editDistance is Levenshtein's.
func editDistance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// missing is the page for an address that has none. It is one for all addresses with the same
// suggestions, so that however many are asked for, there are no more than the vault can make.
type missing struct {
	suggestions string // URLs, a line each
	system      bool   // see place
}

func (m missing) address() string {
	if m.system {
		return "not found below /_system/\n" + m.suggestions
	}
	return "not found\n" + m.suggestions
}

func (m missing) contentType() string { return htmlType }

func (m missing) render(r *reading) []byte {
	v := r.view("Page not found", place{system: m.system})
	v.Message, v.Hidden = "There is no page at this address. It may have been moved, renamed or taken back.", true
	for url := range strings.Lines(m.suggestions) {
		url = strings.TrimSuffix(url, "\n")
		if found := r.pageAt(url); found.title != "" {
			v.Suggestions = append(v.Suggestions, item{Title: found.title, URL: url, Description: strings.TrimPrefix(url, "/")})
		}
	}
	return execute("notice.html", v)
}
