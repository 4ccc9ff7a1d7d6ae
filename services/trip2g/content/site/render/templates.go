package render

import (
	"bytes"
	"embed"
	"html/template"
	"time"

	"trip2g/services/trip2g"
)

//go:embed templates
var templateFiles embed.FS

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"href": escapeURL,
	"date": func(t time.Time) string { return t.Format(time.DateOnly) },

	"signedIn": trip2g.Visitor.IsSignedIn,
	"owner":    trip2g.Visitor.IsOwner,

	"static":         StaticURL,
	"readingScripts": func() []string { return readingScripts },
	"direction":      textDirection,
	"marked":         highlight,
	"branches":       treeHTML,
}).ParseFS(templateFiles, "templates/*.html"))

func (r *renderContext) pageData(title string, p pagePosition) *pageData {
	p.title = title
	v := &pageData{
		Lang: r.Layout.Lang, SiteName: r.Layout.Name, Stylesheet: stylesheetURL, Icon: r.icon(), Explorer: r.explorer(p),
		AllPrivate: r.Layout.AllPrivate, Reader: r.Reader, SignIn: signInURL(p.url), Address: p.url, Title: title, Heading: title, Home: p.url == "/",
	}
	r.applySettings(v, p.system)
	return v
}

func executeTemplate(name string, v any) (html []byte) {
	withBuffer(func(b *bytes.Buffer) {
		if err := templates.ExecuteTemplate(b, name, v); err != nil {
			// All data is valid, so this is a bug in a template.
			panic(err)
		}
		html = bytes.Clone(b.Bytes())
	})
	return html
}
