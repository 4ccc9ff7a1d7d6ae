package http

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"trip2g/services/trip2g"
)

// servePage gives a page from memory: no request reads the database, because reads on a LiteFS
// mount hold replication up.
func (h *handler) servePage(w http.ResponseWriter, r *http.Request) {
	site := h.Site()
	if site == nil {
		starting(w)
		return
	}
	page, redirect := site.Page(r.URL.Path)
	switch {
	case !wellFormed(r.URL.Path):
		h.serveNotFound(w, r, site)
	case redirect != "":
		location := (&url.URL{Path: redirect, RawQuery: r.URL.RawQuery}).String()
		w.Header().Set("Cache-Control", "no-cache")
		http.Redirect(w, r, location, http.StatusFound)
	case page == nil:
		if h.Missing != nil {
			h.Missing(r.URL.Path)
		}
		h.serveNotFound(w, r, site)
	case page.MembersOnly():
		if h.admit(w, r, site) {
			serveHTML(w, r, site, page)
		}
	default:
		servePublic(w, r, site, page)
	}
}

// wellFormed refuses paths that no note can have, so that they are not counted as missing pages.
func wellFormed(path string) bool {
	return utf8.ValidString(path) && !strings.ContainsRune(path, 0) && len(path) <= 2*trip2g.MaxPathLength
}

func servePublic(w http.ResponseWriter, r *http.Request, site trip2g.Site, page trip2g.Page) {
	// Kept by any cache, used only after asking: a published change must be seen at once.
	w.Header().Set("Cache-Control", "public, no-cache")
	serveHTML(w, r, site, page)
}

// admit lets a signed-in reader have what is for members, and answers every other. Neither answer
// is for a cache that several readers share.
func (h *handler) admit(w http.ResponseWriter, r *http.Request, site trip2g.Site) bool {
	w.Header().Set("Cache-Control", "private, no-cache")
	w.Header().Set("Vary", "Cookie, Authorization")
	if h.signedIn(site, r) {
		return true
	}
	writeHTML(w, r, site.MembersOnly(), http.StatusForbidden)
	return false
}

func (h *handler) serveNotFound(w http.ResponseWriter, r *http.Request, site trip2g.Site) {
	w.Header().Set("Cache-Control", "no-cache")
	writeHTML(w, r, site.NotFound(), http.StatusNotFound)
}

// serveHTML answers 200, 206, 304 or 412 as the request's conditions want (RFC 9110, section 13).
func serveHTML(w http.ResponseWriter, r *http.Request, site trip2g.Site, page trip2g.Page) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	body := page.Body(trip2g.Identity)
	header.Set("ETag", body.ETag)
	http.ServeContent(w, r, "", site.ModifiedAt(), bytes.NewReader(body.Bytes))
}

func writeHTML(w http.ResponseWriter, r *http.Request, page trip2g.Page, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(page.Body(trip2g.Identity).Bytes)
	}
}

// starting answers while there is no site yet.
func starting(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, "this node is starting and has no site to show yet; /readyz on its internal port says what it waits for", http.StatusServiceUnavailable)
}
