package trip2g

import "context"

// SearchRequest is a search of one visitor.
type SearchRequest struct {
	Query   string  // of any content; cut if it is too long
	Visitor Visitor // other notes are not found and do not influence the ranking
	Offset  int     // number of results to skip
	Limit   int     // maximum number of results
	// Fresh makes the search wait, for a bounded time, until the index includes the current site.
	Fresh bool
}

// SearchResponse is the result of a search.
type SearchResponse struct {
	Query   string // after shortening
	Total   int    // number of matching notes; Results can be fewer
	Results []SearchResult
	// Indexing reports that the index is being built, or does not include a large change yet. Notes
	// that are not indexed were not found. Progress is the indexed share in percent.
	Indexing bool
	Progress int
}

// SearchResult is a matching note.
type SearchResult struct {
	Title       string   `json:"title"`
	URL         string   `json:"url"`     // an escaped path
	Snippet     string   `json:"snippet"` // plain text around the matches
	Marks       [][2]int `json:"marks"`   // matches in Snippet: start and end in UTF-16 code units, in order, not overlapping
	MembersOnly bool     `json:"membersOnly"`
	Tags        []string `json:"tags"` // without "#"
}

// Searcher finds notes by their words. EUNAVAILABLE if too many searches run or a query takes too
// long.
type Searcher interface {
	Search(context.Context, SearchRequest) (SearchResponse, error)
}
