package site

import (
	"cmp"
	"html/template"
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// dress puts on a page what the owner's settings say. On a page of the server's own the vault has no say:
// whoever can publish could else cover what the owner clicks there, or read what stands there.
func (r *reading) dress(v *view, system bool) {
	v.Manual, v.Hidden = r.Manual, r.isUnindexed()
	if r.Manual == nil {
		v.Feeds = []feedLink{{"RSS", "application/rss+xml", rssURL}, {"JSON feed", "application/feed+json", jsonFeedURL}}
	}
	owner := r.owner()
	if owner == nil || system {
		return
	}
	settings := r.layout.settings
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

// isUnindexed reports whether search engines are asked to stay away: from the documentation they are,
// because every site has it.
func (r *reading) isUnindexed() bool { return r.layout.settings.NoIndex || r.Manual != nil }

// faviconURL is where browsers and feed readers look for an icon that no page has told them of.
const faviconURL = "/favicon.ico"

// icon returns the URL path of the site's icon: the owner's, or the one of the server.
func (r *reading) icon() string {
	if owner := r.owner(); owner != nil {
		return cmp.Or(owner.fileURL(r.layout.settings.Icon), iconURL)
	}
	return iconURL
}

// owner reads what the owner's settings refer to, nil if there are none.
func (r *reading) owner() *reading {
	if r.layout.owner == nil {
		return nil
	}
	return &reading{r.scope, r.layout.owner, r.answers}
}

// fileURL gives the address of a file that the entry refers to, "" without one.
func (r *reading) fileURL(ref string) string {
	if ref == "" {
		return ""
	}
	asset, ok := r.Asset(ref)
	if !ok {
		return ""
	}
	return trip2g.AssetURL(asset)
}

// public tells search engines, and sites that show links to this one, what a page is that everybody can read.
func (r *reading) public(v *view, urlPath string) {
	v.Hidden = r.isUnindexed()
	v.OpenGraph = &openGraph{Title: v.Title, Description: v.Description, Type: "website"}
	if r.layout.publicURL != "" {
		v.Canonical = r.absolute(urlPath)
		v.OpenGraph.URL, v.OpenGraph.Image = v.Canonical, r.picture("")
	}
}

// article is public for a note's page.
func (r *reading) article(v *view, e *entry) {
	r.public(v, e.url)
	if v.Description == "" {
		v.OpenGraph.Description = r.excerpt(e, maxDescription)
	}
	if e.url != "/" {
		v.OpenGraph.Type = "article"
	}
	if r.layout.publicURL != "" {
		v.OpenGraph.Image = r.picture(e.doc.Image)
	}
}

// maxDescription is how much of a text describes its page elsewhere, in characters.
const maxDescription = 200

// picture gives the whole address of a note's picture, else of the site's, "" if there is none that
// everybody can have.
func (r *reading) picture(ref string) string {
	address := r.imageURL(ref)
	if owner := r.owner(); address == "" && owner != nil {
		address = owner.imageURL(r.layout.settings.Image)
	}
	if strings.HasPrefix(address, "/") {
		address = r.layout.publicURL + address
	}
	return address
}

func (r *reading) imageURL(ref string) string {
	if strings.HasPrefix(ref, "https://") || strings.HasPrefix(ref, "http://") {
		return ref
	}
	return r.fileURL(ref)
}

// alternates lists a note in other languages, as far as these readers may have them, and itself.
func (r *reading) alternates(e *entry) []alternate {
	var list []alternate
	for lang, ref := range e.doc.Languages {
		url, ok := r.Note(ref)
		if ok && r.pageAt(url).readable && url != e.url {
			list = append(list, alternate{lang, r.absolute(url)})
		}
	}
	if list == nil {
		return nil
	}
	own := strings.ToLower(cmp.Or(e.doc.Lang, r.layout.lang))
	list = slices.DeleteFunc(list, func(a alternate) bool { return a.Lang == own })
	list = append(list, alternate{own, r.absolute(e.url)})
	slices.SortFunc(list, func(a, b alternate) int { return strings.Compare(a.Lang, b.Lang) })
	return list
}

// pageFact is what a page shows of another one.
type pageFact struct {
	title    string
	readable bool // by these readers
}

func (r *reading) pageAt(url string) pageFact {
	return r.ask(question{about: pageAt, of: url}).(pageFact)
}

// pageFact tells of the note or folder at a URL path.
func (s scope) pageFact(url string) pageFact {
	if e := at(s.entries, url); e != nil {
		if !s.mayRead(e) {
			return pageFact{}
		}
		return pageFact{e.doc.Title, true}
	}
	if f := at(s.shelf().folders, url); f != nil {
		return pageFact{cmp.Or(f.title, s.layout.name), true}
	}
	return pageFact{}
}
