package trip2g

import "context"

// SearchRequest is what somebody looks for.
type SearchRequest struct {
	Query   string  // of any length and content: what is too long is cut
	Visitor Visitor // nothing is found, counted or ranked by what this one may not read
	Offset  int     // results to leave out from the start
	Limit   int     // results wanted, at most
	// Fresh makes the search wait, for a bounded time, for all that the site has now.
	Fresh bool
}

// SearchResponse is what was found.
type SearchResponse struct {
	Query   string // as far as it was read
	Total   int    // notes that match; Results can be fewer
	Results []SearchResult
	// Indexing tells that the index is still being made, or that a large change is not in it yet; what it
	// does not have was not found. Progress is how much it has, in percent.
	Indexing bool
	Progress int
}

// SearchResult is a note that was found.
type SearchResult struct {
	Title       string   `json:"title"`
	URL         string   `json:"url"`     // a path, escaped: ready to be a link
	Snippet     string   `json:"snippet"` // plain text around what was found
	Marks       [][2]int `json:"marks"`   // what of Snippet was asked for: start and end in UTF-16 code units, in order, apart
	MembersOnly bool     `json:"membersOnly"`
	Tags        []string `json:"tags"` // without "#"
}

// Searcher finds notes by their words. EUNAVAILABLE if it cannot answer now: too many ask, or the query
// takes too long.
type Searcher interface {
	Search(context.Context, SearchRequest) (SearchResponse, error)
}
