package index

import "trip2g/services/trip2g"

// noteByID is a note by its ID, with its entry if it has a page.
type noteByID struct {
	id    int64
	note  *Note
	Entry *Entry
}

func lessID(a, b noteByID) bool { return a.id < b.id }

// ByID returns the note with an ID.
func (x *Index) ByID(id int64) (noteByID, bool) { return x.byID.Get(noteByID{id: id}) }

// Published returns the note with its URL and warnings.
func (i noteByID) Published() trip2g.PublishedNote {
	p := trip2g.PublishedNote{Note: i.note.Note, Doc: i.note.Doc, Warnings: i.note.Doc.Warnings}
	if i.Entry == nil {
		return p
	}
	p.URL = i.Entry.URL
	if about := warningsOf(i.Entry); len(about) > 0 {
		p.Warnings = append([]trip2g.Warning{}, p.Warnings...) // the document's warnings are shared
		for _, w := range about {
			p.Warnings = append(p.Warnings, trip2g.Warning{Path: w.path, Text: w.text})
		}
	}
	return p
}
