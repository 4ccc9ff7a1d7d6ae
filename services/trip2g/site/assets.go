package site

import "trip2g/services/trip2g"

// asset is a file that a note with a page refers to.
type asset struct {
	trip2g.NoteAsset
	public bool // a note that everybody can read refers to it
}

// assetsOf lists the files of notes by hash. Of several notes that refer to one file, the first
// public one in byte order of paths counts, else the first.
func assetsOf(entries []*entry) map[string]asset {
	assets := make(map[string]asset)
	for _, e := range entries {
		for _, a := range e.Assets {
			held, known := assets[a.Hash]
			public := !e.doc.MembersOnly
			if isServable(a) && (!known || public && !held.public) {
				assets[a.Hash] = asset{a, public}
			}
		}
	}
	return assets
}
