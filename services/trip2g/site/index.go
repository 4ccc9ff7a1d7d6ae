package site

import (
	"path"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
)

// index finds things of the vault by their paths, as Obsidian finds what a link means: letter case
// and Unicode form do not matter, and of several with one name the nearest wins.
type index[T any] struct {
	byPath map[string]T
	byName map[string][]place[T] // by the last segment, in byte order of the paths
}

type place[T any] struct {
	path  string // folded
	value T
}

func newIndex[T any]() *index[T] {
	return &index[T]{byPath: map[string]T{}, byName: map[string][]place[T]{}}
}

// fold gives the form in which paths are compared.
func fold(s string) string { return cases.Fold().String(norm.NFC.String(s)) }

// add puts value at a folded path. Of several whose paths differ in letter case alone, the first stays.
func (x *index[T]) add(key string, value T) {
	if _, taken := x.byPath[key]; taken {
		return
	}
	x.byPath[key] = value
	name := path.Base(key)
	x.byName[name] = append(x.byName[name], place[T]{key, value})
}

// find resolves a reference in a note of the folder from: "./" and "../" from that folder, "/" from
// the vault's root; any other first as a path from the root, then from that folder, then as the end
// of a path, of which the one with the fewest folders wins, and then the first in byte order. A name
// alone is looked for in the note's own folder first.
func (x *index[T]) find(from, reference string) (value T, ok bool) {
	reference, from = fold(reference), fold(from)
	switch {
	case strings.HasPrefix(reference, "./"), strings.HasPrefix(reference, "../"):
		value, ok = x.byPath[path.Join(from, reference)]
		return value, ok
	case strings.HasPrefix(reference, "/"):
		value, ok = x.byPath[strings.Trim(path.Clean(reference), "/")]
		return value, ok
	}
	reference = path.Clean(reference)
	tries := []string{reference, path.Join(from, reference)}
	if !strings.Contains(reference, "/") {
		tries[0], tries[1] = tries[1], tries[0]
	}
	for _, try := range tries {
		if value, ok = x.byPath[try]; ok {
			return value, true
		}
	}
	best := -1
	for _, p := range x.byName[path.Base(reference)] {
		folders := strings.Count(p.path, "/")
		if strings.HasSuffix(p.path, "/"+reference) && (best < 0 || folders < best) {
			value, ok, best = p.value, true, folders
		}
	}
	return value, ok
}

// links implements trip2g.Links for one note.
type links struct {
	site   *snapshot
	note   trip2g.Note
	folder string
}

func (s *snapshot) linksOf(n trip2g.Note) links {
	folder := path.Dir(n.Path)
	if folder == "." {
		folder = ""
	}
	return links{site: s, note: n, folder: folder}
}

// Note implements trip2g.Links.
func (l links) Note(target string) (url string, ok bool) {
	if ext := path.Ext(target); strings.EqualFold(ext, ".md") || strings.EqualFold(ext, ".html") {
		target = strings.TrimSuffix(target, ext)
	}
	p, ok := l.site.notes.find(l.folder, target)
	if !ok {
		return l.address(target)
	}
	return p.url, true
}

// address takes a link that says where it starts for the address of a page, or for a folder: "/",
// "../guides/".
func (l links) address(target string) (url string, ok bool) {
	switch {
	case strings.HasPrefix(target, "/"):
		url = path.Clean(target)
	case strings.HasPrefix(target, "./"), strings.HasPrefix(target, "../"):
		url = path.Join("/", l.folder, target)
	default:
		return "", false
	}
	if l.site.pages[url] != nil {
		return url, true
	}
	url, ok = trip2g.NoteURL(strings.TrimPrefix(url+"/index.md", "/"), "")
	return url, ok && l.site.pages[url] != nil
}

// isNote tells whether a file is a note. Its text is never given out as a file: that would show
// what its frontmatter keeps back.
func isNote(a trip2g.NoteAsset) bool {
	ext := path.Ext(a.AbsolutePath)
	return strings.EqualFold(ext, ".md") || strings.EqualFold(ext, ".html")
}

// Asset implements trip2g.Links: what the note itself has under this reference, else what any note has.
func (l links) Asset(ref string) (trip2g.NoteAsset, bool) {
	for _, a := range l.note.Assets {
		if a.Ref == ref && !isNote(a) {
			return a, true
		}
	}
	return l.site.assets.find(l.folder, ref)
}
