package http

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"trip2g/internal/forward"
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/http/fastlane"
	"trip2g/services/trip2g/web/httpx"
)

// servePage gives a page from memory: no request reads the database, because reads on a LiteFS
// mount hold replication up.
func (h *handler) servePage(w http.ResponseWriter, r *http.Request) {
	site := h.Site()
	if site == nil {
		httpx.ServeError(w, trip2g.ErrStarting)
		return
	}
	reader := h.identity.Reader(r)
	page, found := site.Page(r.URL.Path, reader)
	switch {
	case !wellFormed(r.URL.Path):
		h.serveNotFound(w, r, site, reader)
	case found.URL != "":
		h.redirect(w, r, found, reader)
	case page == nil && r.URL.Path == "/" && h.Welcome != nil && site.IsEmpty():
		h.serveWelcome(w, r, reader)
	case page == nil:
		if h.Missing != nil && !strings.HasPrefix(r.URL.Path, SystemPrefix) {
			h.Missing(r.URL.Path)
		}
		h.serveNotFound(w, r, site, reader)
	case page.Withheld():
		h.serveNotice(w, r, http.StatusForbidden, page, members)
	default:
		h.serveHTML(w, r, site, page, audienceOf(reader))
	}
}

// serveWelcome answers with what a site without notes has at "/". It names the address that the client asked
// for, and so is for no cache.
func (h *handler) serveWelcome(w http.ResponseWriter, r *http.Request, reader trip2g.Reader) {
	body := h.Welcome(r, reader)
	header := w.Header()
	header.Set("Cache-Control", "private, no-store")
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

// redirect sends a reader to where a page is. A permanent one tells search engines that it has moved; it
// is asked for anew each time all the same, because an owner may move the page back.
func (h *handler) redirect(w http.ResponseWriter, r *http.Request, found trip2g.Location, reader trip2g.Reader) {
	location := found.URL
	if strings.HasPrefix(location, "/") {
		location = (&url.URL{Path: h.BasePath.Outer(location), RawQuery: r.URL.RawQuery}).String()
	}
	status := http.StatusFound
	if found.Permanent {
		status = http.StatusMovedPermanently
	}
	who := absenceFor(reader)
	w.Header().Set("Cache-Control", who.cacheControl)
	w.Header().Set("Vary", who.vary)
	http.Redirect(w, r, location, status)
}

// wellFormed refuses paths that no note can have, so that they are not counted as missing pages.
func wellFormed(path string) bool {
	return utf8.ValidString(path) && !strings.ContainsRune(path, 0) && len(path) <= 2*trip2g.MaxPathLength
}

// admitToAsset lets a reader have a file that is not for everybody, and answers those who may not. Neither
// answer is for a cache that several readers share.
func (h *handler) admitToAsset(w http.ResponseWriter, r *http.Request, site trip2g.Site, hash string) bool {
	w.Header().Set("Cache-Control", members.cacheControl)
	w.Header().Set("Vary", members.vary)
	reader := h.identity.Reader(r)
	if site.MayReadAsset(hash, reader) {
		return true
	}
	h.serveNotice(w, r, http.StatusForbidden, site.Withheld(reader), members)
	return false
}

func (h *handler) serveNotFound(w http.ResponseWriter, r *http.Request, site trip2g.Site, reader trip2g.Reader) {
	h.serveNotice(w, r, http.StatusNotFound, site.NotFound(r.URL.Path, reader), absenceFor(reader))
}

// serveHTML answers 200, 206, 304 or 412 as the request's conditions want (RFC 9110, section 13).
func (h *handler) serveHTML(w http.ResponseWriter, r *http.Request, site trip2g.Site, page trip2g.Page, who audience) {
	if isPartial(r) {
		h.serveParts(w, r, site, page, who)
		return
	}
	var a fastlane.Answer
	plain := plainOf(r)
	plain.ID = forward.RequestID(r.Context())
	h.answers.page(&a, &plain, site, page, who)
	writeAnswer(r.Context(), w, &a)
}

func (h *handler) serveNotice(w http.ResponseWriter, r *http.Request, status int, page trip2g.Page, who audience) {
	var a fastlane.Answer
	plain := plainOf(r)
	plain.ID = forward.RequestID(r.Context())
	h.answers.notice(&a, &plain, status, page, who)
	writeAnswer(r.Context(), w, &a)
}

// isPartial tells whether a request asks for a part of a page or has a condition that is seldom on
// a read.
func isPartial(r *http.Request) bool {
	for _, name := range []string{"Range", "If-Match", "If-Unmodified-Since"} {
		if _, ok := r.Header[name]; ok {
			return true
		}
	}
	return false
}

// serveParts leaves such a request to net/http. Parts are those of the page as it is: of a compressed one
// they would be of use to nobody.
func (h *handler) serveParts(w http.ResponseWriter, r *http.Request, site trip2g.Site, page trip2g.Page, who audience) {
	body := page.Body(trip2g.Identity)
	header := w.Header()
	header.Set("Cache-Control", who.cacheControl)
	header.Set("Content-Security-Policy", policyOf(page, r.URL.Path))
	header.Set("Content-Type", page.ContentType())
	header.Set("ETag", body.ETag)
	header.Set("Vary", who.vary)
	http.ServeContent(w, r, "", site.ModifiedAt(), bytes.NewReader(body.Bytes))
}
