package render

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"

	"trip2g/services/trip2g"
)

// sitePaths start the reserved URL paths that each site has for itself. All other reserved paths
// belong to the node, wherever the site is served.
var sitePaths = []string{treePrefix, graphPrefix, previewPrefix, searchPath, strings.TrimSuffix(trip2g.AssetPrefix, "/")}

// externalURL returns a URL path of the site as a browser requests it. The path may be escaped.
func (o *Options) externalURL(url string) string {
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

// leavesSiteAttr marks an element whose URL belongs to the node, not to the site.
const leavesSiteAttr = "data-leaves-site"

// rebaseLinks rewrites the URLs in a page of a site below a base path.
func (o *Options) rebaseLinks(page []byte) []byte {
	if o.BasePath == "" {
		return page
	}
	var out bytes.Buffer
	out.Grow(len(page) + len(page)/16)
	for z := html.NewTokenizer(bytes.NewReader(page)); z.Next() != html.ErrorToken; {
		raw := bytes.Clone(z.Raw()) // Token overwrites it
		if token := z.Token(); o.rebaseToken(&token) {
			out.WriteString(token.String())
		} else {
			out.Write(raw)
		}
	}
	return out.Bytes()
}

// rebaseToken rewrites the URLs of a tag and reports whether there were any.
func (o *Options) rebaseToken(t *html.Token) (changed bool) {
	if t.Type != html.StartTagToken && t.Type != html.SelfClosingTagToken {
		return false
	}
	for _, a := range t.Attr {
		if a.Key == leavesSiteAttr {
			return false
		}
	}
	for i, a := range t.Attr {
		switch a.Key {
		case "href", "src", "action", "data", "poster", "data-tree", "data-graph":
			if url := o.externalURL(a.Val); url != a.Val {
				t.Attr[i].Val, changed = url, true
			}
		}
	}
	return changed
}
