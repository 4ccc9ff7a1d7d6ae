package site

import (
	"slices"

	"trip2g/services/trip2g"
)

// Bounds of a tag's page.
const (
	maxTags        = 2000
	maxTaggedNotes = 5000
)

func (t *tag) key() string { return t.url }

func (t *tag) contentType() string { return htmlType }

func (t *tag) render(r *renderContext) []byte {
	title := "#" + t.name
	if t.url == trip2g.TagsURL {
		title = "Tags"
	}
	v := r.pageData(title, pagePosition{url: t.url})
	v.Items, v.Below = r.tagLists(t.url)
	if above := tagLevels(t.name); t.url != trip2g.TagsURL {
		v.Crumbs = []listItem{{Title: "Tags", URL: trip2g.TagsURL}}
		for _, name := range above[:len(above)-1] {
			v.Crumbs = append(v.Crumbs, listItem{Title: "#" + name, URL: trip2g.TagURL(name)})
		}
	}
	r.addMetadata(v, t.url)
	return executeTemplate("folder.html", v)
}

// tagLists returns the notes with a tag and the tags below it. If a folder of the vault has the
// tag's URL, such as Tags/fruit, its contents come first.
func (r *renderContext) tagLists(url string) (items []listItem, below []tagCount) {
	items, _ = r.listFolder(url, maxTaggedNotes)
	listed := make(map[string]bool, len(items))
	for _, i := range items {
		listed[i.URL] = true
	}
	for _, i := range r.view().notesUnder(url, maxTaggedNotes) {
		if !listed[i.URL] {
			items = append(items, i)
		}
	}
	for _, t := range r.view().tagsBelow(url, maxTags) {
		below = append(below, tagCount{tagLink{t.name, t.url}, t.notes})
	}
	return items, below
}

// addTagLists adds the lists of a tag's page to a note that has its URL.
func (r *renderContext) addTagLists(v *pageData, url string) {
	if !isTagURL(url) {
		return
	}
	t := r.lookup(dep{kind: depTag, key: url}).(*tag)
	if t == nil {
		return
	}
	v.Tag = t.name
	v.Items, v.Below = r.tagLists(url)
	v.Items = slices.DeleteFunc(v.Items, func(i listItem) bool { return i.URL == url })
}
