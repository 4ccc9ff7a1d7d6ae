package http

import (
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// publicAsset is the Cache-Control of a public file. Its URL names its content, but its access
// changes with the notes that refer to it: a shared cache would otherwise serve a file after it was
// unpublished. Within a minute browsers do not request a page's images again.
const publicAsset = "public, max-age=60, must-revalidate"

// serveAsset serves a file that a published note refers to. Staged, unpublished and unreferenced
// files are a 404. A signed URL from the API serves its file to anyone as long as a note refers to
// the file.
func (h *handler) serveAsset(w http.ResponseWriter, r *http.Request) {
	site := h.Site()
	if site == nil {
		httpx.ServeError(w, trip2g.ErrStarting)
		return
	}
	hash, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, trip2g.AssetPrefix), "/")
	asset, public, ok := site.Asset(hash)
	if !ok && h.CatchUp != nil {
		h.CatchUp(r.Context())
		site = h.Site()
		asset, public, ok = site.Asset(hash)
	}
	signed := !public && h.Signer != nil && h.Signer.Allows(hash, r.URL.Query(), time.Now())
	header := w.Header()
	switch {
	case signed && (ok || h.isReferenced(r, hash)):
		header.Set("Cache-Control", "private, no-store")
	case !ok:
		h.serveNotFound(w, r, site, trip2g.Anonymous)
		return
	case !public && !h.admitToAsset(w, r, site, hash):
		return
	case public:
		header.Set("Cache-Control", publicAsset)
	}
	etag := `"` + hash + `"`
	if !isPartial(r) && matches(joined(r.Header["If-None-Match"]), etag) {
		header.Set("ETag", etag)
		w.WriteHeader(http.StatusNotModified) // without opening the file
		return
	}
	body, err := h.Assets.OpenAsset(r.Context(), hash)
	if signed && trip2g.ErrorCode(err) == trip2g.ENOTFOUND { // this node is not up to date
		h.serveNotFound(w, r, site, trip2g.Anonymous)
		return
	}
	if err != nil {
		zerolog.Ctx(r.Context()).Error().Err(err).Str("asset", hash).Msg("open a file that a note refers to")
		httpx.ServeError(w, err)
		return
	}
	defer body.Close()
	header.Set("ETag", etag)
	contentType := fileType(asset.AbsolutePath)
	header.Set("Content-Type", contentType)
	header.Set("Content-Security-Policy", assetCSP(contentType))
	http.ServeContent(w, r, "", time.Time{}, body)
}

// isReferenced reports whether the database has a note that refers to a file, with or without a
// page.
func (h *handler) isReferenced(r *http.Request, hash string) bool {
	referenced, err := h.Assets.IsReferenced(r.Context(), hash)
	if err != nil {
		zerolog.Ctx(r.Context()).Error().Err(err).Str("asset", hash).Msg("look for a file's notes")
	}
	return err == nil && referenced
}

// fileType returns the media type of a file of the vault. Scripts are served as plain text, which
// browsers do not run (X-Content-Type-Options). Therefore 'self' in a policy means the server's own
// scripts.
func fileType(name string) string {
	contentType := trip2g.ContentType(name)
	if strings.HasPrefix(contentType, "text/javascript") {
		return "text/plain; charset=utf-8"
	}
	return contentType
}

// cspOf returns the Content-Security-Policy of a page. A note that is served verbatim, for example
// as XML, has the policy of a file: it may not run scripts of this origin.
func cspOf(page trip2g.Page, urlPath string) string {
	if contentType := page.ContentType(); !strings.HasPrefix(contentType, "text/html") {
		return assetCSP(contentType)
	}
	return cspAt(urlPath)
}

// cspAt returns the Content-Security-Policy of an HTML page at a URL path.
func cspAt(urlPath string) string {
	if strings.HasPrefix(urlPath, trip2g.SystemPrefix) {
		return systemCSP
	}
	return contentCSP
}

// assetCSP returns the Content-Security-Policy of a file of the vault that is opened directly. An
// SVG or HTML file is a document of this origin, so it may not run scripts. Browsers show a PDF in
// their own viewer, which does not work in a sandbox and which pages of this site embed.
func assetCSP(contentType string) string {
	if contentType == "application/pdf" {
		return "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
	}
	return "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
}
