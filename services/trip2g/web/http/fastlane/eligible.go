package fastlane

import (
	"net/http"
	"strings"
)

// The header fields of a request decide whether it is plain. A field in neither list may concern
// the body or the connection, so that the lane leaves its request to net/http. Once net/http has
// parsed the request, such a field has no effect on a page.
var (
	// plainFields are the names, in lower case, of the fields that the lane accepts.
	plainFields = setOf(
		"accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "connection", "cookie", "dnt",
		"host",
		"if-modified-since", "if-none-match", "origin", "pragma", "priority", "purpose", "referer", "save-data",
		"sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site",
		"sec-fetch-user", "sec-gpc", "sec-purpose", "upgrade-insecure-requests", "user-agent",
		"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-request-id",
	)
	// excludedFields are the canonical names of the fields that a Handler does not implement:
	// credentials, ranges, rare conditions, and the mark of a proxied request.
	excludedFields = []string{"Authorization", "If-Match", "If-Range", "If-Unmodified-Since", "Range", "Via"}
)

// excludedPrefix starts the names of trip2g's own fields, such as the position to wait for.
const excludedPrefix = "X-Trip2g-"

// longestField is the length of the longest of plainFields.
const longestField = len("upgrade-insecure-requests")

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// IsPlain reports whether a Handler may respond to a request that net/http has parsed.
func IsPlain(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || len(r.Header["Cookie"]) > 1 {
		return false
	}
	for _, name := range excludedFields {
		if _, has := r.Header[name]; has {
			return false
		}
	}
	for name := range r.Header {
		if strings.HasPrefix(name, excludedPrefix) {
			return false
		}
	}
	return true
}
