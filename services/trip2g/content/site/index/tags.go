package index

import (
	"strings"

	"trip2g/services/trip2g"
)

// maxTagLevels bounds the parents of a nested tag.
const maxTagLevels = 8

// Tag is a tag with readable notes, or the list of all tags at trip2g.TagsURL. It is immutable.
type Tag struct {
	URL      string
	Name     string // with parents, as its first note writes it
	Notes    int    // number of notes with the tag or one below it
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
func taggedNotesOf(e *Entry) []taggedNote {
	if len(e.Doc.Tags) == 0 {
		return nil
	}
	var list []taggedNote
	seen := make(map[string]bool)
	for _, name := range e.Doc.Tags {
		for _, level := range TagLevels(name) {
			url := trip2g.TagURL(level)
			if url == trip2g.TagsURL || seen[url] {
				continue
			}
			seen[url] = true
			list = append(list, taggedNote{url, level, e.Listing})
		}
	}
	return list
}

// TagLevels returns a tag's parents, outermost first, and the tag.
func TagLevels(name string) []string {
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
			above = ParentURL(above)
			changed[above] += 0 // its page lists the tag
		}
	}
	for url, delta := range changed {
		next := Tag{URL: url, Notes: delta, revision: generation}
		if old := at(v.tags.Set, url); old != nil {
			next.Notes += old.Notes
		}
		first, ok := v.tagged.First(beforeTagged(url))
		switch {
		case ok && first.tag == url:
			next.Name = first.name
		case url != trip2g.TagsURL:
			v.tags.Delete(urlItem[*Tag]{url: url})
			continue
		}
		v.tags.Put(urlItem[*Tag]{url, &next})
	}
}

// TagAt returns the tag at a URL path, nil if there is none. The list of all tags exists if it is
// not empty.
func (v *View) TagAt(url string) *Tag {
	t := at(v.tags, url)
	if t != nil && url == trip2g.TagsURL && len(v.TagsBelow(url, 1)) == 0 {
		return nil
	}
	return t
}

// TagsBelow returns up to limit direct children of a tag, ordered by URL.
func (v *View) TagsBelow(url string, limit int) []*Tag {
	prefix := url + "/"
	var list []*Tag
	for next := prefix; len(list) < limit; {
		item, ok := v.tags.First(urlItem[*Tag]{url: next})
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

// NotesUnder returns up to limit notes with a tag.
func (v *View) NotesUnder(url string, limit int) []ListItem {
	var items []ListItem
	for t := range v.tagged.From(beforeTagged(url)) {
		if t.tag != url || len(items) == limit {
			break
		}
		items = append(items, ListItem{Title: t.note.title, URL: t.note.url, Description: t.note.description})
	}
	return items
}

// IsTagURL reports whether url is below trip2g.TagsURL.
func IsTagURL(url string) bool { return strings.HasPrefix(url, trip2g.TagsURL+"/") }
