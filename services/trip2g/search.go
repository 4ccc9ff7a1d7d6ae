package trip2g

import "context"

// SearchRequest is a search of one visitor.
type SearchRequest struct {
	Query   string  // of any content; cut if it is too long
	Visitor Visitor // other notes are not found and do not influence the ranking
	Offset  int     // number of results to skip
	Limit   int     // maximum number of results
	// Fresh makes the search wait, for a bounded time, for all that the site has now.
	Fresh bool
}

// SearchResponse is the result of a search.
type SearchResponse struct {
	Query   string // as far as it was read
	Total   int    // notes that match; Results can be fewer
	Results []SearchResult
	// Indexing reports that the index is being built, or that a large change is not in it yet: notes that are
	// not indexed were not found. Progress is the indexed share in percent.
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

// Searcher finds notes by their words. EUNAVAILABLE if too many searches run, or the query takes too long.
type Searcher interface {
	Search(context.Context, SearchRequest) (SearchResponse, error)
}
