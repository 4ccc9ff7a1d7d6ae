package site

import (
	"strings"
	"unicode/utf16"

	"trip2g/services/trip2g"
)

// Frame is a trip2g.Frame: it has the name, language and stylesheet of the site that is served now.
func (f *Follower) Frame(p trip2g.SystemPage) []byte {
	v := &systemView{view: f.served(p.Reader).view(p.Title, place{address: p.Path, system: true}), Page: p}
	for _, name := range p.Stylesheets {
		v.Stylesheets = append(v.Stylesheets, fileURL(name))
	}
	for _, name := range p.Scripts {
		v.Scripts = append(v.Scripts, fileURL(name))
	}
	v.Hidden, v.Home, v.Explorer = true, false, nil
	return f.rebase(execute("system.html", v))
}

// SearchFrame is a trip2g.SearchFrame.
func (f *Follower) SearchFrame(p trip2g.SearchPage) []byte {
	title := "Search"
	if p.Query != "" {
		title = p.Query + " – " + title
	}
	v := &searchView{view: f.served(p.Reader).view(title, place{address: searchPath, system: true}), Found: p}
	v.Hidden = true
	return f.rebase(execute("search.html", v))
}

// WelcomeFrame is a trip2g.WelcomeFrame.
func (f *Follower) WelcomeFrame(p trip2g.WelcomePage) []byte {
	v := &welcomeView{view: f.served(p.Reader).view("Welcome", place{address: "/"}), Welcome: p}
	v.Hidden, v.Feeds = true, nil
	return execute("welcome.html", v)
}

// welcomeView is what the template of the welcome page is filled with.
type welcomeView struct {
	*view
	Welcome trip2g.WelcomePage
}

const searchPath = systemPrefix + "/search"

// served reads what pages are made of that are none of the site's: an empty content before the first
// one is loaded.
func (f *Follower) served(reader trip2g.Reader) *reading {
	c := emptyContent
	if s := f.current.Load(); s != nil {
		c = s.content
	}
	return newReading(c.scope(reader), nil)
}

// emptyContent is that of no notes.
var emptyContent = newCatalog(&Options{}, nil).content()

// systemView is what the template of a page of the server's own is filled with.
type systemView struct {
	*view
	Page                 trip2g.SystemPage
	Stylesheets, Scripts []string
}

func fileURL(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return StaticURL(name)
}

// searchView is what the template of a search page is filled with.
type searchView struct {
	*view
	Found trip2g.SearchPage
}

// piece is a part of a text that is all marked or not at all.
type piece struct {
	Text string
	Mark bool
}

// marked parts a snippet at its marks. What is no part of the snippet, or not in order, is left out.
func marked(r trip2g.SearchResult) []piece {
	units := utf16.Encode([]rune(r.Snippet))
	var pieces []piece
	at := 0
	add := func(to int, mark bool) {
		if at < to {
			pieces = append(pieces, piece{string(utf16.Decode(units[at:to])), mark})
			at = to
		}
	}
	for _, m := range r.Marks {
		if at <= m[0] && m[0] < m[1] && m[1] <= len(units) {
			add(m[0], false)
			add(m[1], true)
		}
	}
	add(len(units), false)
	return pieces
}

// rightToLeft are the languages that are written so, unless a tag names another script.
var rightToLeft = map[string]bool{
	"ar": true, "ckb": true, "dv": true, "fa": true, "he": true, "ps": true, "sd": true, "ug": true, "ur": true, "yi": true,
}

// directionOf gives the dir attribute of a page in a language, "" for the usual one.
func directionOf(tag string) string {
	language, rest, _ := strings.Cut(strings.ToLower(tag), "-")
	script, _, _ := strings.Cut(rest, "-")
	if script == "arab" || script == "hebr" || rightToLeft[language] && len(script) != len("latn") {
		return "rtl"
	}
	return ""
}
