package graphql

import (
	"context"
	"strconv"

	"trip2g/services/trip2g"
)

// maxResults limits the results of one response.
const maxResults = 100

// Search implements QueryResolver. It includes everything published before the request.
func (r *resolver) Search(ctx context.Context, query string, first *int, after *string) (*SearchAnswer, error) {
	request := trip2g.SearchRequest{Query: query, Visitor: callOf(ctx).reader(), Limit: 10, Fresh: true}
	if first != nil {
		request.Limit = *first
	}
	if request.Limit < 1 || request.Limit > maxResults {
		return nil, trip2g.Errorf(trip2g.EINVALID, "first is %d: ask for 1 to %d results", request.Limit, maxResults)
	}
	if after != nil {
		offset, err := strconv.ParseUint(*after, 10, 31)
		if err != nil {
			return nil, trip2g.Errorf(trip2g.EINVALID, "after is %.20q: give the next of an answer", *after)
		}
		request.Offset = int(offset)
	}
	found, err := r.Searcher.Search(ctx, request)
	if err != nil {
		return nil, asError(err)
	}
	return searchAnswer(found, request), nil
}

func searchAnswer(found trip2g.SearchResponse, request trip2g.SearchRequest) *SearchAnswer {
	out := &SearchAnswer{Query: found.Query, Total: found.Total, Indexing: found.Indexing, Progress: 100, Results: make([]SearchResult, len(found.Results))}
	if found.Indexing {
		out.Progress = found.Progress
	}
	for i, result := range found.Results {
		marks := make([]SearchMark, len(result.Marks))
		for k, m := range result.Marks {
			marks[k] = SearchMark{Start: m[0], End: m[1]}
		}
		out.Results[i] = SearchResult{
			Title: result.Title, URL: result.URL, Snippet: result.Snippet, Marks: marks, Tags: result.Tags, MembersOnly: result.MembersOnly,
		}
	}
	if end := request.Offset + request.Limit; end < found.Total {
		next := strconv.Itoa(end)
		out.Next = &next
	}
	return out
}

// reader returns the access level of a caller that maySearch permits. A key has the owner's.
func (c *call) reader() trip2g.Visitor {
	switch {
	case c.authorized():
		return trip2g.Owner
	case c.session != nil:
		return trip2g.VisitorOf(*c.session, true)
	default:
		return trip2g.Anonymous
	}
}
