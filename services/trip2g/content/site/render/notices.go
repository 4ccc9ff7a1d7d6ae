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
	v := r.pageData(r.texts.Text("notice.members"), pagePosition{system: g.system})
	v.SignIn = signInURL(g.url)
	v.Hidden = true
	if r.Reader.IsSignedIn() {
		v.Title = r.texts.Text("notice.groups")
		v.Heading, v.Message = v.Title, r.texts.Text("notice.groups_text")
	} else {
		v.Message, v.OffersSignIn = r.texts.Text("notice.members_text"), true
	}
	return executeTemplate(r.texts, "notice.html", v)
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
	v := r.pageData(r.texts.Text("notice.not_found"), pagePosition{system: m.system})
	v.Message, v.Hidden = r.texts.Text("notice.not_found_text"), true
	for url := range strings.Lines(m.suggestions) {
		url = strings.TrimSuffix(url, "\n")
		if found := r.pageSummary(url); found.title != "" {
			v.Suggestions = append(v.Suggestions, index.ListItem{Title: found.title, URL: url, Description: strings.TrimPrefix(url, "/")})
		}
	}
	return executeTemplate(r.texts, "notice.html", v)
}

// noSitemapPage replaces the sitemap if the site's base URL is unknown.
type noSitemapPage struct{}

func (noSitemapPage) key() string { return "no sitemap" }

func (noSitemapPage) contentType() string { return htmlType }

func (noSitemapPage) render(r *renderContext) []byte {
	v := r.pageData(r.texts.Text("notice.no_sitemap"), pagePosition{})
	v.Message, v.Hidden = r.texts.Text("notice.no_sitemap_text"), true
	return executeTemplate(r.texts, "notice.html", v)
}

// signInURL returns the URL of the sign-in page that leads back to address.
func signInURL(address string) string {
	const page = systemPrefix + "/signin"
	if address == "" {
		return page
	}
	return page + "?" + url.Values{"next": {address}}.Encode()
}
