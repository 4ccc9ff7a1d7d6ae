package render

import (
	"bytes"
	"embed"
	"html/template"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/i18n"
)

//go:embed templates
var templateFiles embed.FS

// templates are parsed once per language, so that rendering a page looks up no language.
var templates = i18n.ForEach(func(texts *i18n.Language) *template.Template {
	return template.Must(template.New("").Funcs(texts.Funcs()).Funcs(template.FuncMap{
		"href": escapeURL,

		"signedIn": trip2g.Visitor.IsSignedIn,
		"owner":    trip2g.Visitor.IsOwner,

		"static":         StaticURL,
		"readingScripts": func() []string { return readingScripts },
		"direction":      textDirection,
		"marked":         highlight,
		"branches":       func(nodes []treeNode) template.HTML { return treeHTML(texts, nodes) },
	}).ParseFS(templateFiles, "templates/*.html"))
})

func (r *renderContext) pageData(title string, p pagePosition) *pageData {
	p.title = title
	v := &pageData{
		Lang: r.Layout.Lang, SiteName: r.Layout.Name, Stylesheet: stylesheetURL, Icon: r.icon(), Explorer: r.explorer(p),
		AllPrivate: r.Layout.AllPrivate, Reader: r.Reader, SignIn: signInURL(p.url), Address: p.url, Title: title, Heading: title, Home: p.url == "/",
	}
	r.applySettings(v, p.system)
	return v
}

func executeTemplate(texts *i18n.Language, name string, v any) (html []byte) {
	withBuffer(func(b *bytes.Buffer) {
		if err := templates[texts].ExecuteTemplate(b, name, v); err != nil {
			// All data is valid, so this is a bug in a template.
			panic(err)
		}
		html = bytes.Clone(b.Bytes())
	})
	return html
}
