package site

import (
	"strings"

	"trip2g/services/trip2g"
)

// Frame is a trip2g.Frame: it has the name, language and stylesheet of the site that is served now.
func (f *Follower) Frame(p trip2g.SystemPage) []byte {
	c := &content{layout: &layout{name: "trip2g", lang: "en"}}
	if s, ok := f.Current().(*snapshot); ok {
		c = s.content
	}
	v := &systemView{view: c.view(p.Title, p.Path), Page: p}
	for _, name := range p.Stylesheets {
		v.Stylesheets = append(v.Stylesheets, fileURL(name))
	}
	for _, name := range p.Scripts {
		v.Scripts = append(v.Scripts, fileURL(name))
	}
	v.Hidden, v.Home, v.Reader = true, false, p.Reader
	return execute("system.html", v)
}

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
