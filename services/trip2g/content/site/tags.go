package site

import (
	"slices"
	"strings"

	"trip2g/services/trip2g"
)

// maxTagLevels bounds the tags that one nested tag counts for, beside itself.
const maxTagLevels = 8

// tag is a tag with notes that its readers may have, or, at trip2g.TagsURL, what all tags are below. It
// never changes.
type tag struct {
	url   string
	name  string // as the first of its notes writes it, with the levels above
	notes int    // that have it, or one below it
	state uint64 // of what its page lists: another one after a change
}

// tagged is a note under a tag.
type tagged struct {
	tag  string // URL
	name string // of the tag, as the note writes it
	note *listing
}

func tagOf(t tagged) string { return t.tag }

// compareTagged puts the notes of one tag in order.
func compareTagged(a, b tagged) int {
	if c := strings.Compare(a.note.order, b.note.order); c != 0 {
		return c
	}
	return strings.Compare(a.note.url, b.note.url)
}

// underTag is before all notes with a tag.
func underTag(url string) tagged { return tagged{tag: url, note: &listing{}} }

// taggedOf lists an entry under each of its tags and those that they are nested in.
func taggedOf(e *entry) []tagged {
	if len(e.doc.Tags) == 0 {
		return nil
	}
	var list []tagged
	seen := make(map[string]bool)
	for _, name := range e.doc.Tags {
		for _, level := range levels(name) {
			url := trip2g.TagURL(level)
			if url == trip2g.TagsURL || seen[url] {
				continue
			}
			seen[url] = true
			list = append(list, tagged{url, level, e.listing})
		}
	}
	return list
}

// levels gives a tag and those that it is nested in, the outermost first.
func levels(name string) []string {
	name = strings.Trim(name, "/")
	list := make([]string, 0, 1)
	for i := range len(name) {
		if name[i] == '/' && name[i-1] != '/' && len(list) < maxTagLevels {
			list = append(list, name[:i])
		}
	}
	return append(list, name)
}

// settleTags finds anew what the tags are under which notes came or went.
func (s *shelving) settleTags(generation uint64) {
	changed := make(map[string]int)
	for url, delta := range s.staleTags {
		changed[url] += delta
		for above := url; above != trip2g.TagsURL; {
			above = parentURL(above)
			changed[above] += 0 // lists it
		}
	}
	for url, delta := range changed {
		next := tag{url: url, notes: delta, state: generation}
		if held := at(s.tags.sorted, url); held != nil {
			next.notes += held.notes
		}
		first, ok := s.tagged.first(underTag(url))
		switch {
		case ok && first.tag == url:
			next.name = first.name
		case url != trip2g.TagsURL:
			s.tags.drop(located[*tag]{url: url})
			continue
		}
		s.tags.put(located[*tag]{url, &next})
	}
}

// tagAt gives the tag at a URL path, nil if there is none: the list of all is there if it lists any.
func (s *shelf) tagAt(url string) *tag {
	t := at(s.tags, url)
	if t != nil && url == trip2g.TagsURL && len(s.tagsBelow(url, 1)) == 0 {
		return nil
	}
	return t
}

// tagsBelow lists at most limit tags of the level below one, in the order of their URLs.
func (s *shelf) tagsBelow(url string, limit int) []*tag {
	prefix := url + "/"
	var list []*tag
	for next := prefix; len(list) < limit; {
		held, ok := s.tags.first(located[*tag]{url: next})
		if !ok || !strings.HasPrefix(held.url, prefix) {
			break
		}
		if segment, _, deeper := strings.Cut(held.url[len(prefix):], "/"); deeper {
			next = prefix + segment + "/\xff" // past all that is below it
			continue
		}
		list = append(list, held.thing)
		next = held.url + "\x00"
	}
	return list
}

// notesUnder lists at most limit notes that have a tag.
func (s *shelf) notesUnder(url string, limit int) []item {
	var items []item
	for t := range s.tagged.from(underTag(url)) {
		if t.tag != url || len(items) == limit {
			break
		}
		items = append(items, item{Title: t.note.title, URL: t.note.url, Description: t.note.description})
	}
	return items
}

// Bounds of a tag's page.
const (
	maxTags        = 2000
	maxTaggedNotes = 5000
)

func (t *tag) address() string { return t.url }

func (t *tag) contentType() string { return htmlType }

func (t *tag) render(r *reading) []byte {
	title := "#" + t.name
	if t.url == trip2g.TagsURL {
		title = "Tags"
	}
	v := r.view(title, place{address: t.url})
	v.Items, v.Below = r.tagged(t.url)
	if above := levels(t.name); t.url != trip2g.TagsURL {
		v.Crumbs = []item{{Title: "Tags", URL: trip2g.TagsURL}}
		for _, name := range above[:len(above)-1] {
			v.Crumbs = append(v.Crumbs, item{Title: "#" + name, URL: trip2g.TagURL(name)})
		}
	}
	r.public(v, t.url)
	return execute("folder.html", v)
}

// tagged lists the notes that have a tag and the tags below it. A folder of the vault can have the tag's URL, as
// Tags/fruit: what is in it comes first.
func (r *reading) tagged(url string) (items []item, below []tagCount) {
	items, _ = r.list(url, maxTaggedNotes)
	listed := make(map[string]bool, len(items))
	for _, i := range items {
		listed[i.URL] = true
	}
	for _, i := range r.shelf().notesUnder(url, maxTaggedNotes) {
		if !listed[i.URL] {
			items = append(items, i)
		}
	}
	for _, t := range r.shelf().tagsBelow(url, maxTags) {
		below = append(below, tagCount{tagLink{t.name, t.url}, t.notes})
	}
	return items, below
}

// addTagged adds what the page of a tag lists to that of a note that has its URL.
func (r *reading) addTagged(v *view, url string) {
	if !isTagURL(url) {
		return
	}
	t := r.ask(question{about: tagAt, of: url}).(*tag)
	if t == nil {
		return
	}
	v.Tag = t.name
	v.Items, v.Below = r.tagged(url)
	v.Items = slices.DeleteFunc(v.Items, func(i item) bool { return i.URL == url })
}

// isTagURL reports whether a URL path can be that of a tag's page.
func isTagURL(url string) bool { return strings.HasPrefix(url, trip2g.TagsURL+"/") }
