package render

import (
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/index"
	"trip2g/services/trip2g/i18n"
)

// renderContext renders one page and records what it looks up, each dep once. It is the
// trip2g.Links of the entry from.
type renderContext struct {
	scopedSite
	from  *index.Entry
	deps  map[dep]any
	texts *i18n.Language // of the page
}

func newRenderContext(s scopedSite, from *index.Entry) *renderContext {
	return &renderContext{scopedSite: s, from: from, deps: make(map[dep]any), texts: s.Layout.Texts}
}

func (r *renderContext) lookup(d dep) any {
	value, recorded := r.deps[d]
	if !recorded {
		value = r.scopedSite.lookup(d)
		r.deps[d] = value
	}
	return value
}

// Note implements trip2g.Links.
func (r *renderContext) Note(target string) (string, bool) {
	url := r.lookup(dep{depLink, target, r.from}).(string)
	return url, url != ""
}

// Asset implements trip2g.Links.
func (r *renderContext) Asset(ref string) (trip2g.NoteAsset, bool) {
	asset := r.lookup(dep{depFile, ref, r.from}).(trip2g.NoteAsset)
	return asset, asset != trip2g.NoteAsset{}
}

// Embed implements trip2g.Links. Lookups of the embedded note are recorded for the page that shows
// it.
func (r *renderContext) Embed(target string) (trip2g.Embed, bool) {
	e := r.lookup(dep{depEmbed, target, r.from}).(*index.Entry)
	if e == nil {
		return trip2g.Embed{}, false
	}
	return trip2g.Embed{URL: e.URL, Path: e.Path, Doc: e.Doc, Links: &renderContext{r.scopedSite, e, r.deps, r.texts}}, true
}

// Settings implements trip2g.Links.
func (r *renderContext) Settings() trip2g.Settings { return r.Layout.Settings }

func (r *renderContext) recordedDeps() []recordedDep {
	list := make([]recordedDep, 0, len(r.deps))
	for d, value := range r.deps {
		list = append(list, recordedDep{d, value})
	}
	return list
}

// settingsContext returns a context for references in the owner's settings, nil without settings.
func (r *renderContext) settingsContext() *renderContext {
	if r.Layout.SettingsNote == nil {
		return nil
	}
	return &renderContext{r.scopedSite, r.Layout.SettingsNote, r.deps, r.texts}
}

// fileURL returns the URL of a file that the entry references, "" without one.
func (r *renderContext) fileURL(ref string) string {
	if ref == "" {
		return ""
	}
	asset, ok := r.Asset(ref)
	if !ok {
		return ""
	}
	return trip2g.AssetURL(asset)
}

// excerpt returns the beginning of a note's text, or its description.
func (s scopedSite) excerpt(e *index.Entry, n int) string {
	if s.Excerpt != nil {
		if text := s.Excerpt(e.Doc, n); text != "" {
			return text
		}
	}
	return e.Doc.Description
}

// breadcrumbs returns the folders above a page, from the top, without the home page.
func (r *renderContext) breadcrumbs(folderURL, url string) []index.ListItem {
	if !r.lookup(dep{kind: depCrumb, key: folderURL}).(index.Crumb).Exists {
		return nil
	}
	var crumbs []index.ListItem
	for ; folderURL != "/"; folderURL = index.ParentURL(folderURL) {
		if f := r.lookup(dep{kind: depCrumb, key: folderURL}).(index.Crumb); f.Readable && folderURL != url {
			crumbs = append([]index.ListItem{{Title: f.Title, URL: folderURL}}, crumbs...)
		}
	}
	return crumbs
}

// backlinkItems returns the notes that link to an entry, with the text around the links.
func (r *renderContext) backlinkItems(e *index.Entry) []backlink {
	links, _ := r.Backlinks(e, index.MaxLinkCandidates)
	r.deps[dep{kind: depBacklinks, key: e.URL}] = digestBacklinks(links)
	var list []backlink
	for _, link := range links {
		b := backlink{Title: link.From.Doc.Title, URL: link.From.URL}
		if r.Context != nil {
			b.Context = r.Context(link.From.Doc, link.From.Doc.Links[link.Position])
		}
		list = append(list, b)
	}
	return list
}

// listFolder returns up to limit pages of a folder, and reports whether there are more.
func (r *renderContext) listFolder(folderURL string, limit int) (items []index.ListItem, more bool) {
	r.lookup(dep{kind: depFolder, key: folderURL})
	items = r.View().List(folderURL, limit+1)
	if len(items) > limit {
		return items[:limit], true
	}
	return items, false
}

func (r *renderContext) pageSummary(url string) pageSummary {
	return r.lookup(dep{kind: depPage, key: url}).(pageSummary)
}
