package http

import (
	"net/http"
	"strings"
	"time"

	"github.com/rs/xid"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/http/fastlane"
)

// FastPath responds to plain reads of public pages, which are most requests to a node. It does
// nothing else but the access log and the metrics. It is a fastlane.Handler, and wraps a port's
// handler for requests that come through net/http.
type FastPath struct {
	site      func() trip2g.Site
	access    *AccessLog
	session   string // the session cookie's name
	responder pageResponder
}

var _ fastlane.Handler = (*FastPath)(nil)

// NewFastPath returns a FastPath for a site, which is nil until it is loaded. codings are those to
// offer, best first.
func NewFastPath(site func() trip2g.Site, codings []trip2g.Coding, sessionCookie string, access *AccessLog) *FastPath {
	return &FastPath{site: site, access: access, session: sessionCookie, responder: pageResponder{codings: codings}}
}

// Respond implements fastlane.Handler. It responds to requests for a public page without a session
// cookie whose position, if they name one, is served.
func (p *FastPath) Respond(r *fastlane.Request, a *fastlane.Response) bool {
	site := p.site()
	if site == nil || strings.HasPrefix(r.Path, trip2g.SystemPrefix) {
		return false
	}
	if !p.eligible(r, site) {
		return false
	}
	page, _ := site.Page(r.Path, trip2g.Anonymous)
	if page == nil || page.Withheld() {
		return false
	}
	r.ID = xid.New().String()
	done := false
	defer func() {
		if !done { // a panic
			p.access.writePlain(r, http.StatusOK, 0, false)
		}
	}()
	p.responder.page(a, r, site, page, publicCache)
	done = true
	return true
}

// eligible reports whether the cookies of a request do not affect the response. A session cookie
// does, valid or not: Identity looks its session up once. If the cookies name a position, eligible
// sets the position for the response's header.
func (p *FastPath) eligible(r *fastlane.Request, site trip2g.Site) bool {
	if r.Cookie == "" {
		return true
	}
	for pair := range strings.SplitSeq(r.Cookie, ";") {
		if name, _, _ := strings.Cut(pair, "="); strings.TrimSpace(name) == p.session {
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

// Responded implements fastlane.Handler.
func (p *FastPath) Responded(r *fastlane.Request, a *fastlane.Response, sent int64) {
	p.access.writePlain(r, a.Status, sent, true)
}

// Wrap returns a handler for the public port that runs next for all other requests.
func (p *FastPath) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !fastlane.IsPlain(r) || !p.serve(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

func (p *FastPath) serve(w http.ResponseWriter, r *http.Request) bool {
	plain := plainOf(r)
	var a fastlane.Response
	if !p.Respond(&plain, &a) {
		return false
	}
	sent, _ := writeResponse(r.Context(), w, &a)
	p.Responded(&plain, &a, int64(sent))
	return true
}

// plainOf returns the parts of a request that a response depends on.
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

// joined joins the lines of a list-valued field (RFC 9110, section 5.3).
func joined(lines []string) string {
	switch len(lines) {
	case 0:
		return ""
	case 1:
		return lines[0]
	}
	return strings.Join(lines, ", ")
}
