package graphql

import "net/http"

// PreflightHeader is a header that no form can send, with any value. A script of another site can
// send it only after a preflight (CORS). The GraphQL multipart request specification names it.
const PreflightHeader = "GraphQL-Require-Preflight"

// isNavigation reports whether a browser will show the response as a page, in a window or a frame
// (Fetch Metadata Request Headers). Then a click has sent the request, not a script.
func isNavigation(h http.Header) bool {
	switch h.Get("Sec-Fetch-Dest") {
	case "", "empty":
	default:
		return true
	}
	mode := h.Get("Sec-Fetch-Mode")
	return mode == "navigate" || mode == "nested-navigate"
}

// needsScript reports whether only a script can make a browser send the request: a form's body is
// never JSON, and has no headers of its own. For browsers without Fetch Metadata this is the only
// check.
func needsScript(r *http.Request) bool {
	return hasMediaType(r, "application/json") || r.Header.Get(PreflightHeader) != ""
}
