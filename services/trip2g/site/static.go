package site

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"time"
)

// StaticPrefix is where the addresses of the look's own files start.
const StaticPrefix = "/_system/static/"

//go:embed site.css
var stylesheet []byte

// The address names the content, so that a cache may keep it for good.
var (
	stylesheetHash = func() string {
		sum := sha256.Sum256(stylesheet)
		return hex.EncodeToString(sum[:8])
	}()
	stylesheetURL = StaticPrefix + stylesheetHash + "/site.css"
)

// StaticHandler serves the look's own files.
func StaticHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != stylesheetURL {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		w.Header().Set("ETag", `"`+stylesheetHash+`"`)
		http.ServeContent(w, r, "site.css", time.Time{}, bytes.NewReader(stylesheet))
	})
}
