package site

import (
	"cmp"
	"path"
	"strings"

	"trip2g/services/trip2g"
)

// fileRef is an entry's reference to a file.
type fileRef struct {
	asset       *trip2g.NoteAsset
	membersOnly bool // the entry
	path        string
	id          int64
	number      int // among the entry's
}

// compare puts references of one file in order: those of public notes first, then by path.
func (r fileRef) compare(other fileRef) int {
	if r.membersOnly != other.membersOnly {
		if other.membersOnly {
			return -1
		}
		return 1
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

func fileRefsOf(e *entry) []fileRef {
	var refs []fileRef
	for i := range e.Assets {
		if a := &e.Assets[i]; isServable(a) {
			refs = append(refs, fileRef{a, e.doc.MembersOnly && e.doc.Settings == nil, e.Path, e.ID, i})
		}
	}
	return refs
}

// isServable keeps a note's text from being served as a file, which would show what it keeps back.
func isServable(a *trip2g.NoteAsset) bool {
	ending := path.Ext(a.AbsolutePath)
	return !strings.EqualFold(ending, ".md") && !strings.EqualFold(ending, ".html")
}

// file is what a path in the vault gives: to members the first file that a note refers to by it, in
// byte order of the notes' paths, and to everybody the first that a public note does.
type file struct {
	any    trip2g.NoteAsset
	public trip2g.NoteAsset
	open   bool // there is a public one
}

// settleFiles finds anew what the paths give to which references changed.
func (c *catalog) settleFiles() {
	for p := range c.staleFiles {
		folded := fold(p)
		item := found[*file]{base: path.Base(folded), folded: folded, path: p}
		f := c.fileAt(p)
		held, had := c.files.get(item)
		switch {
		case f == nil:
			c.files.drop(item)
		case !had || *held.value != *f:
			item.value = f
			c.files.put(item)
		}
	}
}

func (c *catalog) fileAt(p string) *file {
	public, open := c.firstRef(p, false)
	private, closed := c.firstRef(p, true)
	if !open && !closed {
		return nil
	}
	f := &file{open: open}
	if open {
		f.public, f.any = *public.asset, *public.asset
	}
	if closed && (!open || cmp.Or(strings.Compare(private.path, public.path), cmp.Compare(private.id, public.id)) < 0) {
		f.any = *private.asset
	}
	return f
}

// firstRef gives the first reference to a path of members' notes, or of those that everybody can read.
func (c *catalog) firstRef(p string, membersOnly bool) (fileRef, bool) {
	first, ok := c.fileRefs.first(fileRef{asset: &trip2g.NoteAsset{AbsolutePath: p}, membersOnly: membersOnly, number: beforeAll})
	return first, ok && first.asset.AbsolutePath == p && first.membersOnly == membersOnly
}
