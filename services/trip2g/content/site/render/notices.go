package render

import (
	"net/url"
	"strings"

	"trip2g/services/trip2g/content/site/index"
)

// membersOnlyPage replaces a page that is withheld from the reader; url is "" if it must not be
// revealed.
type membersOnlyPage struct {
	url    string
	system bool // see pagePosition
}

func (g membersOnlyPage) key() string {
	if g.system {
		return "members only\n" + g.url
	}
	return "members\n" + g.url
}

func (g membersOnlyPage) contentType() string { return htmlType }

func (g membersOnlyPage) render(r *renderContext) []byte {
	v := r.pageData("For members", pagePosition{system: g.system})
	v.SignIn = signInURL(g.url)
	v.Hidden = true
	if r.Reader.IsSignedIn() {
		v.Title, v.Heading = "For other members", "For other members"
		v.Message = "This page is for members of a group that you are not in. The owner of this site can add you."
	} else {
		v.Message, v.OffersSignIn = "This page is for members of this site. Sign in to read it.", true
	}
	return executeTemplate("notice.html", v)
}

// notFoundPage is the 404 page. All URLs with the same suggestions share one, so that the number of
// cached pages is bounded by the vault, not by the URLs requested.
type notFoundPage struct {
	suggestions string // URLs, one per line
	system      bool   // see pagePosition
}

func (m notFoundPage) key() string {
	if m.system {
		return "not found below /_system/\n" + m.suggestions
	}
	return "not found\n" + m.suggestions
}

func (m notFoundPage) contentType() string { return htmlType }

func (m notFoundPage) render(r *renderContext) []byte {
	v := r.pageData("Page not found", pagePosition{system: m.system})
	v.Message, v.Hidden = "There is no page at this address. It may have been moved, renamed or taken back.", true
	for url := range strings.Lines(m.suggestions) {
		url = strings.TrimSuffix(url, "\n")
		if found := r.pageSummary(url); found.title != "" {
			v.Suggestions = append(v.Suggestions, index.ListItem{Title: found.title, URL: url, Description: strings.TrimPrefix(url, "/")})
		}
	}
	return executeTemplate("notice.html", v)
}

// noSitemapPage replaces the sitemap if the site's base URL is unknown.
type noSitemapPage struct{}

func (noSitemapPage) key() string { return "no sitemap" }

func (noSitemapPage) contentType() string { return htmlType }

func (noSitemapPage) render(r *renderContext) []byte {
	v := r.pageData("No sitemap", pagePosition{})
	v.Message, v.Hidden = "A sitemap names whole addresses, and this site does not know its own: set TRIP2G_PUBLIC_URL on the leader.", true
	return executeTemplate("notice.html", v)
}

// signInURL returns the URL of the sign-in page that leads back to address.
func signInURL(address string) string {
	const page = systemPrefix + "/signin"
	if address == "" {
		return page
	}
	return page + "?" + url.Values{"next": {address}}.Encode()
}
