package notfound

import (
	"path"
	"slices"
	"strings"
)

// noise lists what browsers, search engines and scanners request from every site, whatever it links
// to. No owner can fix it, and in a list of broken URLs it hides those that readers follow.
var noise = []string{
	"/favicon.ico", "/favicon.png", "/favicon.svg", "/manifest.json", "/manifest.webmanifest", "/site.webmanifest", "/browserconfig.xml",
	"/sw.js", "/service-worker.js", "/robots.txt", "/sitemap.xml", "/ads.txt", "/app-ads.txt", "/humans.txt", "/security.txt",
	"/crossdomain.xml", "/clientaccesspolicy.xml", "/xmlrpc.php", "/llms.txt",
}

// isNoise reports whether a URL path is noise. A page that exists at such a path is never counted.
func isNoise(urlPath string) bool {
	lower := strings.ToLower(urlPath)
	switch {
	case slices.Contains(noise, lower), strings.HasPrefix(lower, "/.well-known/"), strings.HasPrefix(lower, "/apple-touch-icon"):
		return true
	case strings.HasPrefix(lower, "/wp-"), strings.Contains(lower, "/wp-includes/"), strings.Contains(lower, "/wp-admin/"):
		return true
	// No page has such a name.
	case strings.HasPrefix(lower, "/."), strings.Contains(lower, "/.git/"), strings.Contains(lower, "/.env"):
		return true
	}
	switch path.Ext(lower) {
	case ".php", ".asp", ".aspx", ".jsp", ".cgi":
		return true
	}
	return false
}
