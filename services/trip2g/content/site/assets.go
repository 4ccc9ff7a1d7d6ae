package site

import (
	"cmp"
	"path"
	"strings"

	"trip2g/services/trip2g"
)

// fileRef is an entry's reference to a file.
type fileRef struct {
	asset  *trip2g.NoteAsset
	access trip2g.Access // of the entry
	path   string
	id     int64
	number int // among the entry's
}

// compare puts references of one file in order: those of notes that most may read first, then by path.
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
	return cmp.Compare(r.number, other.number)
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

// beforeAll has the number of no reference, so that it comes before all of one path or hash.
const beforeAll = -1

// fileRefsOf lists the files that an entry's text refers to now. What a client attached to a reference that
// the text has no more is kept from readers.
func fileRefsOf(e *entry) []fileRef {
	if len(e.Assets) == 0 {
		return nil
	}
	access := e.access
	if e.doc.Settings != nil {
		access = trip2g.Access{Level: trip2g.Public} // files of the site's look
	}
	written := make(map[string]bool, len(e.doc.AssetRefs))
	for _, ref := range e.doc.AssetRefs {
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

// isServable keeps a note's text from being served as a file, which would show what it keeps back.
func isServable(a *trip2g.NoteAsset) bool {
	ending := path.Ext(a.AbsolutePath)
	return !strings.EqualFold(ending, ".md") && !strings.EqualFold(ending, ".html")
}

// settleFiles recomputes which paths there are of those to which references changed.
func (c *catalog) settleFiles() {
	for p := range c.staleFiles {
		folded := fold(p)
		item := found[string]{base: path.Base(folded), folded: folded, path: p, value: p}
		if first, ok := c.fileRefs.first(refTo(p)); ok && first.asset.AbsolutePath == p {
			c.files.put(item)
		} else {
			c.files.drop(item)
		}
	}
}

// refTo comes before all references to a path in the vault.
func refTo(p string) fileRef {
	return fileRef{asset: &trip2g.NoteAsset{AbsolutePath: p}, number: beforeAll}
}

// fileAt returns what these readers get for a path in the vault: the first file by that path of a note that they may read.
func (s scope) fileAt(p string) (a *trip2g.NoteAsset, ok bool) {
	for ref := range s.fileRefs.from(refTo(p)) {
		if ref.asset.AbsolutePath != p {
			break
		}
		if s.reader.MayRead(ref.access) {
			return ref.asset, true
		}
	}
	return nil, false
}

func (s scope) mayReadFile(p string) bool {
	_, ok := s.fileAt(p)
	return ok
}

// asset finds a file by its hash. public tells whether a public note refers to it.
func (c *content) asset(hash string) (a trip2g.NoteAsset, public, ok bool) {
	first, ok := c.assets.first(refToHash(hash))
	if !ok || first.asset.Hash != hash {
		return trip2g.NoteAsset{}, false, false
	}
	return *first.asset, first.access.Level == trip2g.Public, true
}

// refToHash comes before all references to a content.
func refToHash(hash string) fileRef {
	return fileRef{asset: &trip2g.NoteAsset{Hash: hash}, number: beforeAll}
}

// mayReadAsset reports whether these readers may read a note that refers to a file.
func (s scope) mayReadAsset(hash string) bool {
	for ref := range s.assets.from(refToHash(hash)) {
		if ref.asset.Hash != hash {
			break
		}
		if s.reader.MayRead(ref.access) {
			return true
		}
	}
	return false
}
