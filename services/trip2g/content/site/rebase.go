package site

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"

	"trip2g/services/trip2g"
)

// sitePaths start the server's own paths that each site has for itself. A link to any other one leads
// to the node's, wherever the site is served.
var sitePaths = []string{treePrefix, graphPrefix, previewPrefix, searchPath, strings.TrimSuffix(trip2g.AssetPrefix, "/")}

// outer returns a URL path of the site, ready or not, as a browser asks for it.
func (o *Options) outer(url string) string {
	if o.BasePath == "" || !strings.HasPrefix(url, "/") || strings.HasPrefix(url, "//") {
		return url
	}
	if !trip2g.IsReserved(url) {
		return o.BasePath.Outer(url)
	}
	for _, p := range sitePaths {
		if rest, ok := strings.CutPrefix(url, p); ok && (rest == "" || strings.ContainsAny(rest[:1], "/?#.")) {
			return o.BasePath.Outer(url)
		}
	}
	return url
}

// leavesSite marks an element whose URL is the node's, not the site's.
const leavesSite = "data-leaves-site"

// rebase rewrites the URLs of a page for a site that is served below a base path.
func (o *Options) rebase(page []byte) []byte {
	if o.BasePath == "" {
		return page
	}
	var out bytes.Buffer
	out.Grow(len(page) + len(page)/16)
	for z := html.NewTokenizer(bytes.NewReader(page)); z.Next() != html.ErrorToken; {
		raw := bytes.Clone(z.Raw()) // reading the token overwrites it
		if token := z.Token(); o.rebaseToken(&token) {
			out.WriteString(token.String())
		} else {
			out.Write(raw)
		}
	}
	return out.Bytes()
}

// rebaseToken rewrites the URLs of one tag, and reports whether it has any.
func (o *Options) rebaseToken(t *html.Token) (changed bool) {
	if t.Type != html.StartTagToken && t.Type != html.SelfClosingTagToken {
		return false
	}
	for _, a := range t.Attr {
		if a.Key == leavesSite {
			return false
		}
	}
	for i, a := range t.Attr {
		switch a.Key {
		case "href", "src", "action", "data", "poster", "data-tree", "data-graph":
			if url := o.outer(a.Val); url != a.Val {
				t.Attr[i].Val, changed = url, true
			}
		}
	}
	return changed
}
