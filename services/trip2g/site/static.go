package site

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"time"
)

// StaticPrefix is where the look's own files are.
const StaticPrefix = "/_system/static/"

//go:embed static
var staticFiles embed.FS

var (
	stylesheetURL = staticURL("site.css")
	iconURL       = staticURL("icon.svg")
)

// staticURL names a file by its content, so that what it gives never changes.
func staticURL(name string) string {
	content, err := staticFiles.ReadFile("static/" + name)
	if err != nil {
		panic(err) // embedded: it is there
	}
	sum := sha256.Sum256(content)
	return StaticPrefix + hex.EncodeToString(sum[:hashBytes]) + "/" + name
}

// hashBytes is how much of a file's SHA-256 its address has.
const hashBytes = 8

func isHash(s string) bool {
	sum, err := hex.DecodeString(s)
	return err == nil && len(sum) == hashBytes
}

// StaticHandler serves the files that pages refer to, under StaticPrefix. While nodes are upgraded one by
// one, a page of one version may ask a node of another for its file: it gets its own, uncached.
func StaticHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, StaticPrefix), "/")
		content, err := staticFiles.ReadFile(path.Join("static", path.Base(name)))
		if err != nil || !isHash(hash) || path.Base(name) != name {
			http.NotFound(w, r)
			return
		}
		header := w.Header()
		if r.URL.Path == staticURL(name) {
			header.Set("Cache-Control", "public, max-age=31536000, immutable")
			header.Set("ETag", `"`+hash+`"`)
		} else {
			header.Set("Cache-Control", "no-cache")
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	})
}
