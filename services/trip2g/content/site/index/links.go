package index

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/ordered"
)

// NoteLinks resolves links and file references of one note as Obsidian does: letter case is
// ignored, a note's extension is optional, and leading path segments can be omitted. A name that no
// file has can be an alias. Only published notes and files are found.
type NoteLinks struct {
	Scope
	from *Entry
}

// Note implements trip2g.Links. A target that is no note can still be the URL of a page.
func (l NoteLinks) Note(target string) (string, bool) {
	for _, name := range noteNames(target) {
		if n, ok := findNamed(l.byName, name, l.from.Path, nil); ok {
			return n.value, true
		}
	}
	if !isExplicit(target) {
		return l.findAlias(target)
	}
	if l.isServerURL(target) {
		return target, true
	}
	p, ok := explicitPath(target, l.from.Path)
	if !ok {
		return "", false
	}
	if l.isPage("/" + p) {
		return "/" + p, true
	}
	if url, ok := trip2g.NoteURL(p+"/index.md", ""); ok && at(l.View().folders, url) != nil {
		return url, true
	}
	return "", false
}

// isServerURL reports whether url is a page of the server that notes can link to.
func (l NoteLinks) isServerURL(url string) bool {
	return url == trip2g.TagsURL || trip2g.IsServerFile(url) ||
		strings.HasPrefix(url, trip2g.DocsURL) || slices.Contains(l.SystemPages, url)
}

// findAlias returns the URL of the nearest note with an alias.
func (l NoteLinks) findAlias(alias string) (url string, ok bool) {
	var best namedItem
	folded, folder := fold(alias), folderOfPath(l.from.Path)
	for f := range l.byAlias.From(namedItem{base: folded}) {
		if f.base != folded {
			break
		}
		if !ok || f.compareFrom(best, folder) < 0 {
			best, ok = f, true
		}
	}
	return best.value, ok
}

// EmbeddedNote returns the note that an embed shows, nil if there is none that the reader may read.
func (l NoteLinks) EmbeddedNote(target string) *Entry {
	url, ok := l.Note(target)
	if !ok {
		return nil
	}
	e := at(l.byURL, url)
	if e == nil || !l.MayRead(e) {
		return nil
	}
	return e
}

// Embed implements trip2g.Links.
func (l NoteLinks) Embed(target string) (trip2g.Embed, bool) {
	e := l.EmbeddedNote(target)
	if e == nil {
		return trip2g.Embed{}, false
	}
	return trip2g.Embed{URL: e.URL, Path: e.Path, Doc: e.Doc, Links: NoteLinks{l.Scope, e}}, true
}

// Settings implements trip2g.Links.
func (l NoteLinks) Settings() trip2g.Settings { return l.Layout.Settings }

// noteNames returns the file names that a link target can mean, in order of preference.
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

// Asset implements trip2g.Links. The file that the client attached to the reference comes first.
// Other files need a note that the reader may read.
func (l NoteLinks) Asset(ref string) (trip2g.NoteAsset, bool) {
	for i := range l.from.Assets {
		if a := &l.from.Assets[i]; a.Ref == ref && isServable(a) {
			return *a, true
		}
	}
	if !isExplicit(ref) {
		if a, ok := l.findFile("./" + ref); ok {
			return a, true
		}
	}
	return l.findFile(ref)
}

func (l NoteLinks) findFile(ref string) (trip2g.NoteAsset, bool) {
	f, ok := findNamed(l.filesByName, ref, l.from.Path, l.mayReadFile)
	if !ok {
		return trip2g.NoteAsset{}, false
	}
	a, _ := l.fileAt(f.value)
	return *a, true
}

// isExplicit reports whether a reference starts at the root or at the note's folder.
func isExplicit(target string) bool {
	return strings.HasPrefix(target, "/") || strings.HasPrefix(target, "./") || strings.HasPrefix(target, "../")
}

// explicitPath returns the path in the vault of an explicit reference; ok is false if it leads
// outside.
func explicitPath(target, from string) (p string, ok bool) {
	if !strings.HasPrefix(target, "/") {
		target = path.Join(path.Dir(from), target)
	}
	p = strings.TrimPrefix(path.Clean(target), "/")
	if p == "." {
		p = "" // the root
	}
	return p, p != ".." && !strings.HasPrefix(p, "../")
}

// namedItem is a note or file that references find by its name.
type namedItem struct {
	base   string // last segment of folded
	folded string
	path   string
	id     int64
	value  string
}

func itemBase(f namedItem) string { return f.base }

// compareNamed orders items with the same base.
func compareNamed(a, b namedItem) int {
	if c := strings.Compare(a.folded, b.folded); c != 0 {
		return c
	}
	if c := strings.Compare(a.path, b.path); c != 0 {
		return c
	}
	return cmp.Compare(a.id, b.id)
}

func nameItemsOf(e *Entry) []namedItem {
	folded := fold(e.Path)
	return []namedItem{{path.Base(folded), folded, e.Path, e.ID, e.URL}}
}

// aliasItemsOf returns the aliases of a note. An alias is a single name, even with slashes in it.
func aliasItemsOf(e *Entry) []namedItem {
	var all []namedItem
	for _, alias := range e.Doc.Aliases {
		if f := (namedItem{fold(alias), fold(e.Path), e.Path, e.ID, e.URL}); !slices.Contains(all, f) {
			all = append(all, f)
		}
	}
	return all
}

// findNamed resolves a reference in the note at from: an exact path comes before the nearest path
// that ends in target. Items that accept rejects are skipped; a nil accept accepts all.
func findNamed(in ordered.Set[namedItem], target, from string, accept func(string) bool) (f namedItem, ok bool) {
	if isExplicit(target) {
		p, ok := explicitPath(target, from)
		if !ok {
			return f, false
		}
		return findExact(in, p, accept)
	}
	target = path.Clean(target)
	if f, ok := findExact(in, target, accept); ok {
		return f, true
	}
	return findNearest(in, target, from, accept)
}

// findExact returns the item at a path, preferring the same letter case.
func findExact(in ordered.Set[namedItem], p string, accept func(string) bool) (first namedItem, ok bool) {
	folded := fold(p)
	for f := range in.From(namedItem{base: path.Base(folded), folded: folded}) {
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

// findNearest returns the item whose path ends in target. Items in or below the note's folder come
// first, then fewer folders, the shorter path, byte order.
func findNearest(in ordered.Set[namedItem], target, from string, accept func(string) bool) (best namedItem, ok bool) {
	folded := fold(target)
	base, ending := path.Base(folded), "/"+folded
	folder := folderOfPath(from)
	for f := range in.From(namedItem{base: base}) {
		if f.base != base {
			break
		}
		if strings.HasSuffix(f.folded, ending) && (accept == nil || accept(f.value)) && (!ok || f.compareFrom(best, folder) < 0) {
			best, ok = f, true
		}
	}
	return best, ok
}

func folderOfPath(p string) string { return fold(path.Dir(p)) + "/" }

func (f namedItem) compareFrom(other namedItem, folder string) int {
	return cmp.Or(
		cmp.Compare(outsideRank(f.folded, folder), outsideRank(other.folded, folder)),
		cmp.Compare(strings.Count(f.path, "/"), strings.Count(other.path, "/")),
		cmp.Compare(len(f.path), len(other.path)),
		cmp.Compare(f.path, other.path),
	)
}

func outsideRank(folded, folder string) int {
	if strings.HasPrefix(folded, folder) {
		return 0
	}
	return 1
}

// fold maps paths to the same string if a file system may treat them as equal.
func fold(p string) string { return strings.ToLower(norm.NFC.String(p)) }
