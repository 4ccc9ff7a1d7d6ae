package trip2g

// SearchPage is the page of what was found for a question.
type SearchPage struct {
	Query    string  // as the reader wrote it; "" shows the field alone
	Visitor  Visitor // who asks: what the header offers
	Indexing bool    // the index is still being made, so that some of what there is may not be found yet
	Progress int     // how much of it is there then, in percent
	Message  string  // why nothing could be looked for now, "" if it could
	Total    int     // of what was found; Results can be fewer
	Results  []SearchResult
	Next     string // URL of the results after these, "" if there are none
}

// SearchPageRenderer returns a search page in the look of the site that the node serves now.
type SearchPageRenderer func(SearchPage) []byte
