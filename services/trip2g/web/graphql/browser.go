package graphql

import "net/http"

// PreflightHeader is a header that no form can send, with any value. A script of another site can send it
// only after a preflight (CORS). The GraphQL multipart request specification names it.
const PreflightHeader = "GraphQL-Require-Preflight"

// isNavigation reports whether a browser says that it will show the answer as a page, in a window or a frame
// (Fetch Metadata Request Headers): then a click has sent the request, and no script.
func isNavigation(h http.Header) bool {
	switch h.Get("Sec-Fetch-Dest") {
	case "", "empty":
	default:
		return true
	}
	mode := h.Get("Sec-Fetch-Mode")
	return mode == "navigate" || mode == "nested-navigate"
}

// needsScript reports whether a browser can send the request only for a script: a form's body is never JSON,
// and has no headers of its own. Browsers without Fetch Metadata are held off by this alone.
func needsScript(r *http.Request) bool {
	return hasMediaType(r, "application/json") || r.Header.Get(PreflightHeader) != ""
}
