package site

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

// StaticPrefix is where the look's own files are.
const StaticPrefix = "/_system/static/"

//go:embed static
var staticFiles embed.FS

var (
	staticHash    = hashOfStatic()
	stylesheetURL = StaticURL("site.css")
	iconURL       = StaticURL("icon.svg")

	// Each of the reading pages' scripts has one subject and needs no other: one that fails takes nothing
	// else with it.
	readingScripts = []string{StaticURL("explorer.js"), StaticURL("reading.js"), StaticURL("search.js"), StaticURL("preview.js"), StaticURL("graph.js")}
)

// StaticURL gives the URL path of one of the look's own files. It names the content of them all, so
// that what it gives never changes, and a file can refer to another one beside it. A name that is none
// of theirs is a fault of the program's.
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

// hashBytes is how much of the files' SHA-256 their addresses have.
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
