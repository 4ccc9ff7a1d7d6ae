package render

import (
	"slices"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/index"
)

// Bounds of a tag's page.
const (
	maxTags        = 2000
	maxTaggedNotes = 5000
)

// tagPage is the page of a tag, or the list of all tags.
type tagPage struct{ *index.Tag }

func (t tagPage) key() string { return t.URL }

func (t tagPage) contentType() string { return htmlType }

func (t tagPage) render(r *renderContext) []byte {
	title := "#" + t.Name
	if t.URL == trip2g.TagsURL {
		title = r.texts.Text("page.tags")
	}
	v := r.pageData(title, pagePosition{url: t.URL})
	v.Items, v.Below = r.tagLists(t.URL)
	if above := index.TagLevels(t.Name); t.URL != trip2g.TagsURL {
		v.Crumbs = []index.ListItem{{Title: r.texts.Text("page.tags"), URL: trip2g.TagsURL}}
		for _, name := range above[:len(above)-1] {
			v.Crumbs = append(v.Crumbs, index.ListItem{Title: "#" + name, URL: trip2g.TagURL(name)})
		}
	}
	r.addMetadata(v, t.URL)
	return executeTemplate(r.texts, "folder.html", v)
}

// tagLists returns the notes with a tag and the tags below it. If a folder of the vault has the
// tag's URL, such as Tags/fruit, its contents come first.
func (r *renderContext) tagLists(url string) (items []index.ListItem, below []tagCount) {
	items, _ = r.listFolder(url, maxTaggedNotes)
	listed := make(map[string]bool, len(items))
	for _, i := range items {
		listed[i.URL] = true
	}
	for _, i := range r.View().NotesUnder(url, maxTaggedNotes) {
		if !listed[i.URL] {
			items = append(items, i)
		}
	}
	for _, t := range r.View().TagsBelow(url, maxTags) {
		below = append(below, tagCount{tagLink{t.Name, t.URL}, t.Notes})
	}
	return items, below
}

// addTagLists adds the lists of a tag's page to a note that has its URL.
func (r *renderContext) addTagLists(v *pageData, url string) {
	if !index.IsTagURL(url) {
		return
	}
	t := r.lookup(dep{kind: depTag, key: url}).(*index.Tag)
	if t == nil {
		return
	}
	v.Tag = t.Name
	v.Items, v.Below = r.tagLists(url)
	v.Items = slices.DeleteFunc(v.Items, func(i index.ListItem) bool { return i.URL == url })
}
