package index

import "trip2g/services/trip2g"

// Note is a published note and its parsed document. It is immutable.
type Note struct {
	trip2g.Note
	Doc    *trip2g.Document
	Access trip2g.Access // with defaults applied
}

// usesDefaultAccess reports whether the note does not specify its access.
func (n *Note) usesDefaultAccess() bool { return n.Doc.Access.Level == trip2g.Unspecified }

// ParsedNote returns a note with its document and the access that follows from it now.
func (b *Builder) ParsedNote(n trip2g.Note, doc *trip2g.Document) *Note {
	return &Note{n, doc, doc.Access.Resolve(b.defaultAccess)}
}

// With returns the note with other metadata and the same text.
func (n *Note) With(changed trip2g.Note) *Note {
	changed.Content = n.Content // shared with the document
	return &Note{changed, n.Doc, n.Access}
}
