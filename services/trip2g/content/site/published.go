package site

import "trip2g/services/trip2g"

// published returns what is known of the note.
func (i identified) published() trip2g.PublishedNote {
	p := trip2g.PublishedNote{Note: i.note.Note, Doc: i.note.doc, Warnings: i.note.doc.Warnings}
	if i.entry == nil {
		return p
	}
	p.URL = i.entry.url
	if about := warningsOf(i.entry); len(about) > 0 {
		p.Warnings = append([]trip2g.Warning{}, p.Warnings...) // those of the document stay as they are
		for _, w := range about {
			p.Warnings = append(p.Warnings, trip2g.Warning{Path: w.path, Text: w.text})
		}
	}
	return p
}
