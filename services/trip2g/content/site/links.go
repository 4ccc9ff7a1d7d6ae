package site

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
)

// noteLinks finds notes and files for one note, as Obsidian does: letter case does not matter, the
// ending of a note can be left out, and a path can be cut short from its front as long as whole
// segments stay. Where no file has a name, a note that has it as an alias is meant. Only what is
// published is found.
type noteLinks struct {
	scope
	from *entry
}

// Note is trip2g.Links'. What names no note may still be the address of a page.
func (l noteLinks) Note(target string) (string, bool) {
	for _, name := range noteNames(target) {
		if n, ok := find(l.names, name, l.from.Path, nil); ok {
			return n.value, true
		}
	}
	if !isRooted(target) {
		return l.aliased(target)
	}
	if l.isServersOwn(target) {
		return target, true
	}
	p, ok := rooted(target, l.from.Path)
	if !ok {
		return "", false
	}
	if l.isPage("/" + p) {
		return "/" + p, true
	}
	if url, ok := trip2g.NoteURL(p+"/index.md", ""); ok && at(l.shelf().folders, url) != nil {
		return url, true
	}
	return "", false
}

// isServersOwn reports whether a note can lead to a URL path that is the server's own, beside notes and folders.
func (l noteLinks) isServersOwn(url string) bool {
	return url == trip2g.TagsURL || trip2g.IsServerFile(url) ||
		strings.HasPrefix(url, trip2g.DocsURL) || slices.Contains(l.SystemPages, url)
}

// aliased gives the page of the nearest note that has an alias.
func (l noteLinks) aliased(alias string) (url string, ok bool) {
	var best found[string]
	folded, folder := fold(alias), folderOfPath(l.from.Path)
	for f := range l.aliases.from(found[string]{base: folded}) {
		if f.base != folded {
			break
		}
		if !ok || f.compare(best, folder) < 0 {
			best, ok = f, true
		}
	}
	return best.value, ok
}

// embedded gives the note that an embed shows, nil for none: to everybody none that is for members.
func (l noteLinks) embedded(target string) *entry {
	url, ok := l.Note(target)
	if !ok {
		return nil
	}
	e := at(l.entries, url)
	if e == nil || !l.mayRead(e) {
		return nil
	}
	return e
}

// Embed is trip2g.Links'.
func (l noteLinks) Embed(target string) (trip2g.Embed, bool) {
	e := l.embedded(target)
	if e == nil {
		return trip2g.Embed{}, false
	}
	return trip2g.Embed{URL: e.url, Path: e.Path, Doc: e.doc, Links: noteLinks{l.scope, e}}, true
}

// Settings is trip2g.Links'.
func (l noteLinks) Settings() trip2g.Settings { return l.layout.settings }

// noteNames gives the names of files that a link to a note can mean, the best first.
func noteNames(target string) []string {
	if strings.HasSuffix(target, "/") {
		return []string{target + "index.md", target + "_index.md", target + "README.md"}
	}
	names := []string{target + ".md", target + ".html"}
	if ending := path.Ext(target); strings.EqualFold(ending, ".md") || strings.EqualFold(ending, ".html") {
		names = append([]string{target}, names...)
	}
	return names
}

// Asset is trip2g.Links'. What the note's client joined to the reference comes first. Nobody gets a
// file that only notes have which they may not read.
func (l noteLinks) Asset(ref string) (trip2g.NoteAsset, bool) {
	for i := range l.from.Assets {
		if a := &l.from.Assets[i]; a.Ref == ref && isServable(a) {
			return *a, true
		}
	}
	if !isRooted(ref) {
		if a, ok := l.file("./" + ref); ok {
			return a, true
		}
	}
	return l.file(ref)
}

func (l noteLinks) file(ref string) (trip2g.NoteAsset, bool) {
	f, ok := find(l.files, ref, l.from.Path, l.mayReadFile)
	if !ok {
		return trip2g.NoteAsset{}, false
	}
	a, _ := l.fileAt(f.value)
	return *a, true
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
	if p == "." {
		p = "" // the vault's root
	}
	return p, p != ".." && !strings.HasPrefix(p, "../")
}

// found is a thing that references find by its path in the vault.
type found[T comparable] struct {
	base   string // the last segment of folded
	folded string
	path   string
	id     int64
	value  T
}

func baseOf[T comparable](f found[T]) string { return f.base }

// compareFound puts what has one base in order.
func compareFound[T comparable](a, b found[T]) int {
	if c := strings.Compare(a.folded, b.folded); c != 0 {
		return c
	}
	if c := strings.Compare(a.path, b.path); c != 0 {
		return c
	}
	return cmp.Compare(a.id, b.id)
}

func namesOf(e *entry) []found[string] {
	folded := fold(e.Path)
	return []found[string]{{path.Base(folded), folded, e.Path, e.ID, e.url}}
}

// aliasesOf gives the other names of a note. An alias is one name, whatever is in it.
func aliasesOf(e *entry) []found[string] {
	var all []found[string]
	for _, alias := range e.doc.Aliases {
		if f := (found[string]{fold(alias), fold(e.Path), e.Path, e.ID, e.url}); !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all
}

// find resolves a reference from a note among the things that accept takes (nil: all): the path that
// it is, else the nearest that it ends.
func find[T comparable](in sorted[found[T]], target, from string, accept func(T) bool) (f found[T], ok bool) {
	if isRooted(target) {
		p, ok := rooted(target, from)
		if !ok {
			return f, false
		}
		return exact(in, p, accept)
	}
	target = path.Clean(target)
	if f, ok := exact(in, target, accept); ok {
		return f, true
	}
	return nearest(in, target, from, accept)
}

// exact gives the thing at a path, the one in the same letter case before others.
func exact[T comparable](in sorted[found[T]], p string, accept func(T) bool) (first found[T], ok bool) {
	folded := fold(p)
	for f := range in.from(found[T]{base: path.Base(folded), folded: folded}) {
		if f.folded != folded {
			break
		}
		if accept != nil && !accept(f.value) {
			continue
		}
		if f.path == p {
			return f, true
		}
		if !ok {
			first, ok = f, true
		}
	}
	return first, ok
}

// nearest gives the thing whose path ends with target: one in the folder of the note or below it
// before others, then the one with the fewest folders, the shortest path, the first in byte order.
func nearest[T comparable](in sorted[found[T]], target, from string, accept func(T) bool) (best found[T], ok bool) {
	folded := fold(target)
	base, ending := path.Base(folded), "/"+folded
	folder := folderOfPath(from)
	for f := range in.from(found[T]{base: base}) {
		if f.base != base {
			break
		}
		if strings.HasSuffix(f.folded, ending) && (accept == nil || accept(f.value)) && (!ok || f.compare(best, folder) < 0) {
			best, ok = f, true
		}
	}
	return best, ok
}

func folderOfPath(p string) string { return fold(path.Dir(p)) + "/" }

func (f found[T]) compare(other found[T], folder string) int {
	return cmp.Or(
		cmp.Compare(outside(f.folded, folder), outside(other.folded, folder)),
		cmp.Compare(strings.Count(f.path, "/"), strings.Count(other.path, "/")),
		cmp.Compare(len(f.path), len(other.path)),
		cmp.Compare(f.path, other.path),
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
