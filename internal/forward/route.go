package forward

import "net/http"

// isReadOnly reports whether a replica serves requests with this method itself: GET, HEAD and
// OPTIONS, in upper case only (methods are case-sensitive: RFC 9110, section 9.1).
func isReadOnly(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	}
	return false
}

// RouteByMethod returns a handler that runs local for the methods that a replica serves itself and
// remote for all others. It decides before either has run, so that no request takes effect on two
// nodes.
func RouteByMethod(local, remote http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isReadOnly(r.Method) {
			local.ServeHTTP(w, r)
			return
		}
		remote.ServeHTTP(w, r)
	})
}
