package http

import (
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/web/httpx"
)

// publicAsset is the Cache-Control of a file that everyone may read. Its URL names its content, but who may
// read it changes with the notes that refer to it: a shared cache that kept it for good would go on
// serving what was taken back. Within the minute a page's images are not asked for again.
const publicAsset = "public, max-age=60, must-revalidate"

// serveAsset serves a file that a published note refers to now. Only files that the site knows are looked up at all: what is staged,
// hidden or referred to no more is a 404. An address that the API has signed serves its file to whoever
// has it, as long as a note refers to the file.
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
		h.serveNotFound(w, r, site, trip2g.Anyone)
		return
	case !public && !h.admitToAsset(w, r, site, hash):
		return
	case public:
		header.Set("Cache-Control", publicAsset)
	}
	etag := `"` + hash + `"`
	if !isPartial(r) && matches(joined(r.Header["If-None-Match"]), etag) {
		header.Set("ETag", etag)
		w.WriteHeader(http.StatusNotModified) // known without opening the file
		return
	}
	body, err := h.Assets.OpenAsset(r.Context(), hash)
	if signed && trip2g.ErrorCode(err) == trip2g.ENOTFOUND { // this node has not followed that far yet
		h.serveNotFound(w, r, site, trip2g.Anyone)
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
	header.Set("Content-Security-Policy", assetPolicy(contentType))
	http.ServeContent(w, r, "", time.Time{}, body)
}

// isReferenced asks the database about a file that no page has: a note without a page or a staged one may.
func (h *handler) isReferenced(r *http.Request, hash string) bool {
	referenced, err := h.Assets.IsReferenced(r.Context(), hash)
	if err != nil {
		zerolog.Ctx(r.Context()).Error().Err(err).Str("asset", hash).Msg("look for a file's notes")
	}
	return err == nil && referenced
}

// fileType returns the media type that a file of the vault is served with. A script's is that of plain text:
// a browser that may not guess types (X-Content-Type-Options) runs no such file, so that the scripts of this
// origin are the server's own, wherever the policy says 'self'.
func fileType(name string) string {
	contentType := trip2g.ContentType(name)
	if strings.HasPrefix(contentType, "text/javascript") {
		return "text/plain; charset=utf-8"
	}
	return contentType
}

// policyOf returns what a page at a URL path may do in a browser. A note that is served as it is written, as
// XML for one, is as foreign as a file: it may run no script of this origin's.
func policyOf(page trip2g.Page, urlPath string) string {
	if contentType := page.ContentType(); !strings.HasPrefix(contentType, "text/html") {
		return assetPolicy(contentType)
	}
	return policyAt(urlPath)
}

// policyAt returns what an HTML page at a URL path may do.
func policyAt(urlPath string) string {
	if strings.HasPrefix(urlPath, SystemPrefix) {
		return systemPolicy
	}
	return contentPolicy
}

// assetPolicy says what a file of the vault may do that a browser opens by itself. An SVG or HTML file is a
// document of this origin: it may not run scripts in it. A PDF is shown by the browser's own viewer, which
// works in no sandbox and needs to come into pages of this site.
func assetPolicy(contentType string) string {
	if contentType == "application/pdf" {
		return "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
	}
	return "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
}
