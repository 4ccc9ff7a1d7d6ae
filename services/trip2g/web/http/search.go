package http

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// Paths of the search, as a page and as JSON. Parameters are the query "q" and a page's number
// "page", from 1.
const (
	SearchPath     = trip2g.SystemPrefix + "search"
	SearchJSONPath = trip2g.SystemPrefix + "search.json"
)

// Limits of the result pages.
const (
	resultsPerPage = 10
	lastResultPage = 100
)

// SearchOptions configures the search.
type SearchOptions struct {
	Search   trip2g.Searcher
	Site     func() trip2g.Site // nil until the site is loaded
	Identity *Identity
	Frame    trip2g.SearchPageRenderer // called only when there is a site
	BasePath trip2g.BasePath           // see Below
}

// SearchRoutes returns the search: a page that works without JavaScript, and JSON for search as you
// type. A request with a position finds what was published up to it, after a bounded wait.
func SearchRoutes(o SearchOptions) []Route {
	s := &search{o}
	return []Route{
		{Path: SearchPath, Handler: readOnly(s.handler(s.page))},
		{Path: SearchJSONPath, Handler: readOnly(s.handler(s.json))},
	}
}

type search struct{ SearchOptions }

// searchResult is a page of results, or the error instead.
type searchResult struct {
	reader trip2g.Visitor
	page   int // from 1
	answer trip2g.SearchResponse
	err    error
}

// handler returns a handler that searches and responds with the result of write.
func (s *search) handler(write func(*searchResult) (body []byte, mediaType string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Site() == nil {
			httpx.ServeError(w, trip2g.ErrStarting)
			return
		}
		result := s.search(r)
		header := w.Header()
		header.Set("Cache-Control", noticeCachePolicy(result.reader).cacheControl)
		header.Set("Vary", privateCache.vary)
		header.Set("X-Robots-Tag", "noindex")
		httpx.SetErrorHeader(header, result.err)
		if trip2g.ErrorCode(result.err) == trip2g.EINTERNAL && r.Context().Err() == nil {
			zerolog.Ctx(r.Context()).Error().Err(result.err).Msg("search")
		}
		body, mediaType := write(result)
		header.Set("Content-Type", mediaType)
		header.Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(httpx.Status(result.err))
		w.Write(body)
	})
}

func (s *search) search(r *http.Request) *searchResult {
	result := &searchResult{reader: s.Identity.Reader(r), page: 1}
	values := r.URL.Query()
	if n, err := strconv.Atoi(values.Get("page")); err == nil {
		result.page = min(max(n, 1), lastResultPage)
	}
	_, fresh := wantedPosition(r.Header[trip2g.PositionHeader], r.Header["Cookie"])
	result.answer, result.err = s.Search.Search(r.Context(), trip2g.SearchRequest{
		Query: values.Get("q"), Visitor: result.reader, Offset: (result.page - 1) * resultsPerPage, Limit: resultsPerPage, Fresh: fresh,
	})
	return result
}

// next returns the URL of the next page of results; "": none.
func (result *searchResult) next(base trip2g.BasePath) string {
	if result.page*resultsPerPage >= result.answer.Total || result.page >= lastResultPage {
		return ""
	}
	return base.Outer(SearchPath) + "?" + url.Values{"q": {result.answer.Query}, "page": {strconv.Itoa(result.page + 1)}}.Encode()
}

func (s *search) page(result *searchResult) ([]byte, string) {
	p := trip2g.SearchPage{
		Query: result.answer.Query, Visitor: result.reader, Indexing: result.answer.Indexing, Progress: result.answer.Progress,
		Total: result.answer.Total, Results: result.answer.Results, Next: result.next(s.BasePath), Err: result.err,
	}
	return s.Frame(p), "text/html; charset=utf-8"
}

// searchJSON is the body of the JSON response.
type searchJSON struct {
	Query    string                `json:"query"`
	Indexing bool                  `json:"indexing"`
	Progress *int                  `json:"progress,omitempty"` // percent, while indexing
	Total    int                   `json:"total"`
	Page     int                   `json:"page"`
	Results  []trip2g.SearchResult `json:"results"`
	Error    string                `json:"error,omitempty"` // why the search failed
}

func (s *search) json(result *searchResult) ([]byte, string) {
	out := searchJSON{
		Query: result.answer.Query, Indexing: result.answer.Indexing, Total: result.answer.Total, Page: result.page,
		Results: result.answer.Results, Error: trip2g.ErrorMessage(result.err),
	}
	if out.Indexing {
		out.Progress = &result.answer.Progress
	}
	body, err := json.Marshal(out)
	if err != nil {
		panic(err) // strings and numbers always marshal
	}
	return append(body, '\n'), "application/json; charset=utf-8"
}
