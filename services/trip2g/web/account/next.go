package account

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

// maxNext is the maximum length of the URL to continue at after signing in, in bytes.
const maxNext = 4 << 10

// localURL returns a URL if it is a path of this site with an optional query, else "". Browsers
// treat "\" as "/", ignore tabs and line ends, and interpret a leading "//" as another host.
func localURL(address string) string {
	if len(address) > maxNext || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") ||
		strings.ContainsFunc(address, func(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.IsSpace(r) }) {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil || u.Host != "" || u.Scheme != "" {
		return ""
	}
	switch u.Path {
	case SignInPath, CodePath, SignOutPath:
		return ""
	}
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String()
}

// nextURL returns the URL to continue at after signing in: the link's parameter, else the referring
// page.
func nextURL(r *http.Request) string {
	if next := r.URL.Query().Get("next"); next != "" {
		return localURL(next)
	}
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host == "" || !strings.EqualFold(from.Host, r.Host) {
		return ""
	}
	return localURL(from.RequestURI())
}
