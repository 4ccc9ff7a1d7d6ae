package trip2g

// SearchPage is a page of search results.
type SearchPage struct {
	Query    string  // as entered; "" shows only the search field
	Visitor  Visitor // selects the links in the header
	Indexing bool    // the index is being built, so results can be incomplete
	Progress int     // indexed share in percent, while Indexing
	Err      error   // why the search failed
	Total    int     // number of matching notes; Results can be fewer
	Results  []SearchResult
	Next     string // URL of the next results, "" without any
}

// SearchPageRenderer renders a search page with the layout of the current site.
type SearchPageRenderer func(SearchPage) []byte
