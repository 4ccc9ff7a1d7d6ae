package site

import (
	"bytes"
	"embed"
	"html/template"
	"net/url"

	"trip2g/services/trip2g"
)

//go:embed layout.html welcome.html
var templateFiles embed.FS

var templates = template.Must(template.ParseFS(templateFiles, "*.html"))

const (
	notFoundText    = "There is no page at this address. It may have been renamed or taken down."
	membersOnlyText = "This page is for members of this site. Sign in to read it."
)

// content is what the layout shows.
type content struct {
	SiteName    string
	Nav         []link
	Stylesheet  string
	Lang        string
	Title       string
	Description string
	ShowTitle   bool // the body has no heading of its own
	Body        template.HTML
	Listing     []link
	NoIndex     bool // not for search engines
}

func (s *snapshot) frame(title string) content {
	return content{SiteName: s.name, Nav: s.nav, Stylesheet: stylesheetURL, Lang: "en", Title: title, ShowTitle: true}
}

// content gives a page's, with every link resolved.
func (s *snapshot) content(p *page) content {
	if len(s.pages) == 1 && p.entry == nil {
		return s.welcome()
	}
	c := s.frame(p.title)
	c.Listing = p.listing
	if p.entry == nil {
		return c
	}
	doc := p.entry.doc
	c.Description, c.ShowTitle = doc.Description, !doc.TitleInBody
	if doc.Lang != "" {
		c.Lang = doc.Lang
	}
	body, err := s.render(doc, s.linksOf(p.entry.note))
	if err != nil { // the body is then the text as it stands
		s.log.Error().Err(err).Str("note", p.entry.note.Path).Msg("a note could not be rendered")
	}
	c.Body = template.HTML(body)
	return c
}

// welcome is the first page of a node that nothing has been published to.
func (s *snapshot) welcome() content {
	c := s.frame("Welcome to trip2g")
	var body bytes.Buffer
	if err := templates.ExecuteTemplate(&body, "welcome.html", nil); err != nil {
		panic(err) // it takes no data
	}
	c.Body = template.HTML(body.String())
	return c
}

func (s *snapshot) message(title, text string) content {
	c := s.frame(title)
	c.Body = template.HTML("<p>" + template.HTMLEscapeString(text) + "</p>\n<p><a href=\"/\">Go to the start page</a></p>\n")
	c.NoIndex = true
	return c
}

// document makes the HTML document.
func (c content) document() []byte {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, "layout.html", c); err != nil {
		panic(err) // writing to memory does not fail, and the template takes any content
	}
	return out.Bytes()
}

// escapePath writes an address as it stands in a link.
func escapePath(path string) string { return (&url.URL{Path: path}).EscapedPath() }

var _ trip2g.Site = (*snapshot)(nil)
