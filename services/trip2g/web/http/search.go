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

// Addresses of the search, for people and for programs and scripts. Both take the query as "q" and a
// page's number, from 1, as "page".
const (
	SearchPath     = SystemPrefix + "search"
	SearchJSONPath = SystemPrefix + "search.json"
)

// A page of results has so many; what is further behind than the last page, nobody looks at.
const (
	resultsPerPage = 10
	lastResultPage = 100
)

// SearchOptions is what the search's handlers are made of.
type SearchOptions struct {
	Search   trip2g.Searcher
	Site     func() trip2g.Site // what is served now; gives nil until the site is loaded
	Identity *Identity
	Frame    trip2g.SearchFrame // asked only when there is a site
	BasePath trip2g.BasePath    // where the site is, see Below
}

// SearchRoutes gives the search: a page that works without a script, and JSON for one that asks while
// somebody types. A read that names a position finds what was published there, after a bounded wait.
func SearchRoutes(o SearchOptions) []Route {
	s := &search{o}
	return []Route{
		{Path: SearchPath, Handler: readOnly(s.answered(s.page))},
		{Path: SearchJSONPath, Handler: readOnly(s.answered(s.json))},
	}
}

type search struct{ SearchOptions }

// asked is a request for a page of results, and the answer to it or why there is none.
type asked struct {
	reader trip2g.Reader
	page   int // from 1
	answer trip2g.SearchAnswer
	err    error
}

// answered searches, and has write give the body and its media type.
func (s *search) answered(write func(*asked) (body []byte, mediaType string)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Site() == nil {
			httpx.ServeError(w, trip2g.ErrStarting)
			return
		}
		a := s.ask(r)
		header := w.Header()
		header.Set("Cache-Control", absenceFor(a.reader).cacheControl)
		header.Set("Vary", members.vary)
		header.Set("X-Robots-Tag", "noindex")
		httpx.SetErrorHeader(header, a.err)
		if trip2g.ErrorCode(a.err) == trip2g.EINTERNAL && r.Context().Err() == nil {
			zerolog.Ctx(r.Context()).Error().Err(a.err).Msg("search")
		}
		body, mediaType := write(a)
		header.Set("Content-Type", mediaType)
		header.Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(httpx.Status(a.err))
		w.Write(body)
	})
}

func (s *search) ask(r *http.Request) *asked {
	a := &asked{reader: s.Identity.Reader(r), page: 1}
	values := r.URL.Query()
	if n, err := strconv.Atoi(values.Get("page")); err == nil {
		a.page = min(max(n, 1), lastResultPage)
	}
	_, fresh := wantedPosition(r.Header[trip2g.PositionHeader], r.Header["Cookie"])
	a.answer, a.err = s.Search.Search(r.Context(), trip2g.SearchRequest{
		Query: values.Get("q"), Reader: a.reader, Offset: (a.page - 1) * resultsPerPage, Limit: resultsPerPage, Fresh: fresh,
	})
	return a
}

// next gives the address of the results after these, "" if there are none.
func (a *asked) next(base trip2g.BasePath) string {
	if a.page*resultsPerPage >= a.answer.Total || a.page >= lastResultPage {
		return ""
	}
	return base.Outer(SearchPath) + "?" + url.Values{"q": {a.answer.Query}, "page": {strconv.Itoa(a.page + 1)}}.Encode()
}

func (s *search) page(a *asked) ([]byte, string) {
	p := trip2g.SearchPage{
		Query: a.answer.Query, Reader: a.reader, Indexing: a.answer.Indexing, Progress: a.answer.Progress,
		Total: a.answer.Total, Results: a.answer.Results, Next: a.next(s.BasePath), Message: trip2g.ErrorMessage(a.err),
	}
	return s.Frame(p), "text/html; charset=utf-8"
}

// searchJSON is the answer for scripts and programs.
type searchJSON struct {
	Query    string                `json:"query"`
	Indexing bool                  `json:"indexing"`
	Progress *int                  `json:"progress,omitempty"` // percent, while it is indexing
	Total    int                   `json:"total"`
	Page     int                   `json:"page"`
	Results  []trip2g.SearchResult `json:"results"`
	Error    string                `json:"error,omitempty"` // why nothing could be found now
}

func (s *search) json(a *asked) ([]byte, string) {
	out := searchJSON{
		Query: a.answer.Query, Indexing: a.answer.Indexing, Total: a.answer.Total, Page: a.page,
		Results: a.answer.Results, Error: trip2g.ErrorMessage(a.err),
	}
	if out.Indexing {
		out.Progress = &a.answer.Progress
	}
	body, err := json.Marshal(out)
	if err != nil {
		panic(err) // strings and numbers: nothing in it can fail
	}
	return append(body, '\n'), "application/json; charset=utf-8"
}
