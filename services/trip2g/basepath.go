package trip2g

import "strings"

// BasePath is the URL path below which a site is served, without a trailing slash: "" for the root
// of its host. The site's own paths do not depend on it.
type BasePath string

// innerSystem replaces SystemRoot below a base path. No note has such a segment.
const innerSystem = "/_"

// Outer returns the public URL path of a path of the site.
func (b BasePath) Outer(path string) string {
	if b == "" {
		return path
	}
	if IsReserved(path) {
		path = innerSystem + strings.TrimPrefix(path, SystemRoot)
	}
	return string(b) + path
}

// Inner returns the site's path for a public URL path below the base path.
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
