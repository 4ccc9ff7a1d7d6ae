package site

import "trip2g/services/trip2g"

// noteByID is a note by its ID, with its entry if it has a page.
type noteByID struct {
	id    int64
	note  *note
	entry *entry
}

func lessID(a, b noteByID) bool { return a.id < b.id }

// published returns the note with its URL and warnings.
func (i noteByID) published() trip2g.PublishedNote {
	p := trip2g.PublishedNote{Note: i.note.Note, Doc: i.note.doc, Warnings: i.note.doc.Warnings}
	if i.entry == nil {
		return p
	}
	p.URL = i.entry.url
	if about := warningsOf(i.entry); len(about) > 0 {
		p.Warnings = append([]trip2g.Warning{}, p.Warnings...) // the document's warnings are shared
		for _, w := range about {
			p.Warnings = append(p.Warnings, trip2g.Warning{Path: w.path, Text: w.text})
		}
	}
	return p
}
