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

// servePage serves a page from memory. No request reads the database, because reads on a LiteFS
// mount delay replication.
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
		if h.Missing != nil && !strings.HasPrefix(r.URL.Path, trip2g.SystemPrefix) {
			h.Missing(r.URL.Path)
		}
		h.serveNotFound(w, r, site, reader)
	case page.Withheld():
		h.serveNotice(w, r, http.StatusForbidden, page, privateCache)
	default:
		h.serveHTML(w, r, site, page, cachePolicyFor(reader))
	}
}

// serveWelcome serves the home page of a site without notes. It is not cacheable, because it
// contains the URL that the client requested.
func (h *handler) serveWelcome(w http.ResponseWriter, r *http.Request, reader trip2g.Visitor) {
	body := h.Welcome(r, reader)
	header := w.Header()
	header.Set("Cache-Control", "private, no-store")
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

// redirect redirects to a page's URL. Caches must revalidate even a permanent redirect, which
// exists for search engines, because an owner can move the page back.
func (h *handler) redirect(w http.ResponseWriter, r *http.Request, found trip2g.Location, reader trip2g.Visitor) {
	location := found.URL
	if strings.HasPrefix(location, "/") {
		location = (&url.URL{Path: h.BasePath.Outer(location), RawQuery: r.URL.RawQuery}).String()
	}
	status := http.StatusFound
	if found.Permanent {
		status = http.StatusMovedPermanently
	}
	cache := noticeCachePolicy(reader)
	w.Header().Set("Cache-Control", cache.cacheControl)
	w.Header().Set("Vary", cache.vary)
	http.Redirect(w, r, location, status)
}

// wellFormed reports whether a note can have a path. Other paths are not counted as 404s.
func wellFormed(path string) bool {
	return utf8.ValidString(path) && !strings.ContainsRune(path, 0) && len(path) <= 2*trip2g.MaxPathLength
}

// admitToAsset reports whether the reader may have a file that is not public, and responds with a
// notice if not. Shared caches store neither response.
func (h *handler) admitToAsset(w http.ResponseWriter, r *http.Request, site trip2g.Site, hash string) bool {
	w.Header().Set("Cache-Control", privateCache.cacheControl)
	w.Header().Set("Vary", privateCache.vary)
	reader := h.identity.Reader(r)
	if site.MayReadAsset(hash, reader) {
		return true
	}
	h.serveNotice(w, r, http.StatusForbidden, site.Withheld(reader), privateCache)
	return false
}

func (h *handler) serveNotFound(w http.ResponseWriter, r *http.Request, site trip2g.Site, reader trip2g.Visitor) {
	h.serveNotice(w, r, http.StatusNotFound, site.NotFound(r.URL.Path, reader), noticeCachePolicy(reader))
}

// serveHTML responds with 200, 206, 304 or 412, as the request's conditions require (RFC 9110,
// section 13).
func (h *handler) serveHTML(w http.ResponseWriter, r *http.Request, site trip2g.Site, page trip2g.Page, cache cachePolicy) {
	if isPartial(r) {
		h.serveParts(w, r, site, page, cache)
		return
	}
	var a fastlane.Response
	plain := plainOf(r)
	plain.ID = forward.RequestID(r.Context())
	h.responder.page(&a, &plain, site, page, cache)
	writeResponse(r.Context(), w, &a)
}

func (h *handler) serveNotice(w http.ResponseWriter, r *http.Request, status int, page trip2g.Page, cache cachePolicy) {
	var a fastlane.Response
	plain := plainOf(r)
	plain.ID = forward.RequestID(r.Context())
	h.responder.notice(&a, &plain, status, page, cache)
	writeResponse(r.Context(), w, &a)
}

// isPartial reports whether a request has a range, or a condition that is rare on reads.
func isPartial(r *http.Request) bool {
	for _, name := range []string{"Range", "If-Match", "If-Unmodified-Since"} {
		if _, ok := r.Header[name]; ok {
			return true
		}
	}
	return false
}

// serveParts serves a partial request through net/http. Ranges refer to the uncompressed page.
func (h *handler) serveParts(w http.ResponseWriter, r *http.Request, site trip2g.Site, page trip2g.Page, cache cachePolicy) {
	body := page.Body(trip2g.Identity)
	header := w.Header()
	header.Set("Cache-Control", cache.cacheControl)
	header.Set("Content-Security-Policy", cspOf(page, r.URL.Path))
	header.Set("Content-Type", page.ContentType())
	header.Set("ETag", body.ETag)
	header.Set("Vary", cache.vary)
	http.ServeContent(w, r, "", site.ModifiedAt(), bytes.NewReader(body.Bytes))
}
