package http

import (
	"net/http"
	"strings"
	"time"

	"github.com/rs/xid"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/http/fastlane"
)

// PlainPages answers plain reads of public pages, which are most of what a node is asked, at the least
// cost: with the access log and metrics, and with nothing else between. It is a fastlane.Handler, and
// wraps a port's handler for the requests that come through net/http.
type PlainPages struct {
	site    func() trip2g.Site
	access  *AccessLog
	session string // the session cookie's name
	answers answerer
}

var _ fastlane.Handler = (*PlainPages)(nil)

// NewPlainPages makes them of what is served now (nil until the site is loaded), the codings to offer,
// best first, the session cookie's name and the node's log.
func NewPlainPages(site func() trip2g.Site, codings []trip2g.Coding, sessionCookie string, access *AccessLog) *PlainPages {
	return &PlainPages{site: site, access: access, session: sessionCookie, answers: answerer{codings: codings}}
}

// Answer is fastlane.Handler's. It takes only what has a public page, from those who are not signed in
// and do not wait for a position: cookies are read as Identity and ReadYourWrites read them.
func (p *PlainPages) Answer(r *fastlane.Request, a *fastlane.Answer) bool {
	site := p.site()
	if site == nil || strings.HasPrefix(r.Path, SystemPrefix) {
		return false
	}
	if r.Cookie != "" && !p.takes(r, site) {
		return false
	}
	page, _ := site.Page(r.Path, trip2g.Anyone)
	if page == nil || page.Withheld() {
		return false
	}
	r.ID = xid.New().String()
	made := false
	defer func() {
		if !made { // making it panicked
			p.access.plain(r, http.StatusOK, 0, false)
		}
	}()
	p.answers.page(a, r, site, page, everybody)
	made = true
	return true
}

// takes tells whether a request with cookies can be answered as one without. One that names a position
// is told which is served.
func (p *PlainPages) takes(r *fastlane.Request, site trip2g.Site) bool {
	for pair := range strings.SplitSeq(r.Cookie, ";") {
		name, token, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if strings.TrimSpace(name) != p.session {
			continue
		}
		if _, signedIn := site.Session(trip2g.TokenHash(token), r.Arrived); signedIn || strings.Contains(token, `"`) {
			return false
		}
	}
	if wanted, ok := wantedPosition(nil, []string{r.Cookie}); ok {
		served := site.Stats().Position
		r.Position = formatPosition(served)
		return served >= wanted
	}
	return true
}

// Answered is fastlane.Handler's.
func (p *PlainPages) Answered(r *fastlane.Request, a *fastlane.Answer, sent int64) {
	p.access.plain(r, a.Status, sent, true)
}

// Wrap gives a handler for the public port that runs next for everything else. A plain request's
// own X-Replica-Auth and the like mean nothing here, and what has passed a forwarder is not plain.
func (p *PlainPages) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isPlain(r) || !p.serve(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

func (p *PlainPages) serve(w http.ResponseWriter, r *http.Request) bool {
	plain := plainOf(r)
	var a fastlane.Answer
	if !p.Answer(&plain, &a) {
		return false
	}
	sent, _ := writeAnswer(r.Context(), w, &a)
	p.Answered(&plain, &a, int64(sent))
	return true
}

// isPlain tells whether nothing about a request keeps it from being answered by plainOf alone.
func isPlain(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	for name := range r.Header {
		switch name {
		case "Authorization", "Range", "If-Range", "If-Match", "If-Unmodified-Since", "Via":
			return false
		}
		if strings.HasPrefix(name, "X-Trip2g-") {
			return false
		}
	}
	return len(r.Header["Cookie"]) <= 1
}

// plainOf takes what an answer depends on from a request.
func plainOf(r *http.Request) fastlane.Request {
	return fastlane.Request{
		Method: r.Method, Path: r.URL.Path,
		AcceptEncoding:  joined(r.Header["Accept-Encoding"]),
		IfNoneMatch:     joined(r.Header["If-None-Match"]),
		IfModifiedSince: joined(r.Header["If-Modified-Since"]),
		Cookie:          joined(r.Header["Cookie"]),
		Client:          r.RemoteAddr, Arrived: time.Now(),
	}
}

// joined makes one list of a field's lines (RFC 9110, section 5.3).
func joined(lines []string) string {
	switch len(lines) {
	case 0:
		return ""
	case 1:
		return lines[0]
	}
	return strings.Join(lines, ", ")
}
