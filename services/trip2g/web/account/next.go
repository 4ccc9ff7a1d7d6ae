package account

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"
)

// maxNext bounds the address that a sign-in leads to, in bytes.
const maxNext = 4 << 10

// localURL gives an address if it is one of this site's, a path with perhaps a query, and "" for every
// other. Browsers take "\" for "/", leave out tabs and line ends, and read what begins with two slashes as
// another host.
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

// nextOf tells where a sign-in shall lead to: where the link says, else the page that it was on.
func nextOf(r *http.Request) string {
	if next := r.URL.Query().Get("next"); next != "" {
		return localURL(next)
	}
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host == "" || !strings.EqualFold(from.Host, r.Host) {
		return ""
	}
	return localURL(from.RequestURI())
}
