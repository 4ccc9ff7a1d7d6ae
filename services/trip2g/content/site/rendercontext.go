package site

import "trip2g/services/trip2g"

// renderContext renders one page and records what it looks up, each dep once. It is the
// trip2g.Links of the entry from.
type renderContext struct {
	scope
	from *entry
	deps map[dep]any
}

func newRenderContext(s scope, from *entry) *renderContext {
	return &renderContext{scope: s, from: from, deps: make(map[dep]any)}
}

func (r *renderContext) lookup(d dep) any {
	value, recorded := r.deps[d]
	if !recorded {
		value = r.scope.lookup(d)
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
	e := r.lookup(dep{depEmbed, target, r.from}).(*entry)
	if e == nil {
		return trip2g.Embed{}, false
	}
	return trip2g.Embed{URL: e.url, Path: e.Path, Doc: e.doc, Links: &renderContext{r.scope, e, r.deps}}, true
}

// Settings implements trip2g.Links.
func (r *renderContext) Settings() trip2g.Settings { return r.layout.settings }

func (r *renderContext) recordedDeps() []recordedDep {
	list := make([]recordedDep, 0, len(r.deps))
	for d, value := range r.deps {
		list = append(list, recordedDep{d, value})
	}
	return list
}

// settingsContext returns a context for references in the owner's settings, nil without settings.
func (r *renderContext) settingsContext() *renderContext {
	if r.layout.settingsNote == nil {
		return nil
	}
	return &renderContext{r.scope, r.layout.settingsNote, r.deps}
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
func (s scope) excerpt(e *entry, n int) string {
	if s.Excerpt != nil {
		if text := s.Excerpt(e.doc, n); text != "" {
			return text
		}
	}
	return e.doc.Description
}

// breadcrumbs returns the folders above a page, from the top, without the home page.
func (r *renderContext) breadcrumbs(folderURL, url string) []listItem {
	if !r.lookup(dep{kind: depCrumb, key: folderURL}).(crumb).exists {
		return nil
	}
	var crumbs []listItem
	for ; folderURL != "/"; folderURL = parentURL(folderURL) {
		if f := r.lookup(dep{kind: depCrumb, key: folderURL}).(crumb); f.readable && folderURL != url {
			crumbs = append([]listItem{{Title: f.title, URL: folderURL}}, crumbs...)
		}
	}
	return crumbs
}

// backlinkItems returns the notes that link to an entry, with the text around the links.
func (r *renderContext) backlinkItems(e *entry) []backlink {
	links, _ := r.backlinks(e, maxLinkCandidates)
	r.deps[dep{kind: depBacklinks, key: e.url}] = digestBacklinks(links)
	var list []backlink
	for _, link := range links {
		b := backlink{Title: link.from.doc.Title, URL: link.from.url}
		if r.Context != nil {
			b.Context = r.Context(link.from.doc, link.from.doc.Links[link.position])
		}
		list = append(list, b)
	}
	return list
}

// listFolder returns up to limit pages of a folder, and reports whether there are more.
func (r *renderContext) listFolder(folderURL string, limit int) (items []listItem, more bool) {
	r.lookup(dep{kind: depFolder, key: folderURL})
	items = r.view().list(folderURL, limit+1)
	if len(items) > limit {
		return items[:limit], true
	}
	return items, false
}

func (r *renderContext) pageSummary(url string) pageSummary {
	return r.lookup(dep{kind: depPage, key: url}).(pageSummary)
}
