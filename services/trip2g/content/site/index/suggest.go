package index

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"

	"trip2g/services/trip2g"
)

// Bounds of the suggestions for one URL: candidates in each direction of each index, characters
// compared, and suggestions shown.
const (
	maxSuggestCandidates = 150
	maxCompared          = 48 // characters
	maxSuggestions       = 5
)

// segment is a page by the last segment of its URL.
type segment struct{ name, url string }

func compareSegments(a, b segment) int {
	if c := strings.Compare(a.name, b.name); c != 0 {
		return c
	}
	return strings.Compare(a.url, b.url)
}

func segmentsOf(e *Entry) []segment { return []segment{{path.Base(e.URL), e.URL}} }

// suggestion is a page that a URL without a page may have meant.
type suggestion struct {
	url         string
	distance    int  // between the last segments
	otherFolder bool // the page is in another folder
}

// Suggest returns the pages with the most similar URLs: with a common prefix or suffix, or in the
// same folder.
func (s Scope) Suggest(urlPath string) []string {
	if len(urlPath) > 2*trip2g.MaxPathLength || !utf8.ValidString(urlPath) {
		return nil
	}
	wanted, ok := canonicalURL(urlPath)
	if !ok || wanted == "/" || trip2g.IsReserved(wanted) {
		return nil
	}
	var list []suggestion
	for url := range s.suggestCandidates(wanted) {
		if distance, alike := similarity(path.Base(wanted), path.Base(url)); alike {
			list = append(list, suggestion{url, distance, ParentURL(url) != ParentURL(wanted)})
		}
	}
	slices.SortFunc(list, func(a, b suggestion) int {
		if a.otherFolder != b.otherFolder && a.distance == b.distance {
			return compareBool(a.otherFolder, b.otherFolder)
		}
		return cmp.Or(cmp.Compare(a.distance, b.distance), strings.Compare(a.url, b.url))
	})
	var urls []string
	for _, suggestion := range list[:min(len(list), maxSuggestions)] {
		urls = append(urls, suggestion.url)
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

// suggestCandidates returns the URLs to compare with wanted.
func (s Scope) suggestCandidates(wanted string) map[string]bool {
	urls := make(map[string]bool)
	view, pivot := s.View(), segment{name: path.Base(wanted)}
	for list := range slices.Values([]func(func(segment) bool){view.segments.From(pivot), view.segments.BackwardFrom(pivot)}) {
		left := maxSuggestCandidates
		for candidate := range list {
			if left--; left < 0 {
				break
			}
			urls[candidate.url] = true
		}
	}
	for _, sibling := range view.List(ParentURL(wanted), maxSuggestCandidates) {
		urls[sibling.URL] = true
	}
	return urls
}

// folderAbove returns the nearest readable folder above url, "" if that is the home page.
func (s Scope) folderAbove(url string) string {
	for url = ParentURL(url); url != "/"; url = ParentURL(url) {
		if f := at(s.View().folders, url); f != nil && f.readable {
			return url
		}
	}
	return ""
}

// similarity returns the edit distance of two names, and whether they are similar enough for a
// suggestion.
func similarity(a, b string) (distance int, alike bool) {
	x, y := firstRunes(a), firstRunes(b)
	distance = levenshtein.ComputeDistance(string(x), string(y))
	shorter := min(len(x), len(y))
	contained := shorter >= 4 && (strings.Contains(a, b) || strings.Contains(b, a))
	return distance, contained || distance <= (shorter+1)/3
}

func firstRunes(s string) []rune {
	runes := []rune(s[:min(len(s), utf8.UTFMax*maxCompared)])
	return runes[:min(len(runes), maxCompared)]
}
