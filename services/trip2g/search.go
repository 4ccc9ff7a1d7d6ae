package trip2g

import "context"

// SearchRequest is what somebody looks for.
type SearchRequest struct {
	Query  string // of any length and content: what is too long is cut
	Reader Reader // nothing is found, counted or ranked by what this one may not read
	Offset int    // results to leave out from the start
	Limit  int    // results wanted, at most
	// Fresh makes the search wait, for a bounded time, for all that the site has now.
	Fresh bool
}

// SearchAnswer is what was found.
type SearchAnswer struct {
	Query   string // as far as it was read
	Total   int    // notes that match; Results can be fewer
	Results []SearchResult
	// Indexing tells that the index is still being made, or that a large change is not in it yet; what it
	// does not have was not found. Progress is how much it has, in percent.
	Indexing bool
	Progress int
}

// Searcher finds notes by their words. EUNAVAILABLE if it cannot answer now: too many ask, or the query
// takes too long.
type Searcher interface {
	Search(context.Context, SearchRequest) (SearchAnswer, error)
}

// SiteChange is what a site has that the one before it had not.
type SiteChange struct {
	Site     Site
	Position Position
	// Notes are the IDs of those whose pages came, changed, moved or went.
	Notes []int64
	// Changes are those of all notes, with a page or without, by path; none if Anew.
	Changes []NoteChange
	// Anew tells that the site does not follow from the one before it: Notes are all that it has, and
	// what is known of others is of another database.
	Anew bool
}
