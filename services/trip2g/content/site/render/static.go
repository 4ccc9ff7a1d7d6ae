package render

import (
	"embed"
	"net/http"

	"trip2g/internal/versionedfs"
	"trip2g/services/trip2g"
)

// StaticPrefix starts the URL paths of the theme's files.
const StaticPrefix = trip2g.SystemPrefix + "static/"

//go:embed static
var staticFiles embed.FS

var (
	themeFiles    = versionedfs.New(staticFiles, "static", StaticPrefix)
	stylesheetURL = StaticURL("site.css")
	iconURL       = StaticURL("icon.svg")

	// readingScripts are independent of each other: a failure of one does not affect the others.
	readingScripts = []string{StaticURL("explorer.js"), StaticURL("reading.js"), StaticURL("search.js"), StaticURL("preview.js"), StaticURL("graph.js")}
)

// StaticURL returns the URL path of a file of the theme. It panics if there is no such file.
func StaticURL(name string) string { return themeFiles.URL(name) }

// StaticHandler serves the theme's files under StaticPrefix.
func StaticHandler() http.Handler { return themeFiles }
