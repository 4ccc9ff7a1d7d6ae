package site

import (
	"cmp"
	"path"
	"strings"

	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
)

// linkIndex finds notes and files as Obsidian does: letter case does not matter, the ending of a
// note can be left out, and a path can be cut short from its front as long as whole segments stay.
// An alias is no name: Obsidian resolves [[alias]] to nothing, it writes [[note|alias]] instead.
// Only what readers can see is found.
type linkIndex struct {
	content     *content
	notes       finder[string] // to URL paths
	publicFiles finder[trip2g.NoteAsset]
	allFiles    finder[trip2g.NoteAsset]
}

func newLinkIndex(c *content) *linkIndex {
	x := &linkIndex{content: c, notes: newFinder[string](), publicFiles: newFinder[trip2g.NoteAsset](), allFiles: newFinder[trip2g.NoteAsset]()}
	for _, e := range c.entries {
		x.notes.add(e.Path, e.url)
		for _, a := range e.Assets {
			if !isServable(a) {
				continue
			}
			x.allFiles.add(a.AbsolutePath, a)
			if !e.doc.MembersOnly {
				x.publicFiles.add(a.AbsolutePath, a)
			}
		}
	}
	return x
}

// noteLinks is trip2g.Links for one note.
type noteLinks struct {
	*linkIndex
	from *entry
}

// Note is trip2g.Links'. What names no note may still be the address of a page.
func (l noteLinks) Note(target string) (string, bool) {
	for _, name := range noteNames(target) {
		if url, ok := l.notes.find(name, l.from.Path); ok {
			return url, true
		}
	}
	if !isRooted(target) {
		return "", false
	}
	p, ok := rooted(target, l.from.Path)
	if !ok {
		return "", false
	}
	if l.content.pages["/"+p] != nil {
		return "/" + p, true
	}
	if url, ok := trip2g.NoteURL(p+"/index.md", ""); ok && l.content.folders[url] != nil {
		return url, true
	}
	return "", false
}

// noteNames gives the names of files that a link to a note can mean, the best first.
func noteNames(target string) []string {
	if strings.HasSuffix(target, "/") {
		return []string{target + "index.md", target + "_index.md"}
	}
	names := []string{target + ".md", target + ".html"}
	if ending := path.Ext(target); strings.EqualFold(ending, ".md") || strings.EqualFold(ending, ".html") {
		names = append([]string{target}, names...)
	}
	return names
}

// Asset is trip2g.Links'. What the note's client joined to the reference comes first. A note that
// everybody can read gets no file that only members' notes have.
func (l noteLinks) Asset(ref string) (trip2g.NoteAsset, bool) {
	for _, a := range l.from.Assets {
		if a.Ref == ref && isServable(a) {
			return a, true
		}
	}
	files := l.publicFiles
	if l.from.doc.MembersOnly {
		files = l.allFiles
	}
	if !isRooted(ref) {
		if a, ok := files.find("./"+ref, l.from.Path); ok {
			return a, true
		}
	}
	return files.find(ref, l.from.Path)
}

// isServable keeps a note's text from being served as a file, which would show what it keeps back.
func isServable(a trip2g.NoteAsset) bool {
	ending := path.Ext(a.AbsolutePath)
	return !strings.EqualFold(ending, ".md") && !strings.EqualFold(ending, ".html")
}

// isRooted tells whether a reference says itself where it starts.
func isRooted(target string) bool {
	return strings.HasPrefix(target, "/") || strings.HasPrefix(target, "./") || strings.HasPrefix(target, "../")
}

// rooted gives the path in the vault of a reference that says where it starts; ok is false for one
// that leads out of the vault.
func rooted(target, from string) (p string, ok bool) {
	if !strings.HasPrefix(target, "/") {
		target = path.Join(path.Dir(from), target)
	}
	p = strings.TrimPrefix(path.Clean(target), "/")
	return p, p != ".." && !strings.HasPrefix(p, "../")
}

// finder finds things by their paths in the vault.
type finder[T any] struct {
	byPath map[string][]found[T] // path in lower case
	byName map[string][]found[T] // last segment in lower case
}

type found[T any] struct {
	path, folded string
	value        T
}

func newFinder[T any]() finder[T] {
	return finder[T]{byPath: make(map[string][]found[T]), byName: make(map[string][]found[T])}
}

// add takes a thing in; the first of equal paths stays.
func (f finder[T]) add(p string, value T) {
	x := found[T]{p, fold(p), value}
	for _, other := range f.byPath[x.folded] {
		if other.path == p {
			return
		}
	}
	f.byPath[x.folded] = append(f.byPath[x.folded], x)
	name := path.Base(x.folded)
	f.byName[name] = append(f.byName[name], x)
}

// find resolves a reference from a note: the path that it is, else the nearest that it ends.
func (f finder[T]) find(target, from string) (value T, ok bool) {
	if isRooted(target) {
		p, ok := rooted(target, from)
		if !ok {
			return value, false
		}
		return f.exact(p)
	}
	target = path.Clean(target)
	if value, ok := f.exact(target); ok {
		return value, true
	}
	return f.nearest(target, from)
}

// exact gives the thing at a path, the one in the same letter case before others.
func (f finder[T]) exact(p string) (value T, ok bool) {
	candidates := f.byPath[fold(p)]
	for _, c := range candidates {
		if c.path == p {
			return c.value, true
		}
	}
	if len(candidates) == 0 {
		return value, false
	}
	return candidates[0].value, true
}

// nearest gives the thing whose path ends with target: one in the folder of the note or below it
// before others, then the one with the fewest folders, the shortest path, the first in byte order.
func (f finder[T]) nearest(target, from string) (value T, ok bool) {
	folded := fold(target)
	folder := fold(path.Dir(from)) + "/"
	var best *found[T]
	candidates := f.byName[path.Base(folded)]
	for i := range candidates {
		c := &candidates[i]
		if strings.HasSuffix(c.folded, "/"+folded) && (best == nil || c.compare(best, folder) < 0) {
			best = c
		}
	}
	if best == nil {
		return value, false
	}
	return best.value, true
}

func (x *found[T]) compare(other *found[T], folder string) int {
	return cmp.Or(
		cmp.Compare(outside(x.folded, folder), outside(other.folded, folder)),
		cmp.Compare(strings.Count(x.path, "/"), strings.Count(other.path, "/")),
		cmp.Compare(len(x.path), len(other.path)),
		cmp.Compare(x.path, other.path),
	)
}

func outside(folded, folder string) int {
	if strings.HasPrefix(folded, folder) {
		return 0
	}
	return 1
}

// fold makes paths comparable that a file system may take for the same.
func fold(p string) string { return strings.ToLower(norm.NFC.String(p)) }
