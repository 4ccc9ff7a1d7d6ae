package render

import (
	"cmp"
	"html/template"
	"strings"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/index"
)

// applySettings applies the owner's settings to a page. The vault does not style the server's own
// pages: whoever can publish could otherwise cover controls of the owner or read what is shown
// there.
func (r *renderContext) applySettings(v *pageData, system bool) {
	v.Manual, v.Hidden = r.Manual, r.isUnindexed()
	if r.Manual == nil {
		v.Feeds = []feedLink{{r.texts.Text("feed.rss"), "application/rss+xml", rssURL}, {r.texts.Text("feed.json"), "application/feed+json", jsonFeedURL}}
	}
	owner := r.settingsContext()
	if owner == nil || system {
		return
	}
	settings := r.Layout.Settings
	v.OwnerStyle = owner.fileURL(settings.Stylesheet)
	if settings.Footer == "" {
		return
	}
	footer, err := r.Render(&trip2g.Document{Title: "footer", Body: settings.Footer}, owner)
	if err != nil {
		r.Log.Error().Err(err).Msg("the footer could not be rendered; its text is shown as it stands")
	}
	v.Footer = template.HTML(footer)
}

// isUnindexed reports whether search engines are asked not to index the site. The documentation is
// not indexed, because every site has it.
func (r *renderContext) isUnindexed() bool { return r.Layout.Settings.NoIndex || r.Manual != nil }

// faviconURL is the URL path that browsers and feed readers try by default.
const faviconURL = "/favicon.ico"

// icon returns the URL path of the site's icon: the owner's or the default one.
func (r *renderContext) icon() string {
	if owner := r.settingsContext(); owner != nil {
		return cmp.Or(owner.fileURL(r.Layout.Settings.Icon), iconURL)
	}
	return iconURL
}

// addMetadata adds metadata for search engines and link previews to a public page.
func (r *renderContext) addMetadata(v *pageData, urlPath string) {
	v.Hidden = r.isUnindexed()
	v.OpenGraph = &openGraph{Title: v.Title, Description: v.Description, Type: "website"}
	if r.Layout.PublicURL != "" {
		v.Canonical = r.absoluteURL(urlPath)
		v.OpenGraph.URL, v.OpenGraph.Image = v.Canonical, r.socialImage("")
	}
}

// addNoteMetadata adds the metadata of a note's page.
func (r *renderContext) addNoteMetadata(v *pageData, e *index.Entry) {
	r.addMetadata(v, e.URL)
	if v.Description == "" {
		v.OpenGraph.Description = r.excerpt(e, maxDescription)
	}
	if e.URL != "/" {
		v.OpenGraph.Type = "article"
	}
	if r.Layout.PublicURL != "" {
		v.OpenGraph.Image = r.socialImage(e.Doc.Image)
	}
}

// maxDescription bounds the description in link previews, in characters.
const maxDescription = 200

// socialImage returns the absolute URL of a note's image, or else of the site's, "" if neither is
// public.
func (r *renderContext) socialImage(ref string) string {
	address := r.imageURL(ref)
	if owner := r.settingsContext(); address == "" && owner != nil {
		address = owner.imageURL(r.Layout.Settings.Image)
	}
	if strings.HasPrefix(address, "/") {
		address = r.Layout.PublicURL + address
	}
	return address
}

func (r *renderContext) imageURL(ref string) string {
	if strings.HasPrefix(ref, "https://") || strings.HasPrefix(ref, "http://") {
		return ref
	}
	return r.fileURL(ref)
}
