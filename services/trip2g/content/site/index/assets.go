package index

import (
	"cmp"
	"path"
	"strings"

	"trip2g/services/trip2g"
)

// fileRef is a reference to a file from an entry.
type fileRef struct {
	asset    *trip2g.NoteAsset
	access   trip2g.Access // of the entry
	path     string
	id       int64
	position int // in the entry's assets
}

// compare orders references to the same file by access level, public first, then by path.
func (r fileRef) compare(other fileRef) int {
	if c := cmp.Compare(r.access.Level, other.access.Level); c != 0 {
		return c
	}
	if c := strings.Compare(r.path, other.path); c != 0 {
		return c
	}
	if c := cmp.Compare(r.id, other.id); c != 0 {
		return c
	}
	return cmp.Compare(r.position, other.position)
}

func compareByPath(a, b fileRef) int {
	if c := strings.Compare(a.asset.AbsolutePath, b.asset.AbsolutePath); c != 0 {
		return c
	}
	return a.compare(b)
}

func compareByHash(a, b fileRef) int {
	if c := strings.Compare(a.asset.Hash, b.asset.Hash); c != 0 {
		return c
	}
	return a.compare(b)
}

// beforeFirst is the position of a search key that sorts before all references to one path or hash.
const beforeFirst = -1

// fileRefsOf returns the files that the current text of e references. A file attached to a
// reference that the text no longer contains is not served.
func fileRefsOf(e *Entry) []fileRef {
	if len(e.Assets) == 0 {
		return nil
	}
	access := e.Access
	if e.Doc.Settings != nil {
		access = trip2g.Access{Level: trip2g.Public} // stylesheet, icon, images of the site
	}
	written := make(map[string]bool, len(e.Doc.AssetRefs))
	for _, ref := range e.Doc.AssetRefs {
		written[ref] = true
	}
	var refs []fileRef
	for i := range e.Assets {
		if a := &e.Assets[i]; written[a.Ref] && isServable(a) {
			refs = append(refs, fileRef{a, access, e.Path, e.ID, i})
		}
	}
	return refs
}

// isServable reports whether a file may be served. Notes may not: the source contains what the page
// hides.
func isServable(a *trip2g.NoteAsset) bool {
	ending := path.Ext(a.AbsolutePath)
	return !strings.EqualFold(ending, ".md") && !strings.EqualFold(ending, ".html")
}

// indexFiles updates filesByName for paths with changed references.
func (b *Builder) indexFiles() {
	for p := range b.dirtyFiles {
		folded := fold(p)
		item := namedItem{base: path.Base(folded), folded: folded, path: p, value: p}
		if first, ok := b.fileRefsByPath.First(refToPath(p)); ok && first.asset.AbsolutePath == p {
			b.filesByName.Put(item)
		} else {
			b.filesByName.Delete(item)
		}
	}
}

// refToPath returns a search key before all references to a path.
func refToPath(p string) fileRef {
	return fileRef{asset: &trip2g.NoteAsset{AbsolutePath: p}, position: beforeFirst}
}

// fileAt returns the file at a path in the vault, from the first note that the reader may read.
func (s Scope) fileAt(p string) (a *trip2g.NoteAsset, ok bool) {
	for ref := range s.fileRefsByPath.From(refToPath(p)) {
		if ref.asset.AbsolutePath != p {
			break
		}
		if s.Reader.MayRead(ref.access) {
			return ref.asset, true
		}
	}
	return nil, false
}

func (s Scope) mayReadFile(p string) bool {
	_, ok := s.fileAt(p)
	return ok
}

// Asset returns a file by its hash; public reports whether a public note references it.
func (x *Index) Asset(hash string) (a trip2g.NoteAsset, public, ok bool) {
	first, ok := x.fileRefsByHash.First(refToHash(hash))
	if !ok || first.asset.Hash != hash {
		return trip2g.NoteAsset{}, false, false
	}
	return *first.asset, first.access.Level == trip2g.Public, true
}

// refToHash returns a search key before all references to a hash.
func refToHash(hash string) fileRef {
	return fileRef{asset: &trip2g.NoteAsset{Hash: hash}, position: beforeFirst}
}

// MayReadAsset reports whether the reader may read a note that references the file.
func (s Scope) MayReadAsset(hash string) bool {
	for ref := range s.fileRefsByHash.From(refToHash(hash)) {
		if ref.asset.Hash != hash {
			break
		}
		if s.Reader.MayRead(ref.access) {
			return true
		}
	}
	return false
}
