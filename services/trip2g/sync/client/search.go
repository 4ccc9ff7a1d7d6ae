package client

import (
	"context"
	"unicode/utf16"
)

const (
	searchQuery = `query Search($query: String!, $first: Int!) { search(query: $query, first: $first) {
  query total indexing results { title url snippet marks { start end } tags membersOnly } } `
	// keyCheck fails for an invalid key. Search alone would return public notes.
	keyCheck = `notePaths(filter: {paths: ["?"]}) { id } `
)

// SearchAnswer is the result of a search.
type SearchAnswer struct {
	Query    string         `json:"query"`    // the part that was read
	Total    int            `json:"total"`    // notes that match
	Indexing bool           `json:"indexing"` // the index is incomplete
	Results  []SearchResult `json:"results"`  // the best first
}

// SearchResult is a note that was found.
type SearchResult struct {
	Title       string       `json:"title"`
	URL         string       `json:"url"`     // absolute
	Snippet     string       `json:"snippet"` // plain text around the matches, on one line
	Marks       []SearchMark `json:"marks"`   // the matches in it, in order
	Tags        []string     `json:"tags"`
	MembersOnly bool         `json:"membersOnly"`
}

// SearchMark is a piece of a text, in UTF-16 code units.
type SearchMark struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

// Search finds notes by their words: as anyone without a key, with one those for members too. first
// bounds the results, at most 100.
func (c *Client) Search(ctx context.Context, query string, first int) (SearchAnswer, error) {
	var data struct{ Search *SearchAnswer }
	asked := searchQuery + "}"
	if c.Key != "" {
		asked = searchQuery + keyCheck + "}"
	}
	if err := c.call(ctx, asked, map[string]any{"query": query, "first": first}, maxResult, &data); err != nil {
		return SearchAnswer{}, err
	}
	if data.Search == nil || data.Search.Results == nil {
		return SearchAnswer{}, c.notTrip2g("its answer has no results")
	}
	for i := range data.Search.Results {
		data.Search.Results[i].URL = c.base.String() + data.Search.Results[i].URL
	}
	return *data.Search, nil
}

// Marked returns the snippet with begin and end around each mark.
func (r SearchResult) Marked(begin, end string) string {
	units, out, at := utf16.Encode([]rune(r.Snippet)), "", 0
	for _, m := range r.Marks {
		if m.Start < at || m.End < m.Start || m.End > len(units) {
			break // no marks of this text
		}
		out += string(utf16.Decode(units[at:m.Start])) + begin + string(utf16.Decode(units[m.Start:m.End])) + end
		at = m.End
	}
	return out + string(utf16.Decode(units[at:]))
}
