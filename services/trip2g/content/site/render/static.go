package render

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"
)

// StaticPrefix starts the URL paths of the theme's files.
const StaticPrefix = "/_system/static/"

//go:embed static
var staticFiles embed.FS

var (
	staticHash    = hashOfStatic()
	stylesheetURL = StaticURL("site.css")
	iconURL       = StaticURL("icon.svg")

	// readingScripts are independent of each other: a failure of one does not affect the others.
	readingScripts = []string{StaticURL("explorer.js"), StaticURL("reading.js"), StaticURL("search.js"), StaticURL("preview.js"), StaticURL("graph.js")}
)

// StaticURL returns the URL path of a file of the theme. It contains a hash of all files, so that
// the file can be cached forever and can reference others by relative path. It panics if there is
// no such file.
func StaticURL(name string) string {
	if _, err := fs.Stat(staticFiles, "static/"+name); err != nil {
		panic(err)
	}
	return StaticPrefix + staticHash + "/" + name
}

func hashOfStatic() string {
	sum := sha256.New()
	fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := staticFiles.ReadFile(name)
		fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:hashBytes])
}

// hashBytes is the length of the SHA-256 prefix in the URLs.
const hashBytes = 8

func isHash(s string) bool {
	sum, err := hex.DecodeString(s)
	return err == nil && len(sum) == hashBytes
}

// StaticHandler serves the theme's files under StaticPrefix. During a rolling upgrade, a page of
// one version may request a file from a node of another version: that node serves its own file,
// uncached.
func StaticHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hash, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, StaticPrefix), "/")
		content, err := staticFiles.ReadFile("static/" + name)
		if err != nil || !isHash(hash) {
			http.NotFound(w, r)
			return
		}
		header := w.Header()
		if hash == staticHash {
			header.Set("Cache-Control", "public, max-age=31536000, immutable")
			header.Set("ETag", `"`+hash+`"`)
		} else {
			header.Set("Cache-Control", "no-cache")
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
	})
}
