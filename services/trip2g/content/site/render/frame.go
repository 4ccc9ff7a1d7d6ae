package render

import (
	"strings"
	"unicode/utf16"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/i18n"
)

// Frame implements trip2g.SystemPageRenderer with the name, language and stylesheet of the current
// site.
func (s *Site) Frame(p trip2g.SystemPage) []byte {
	r := s.frameContext(p.Visitor)
	r.texts = i18n.ForSite(p.Lang)
	v := &systemData{pageData: r.pageData(p.Title, pagePosition{url: p.Path, system: true}), Page: p}
	v.Lang = r.texts.Tag()
	for _, name := range p.Stylesheets {
		v.Stylesheets = append(v.Stylesheets, fileURL(name))
	}
	for _, name := range p.Scripts {
		v.Scripts = append(v.Scripts, fileURL(name))
	}
	v.Hidden, v.Home, v.Explorer = true, false, nil
	return s.rebaseLinks(executeTemplate(r.texts, "system.html", v))
}

// SearchFrame implements trip2g.SearchPageRenderer.
func (s *Site) SearchFrame(p trip2g.SearchPage) []byte {
	r := s.frameContext(p.Visitor)
	title := r.texts.Text("page.search")
	if p.Query != "" {
		title = p.Query + " – " + title
	}
	v := &searchData{pageData: r.pageData(title, pagePosition{url: searchPath, system: true}), Found: p}
	if p.Err != nil {
		v.Message = r.texts.Text(searchErrorKey(p.Err))
	}
	v.Hidden = true
	return s.rebaseLinks(executeTemplate(r.texts, "search.html", v))
}

// WelcomeFrame implements trip2g.WelcomePageRenderer.
func (s *Site) WelcomeFrame(p trip2g.WelcomePage) []byte {
	r := s.frameContext(p.Visitor)
	v := &welcomeData{pageData: r.pageData(r.texts.Text("welcome.title"), pagePosition{url: "/"}), Welcome: p}
	v.Hidden, v.Feeds = true, nil
	return executeTemplate(r.texts, "welcome.html", v)
}

// welcomeData is the data of the welcome template.
type welcomeData struct {
	*pageData
	Welcome trip2g.WelcomePage
}

const searchPath = systemPrefix + "/search"

// frameContext returns the context for a page outside the site.
func (s *Site) frameContext(reader trip2g.Visitor) *renderContext {
	return newRenderContext(s.scopeFor(reader), nil)
}

// systemData is the data of the template for the server's own pages.
type systemData struct {
	*pageData
	Page                 trip2g.SystemPage
	Stylesheets, Scripts []string
}

func fileURL(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return StaticURL(name)
}

// searchErrorKey returns the key of the message for a failed search.
func searchErrorKey(err error) string {
	if trip2g.ErrorCode(err) == trip2g.EINTERNAL {
		return "error.internal"
	}
	return "search.unavailable"
}

// searchData is the data of the search template.
type searchData struct {
	*pageData
	Found   trip2g.SearchPage
	Message string // why the search failed; "" if it did not
}

// snippetPart is a part of a snippet, marked as a whole or not at all.
type snippetPart struct {
	Text string
	Mark bool
}

// highlight splits a snippet at its marks. Marks out of range or out of order are ignored.
func highlight(r trip2g.SearchResult) []snippetPart {
	units := utf16.Encode([]rune(r.Snippet))
	var parts []snippetPart
	start := 0
	add := func(end int, marked bool) {
		if start < end {
			parts = append(parts, snippetPart{string(utf16.Decode(units[start:end])), marked})
			start = end
		}
	}
	for _, m := range r.Marks {
		if start <= m[0] && m[0] < m[1] && m[1] <= len(units) {
			add(m[0], false)
			add(m[1], true)
		}
	}
	add(len(units), false)
	return parts
}

// rtlLanguages are written from right to left, unless the language tag names another script.
var rtlLanguages = map[string]bool{
	"ar": true, "ckb": true, "dv": true, "fa": true, "he": true, "ps": true, "sd": true, "ug": true, "ur": true, "yi": true,
}

// textDirection returns the dir attribute for a language, "" for the default.
func textDirection(tag string) string {
	language, rest, _ := strings.Cut(strings.ToLower(tag), "-")
	script, _, _ := strings.Cut(rest, "-")
	if script == "arab" || script == "hebr" || rtlLanguages[language] && len(script) != len("latn") {
		return "rtl"
	}
	return ""
}
