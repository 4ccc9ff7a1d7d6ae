package site

import (
	"strings"

	"trip2g/services/trip2g"
)

// maxTagLevels bounds the parents of a nested tag.
const maxTagLevels = 8

// tag is a tag with readable notes, or the list of all tags at trip2g.TagsURL. It is immutable.
type tag struct {
	url      string
	name     string // with parents, as its first note writes it
	notes    int    // number of notes with the tag or one below it
	revision uint64 // changes with the tag's page
}

// taggedNote is a note with a tag.
type taggedNote struct {
	tag  string // URL
	name string // of the tag, as the note writes it
	note *listing
}

func tagOfNote(t taggedNote) string { return t.tag }

// compareTaggedNotes orders the notes of one tag.
func compareTaggedNotes(a, b taggedNote) int {
	if c := strings.Compare(a.note.sortKey, b.note.sortKey); c != 0 {
		return c
	}
	return strings.Compare(a.note.url, b.note.url)
}

// beforeTagged returns a search key before all notes with a tag.
func beforeTagged(url string) taggedNote { return taggedNote{tag: url, note: &listing{}} }

// taggedNotesOf returns the rows of e, one for each of its tags and their parents.
func taggedNotesOf(e *entry) []taggedNote {
	if len(e.doc.Tags) == 0 {
		return nil
	}
	var list []taggedNote
	seen := make(map[string]bool)
	for _, name := range e.doc.Tags {
		for _, level := range tagLevels(name) {
			url := trip2g.TagURL(level)
			if url == trip2g.TagsURL || seen[url] {
				continue
			}
			seen[url] = true
			list = append(list, taggedNote{url, level, e.listing})
		}
	}
	return list
}

// tagLevels returns a tag's parents, outermost first, and the tag.
func tagLevels(name string) []string {
	name = strings.Trim(name, "/")
	list := make([]string, 0, 1)
	for i := range len(name) {
		if name[i] == '/' && name[i-1] != '/' && len(list) < maxTagLevels {
			list = append(list, name[:i])
		}
	}
	return append(list, name)
}

// applyTags rebuilds the tags with changed notes.
func (v *viewBuilder) applyTags(generation uint64) {
	changed := make(map[string]int)
	for url, delta := range v.dirtyTags {
		changed[url] += delta
		for above := url; above != trip2g.TagsURL; {
			above = parentURL(above)
			changed[above] += 0 // its page lists the tag
		}
	}
	for url, delta := range changed {
		next := tag{url: url, notes: delta, revision: generation}
		if old := at(v.tags.orderedSet, url); old != nil {
			next.notes += old.notes
		}
		first, ok := v.tagged.first(beforeTagged(url))
		switch {
		case ok && first.tag == url:
			next.name = first.name
		case url != trip2g.TagsURL:
			v.tags.delete(urlItem[*tag]{url: url})
			continue
		}
		v.tags.put(urlItem[*tag]{url, &next})
	}
}

// tagAt returns the tag at a URL path, nil if there is none. The list of all tags exists if it is
// not empty.
func (v *audienceView) tagAt(url string) *tag {
	t := at(v.tags, url)
	if t != nil && url == trip2g.TagsURL && len(v.tagsBelow(url, 1)) == 0 {
		return nil
	}
	return t
}

// tagsBelow returns up to limit direct children of a tag, ordered by URL.
func (v *audienceView) tagsBelow(url string, limit int) []*tag {
	prefix := url + "/"
	var list []*tag
	for next := prefix; len(list) < limit; {
		item, ok := v.tags.first(urlItem[*tag]{url: next})
		if !ok || !strings.HasPrefix(item.url, prefix) {
			break
		}
		if segment, _, deeper := strings.Cut(item.url[len(prefix):], "/"); deeper {
			next = prefix + segment + "/\xff" // after all tags below
			continue
		}
		list = append(list, item.value)
		next = item.url + "\x00"
	}
	return list
}

// notesUnder returns up to limit notes with a tag.
func (v *audienceView) notesUnder(url string, limit int) []listItem {
	var items []listItem
	for t := range v.tagged.from(beforeTagged(url)) {
		if t.tag != url || len(items) == limit {
			break
		}
		items = append(items, listItem{Title: t.note.title, URL: t.note.url, Description: t.note.description})
	}
	return items
}

// isTagURL reports whether url is below trip2g.TagsURL.
func isTagURL(url string) bool { return strings.HasPrefix(url, trip2g.TagsURL+"/") }
