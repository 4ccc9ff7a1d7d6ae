package trip2g

import "strings"

// BasePath is the URL path below which a site is served: "" for the root of its host, else without
// a slash at its end. Inside, the site has the same paths wherever it is served.
type BasePath string

// innerSystem stands for SystemRoot below a base path. No note has such a segment.
const innerSystem = "/_"

// Outer returns the URL path at which a browser finds what the site has at a path.
func (b BasePath) Outer(path string) string {
	if b == "" {
		return path
	}
	if IsReserved(path) {
		path = innerSystem + strings.TrimPrefix(path, SystemRoot)
	}
	return string(b) + path
}

// Inner returns the site's path for one that a browser asks for below the base path.
func (b BasePath) Inner(path string) string {
	if b == "" {
		return path
	}
	path = strings.TrimPrefix(path, string(b))
	if rest, ok := strings.CutPrefix(path, innerSystem+"/"); ok {
		return SystemPrefix + rest
	}
	return path
}
