package trip2g

// SearchPage is the page of what was found for a question.
type SearchPage struct {
	Query    string // as the reader wrote it; "" shows the field alone
	Reader   Reader // who asks: what the header offers
	Indexing bool   // the index is still being made, so that some of what there is may not be found yet
	Progress int    // how much of it is there then, in percent
	Message  string // why nothing could be looked for now, "" if it could
	Total    int    // of what was found; Results can be fewer
	Results  []SearchResult
	Next     string // URL of the results after these, "" if there are none
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

// SearchFrame gives a search page in the look of the site that the node serves now.
type SearchFrame func(SearchPage) []byte
