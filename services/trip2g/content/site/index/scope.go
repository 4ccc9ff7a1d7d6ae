package index

import (
	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/ordered"
)

// Scope is a Index restricted to what a reader may read.
type Scope struct {
	*Index
	Reader trip2g.Visitor
}

// Scope returns the index as seen by reader. Groups that no note names are ignored.
func (x *Index) Scope(reader trip2g.Visitor) Scope {
	if !reader.Groups().IsEmpty() {
		reader = reader.Within(x.groupViews.named())
	}
	return Scope{x, reader}
}

// EntryAt returns the note at a URL path, nil if there is none.
func (s Scope) EntryAt(urlPath string) *Entry { return at(s.byURL, urlPath) }

// Links resolves the links of a note.
func (s Scope) Links(from *Entry) NoteLinks { return NoteLinks{s, from} }

// View returns the view of the reader's audience.
func (s Scope) View() *View {
	switch {
	case s.Reader.IsOwner():
		return &s.all
	case !s.Reader.Groups().IsEmpty():
		return s.groupView()
	case s.Reader.IsSignedIn():
		return &s.members
	default:
		return &s.public
	}
}

// MayRead reports whether the reader may read the page of e.
func (s Scope) MayRead(e *Entry) bool { return s.Reader.MayRead(e.Access) }

// isPage reports whether a note or a folder has the URL path. It ignores notes' access.
func (s Scope) isPage(urlPath string) bool {
	return at(s.byURL, urlPath) != nil || at(s.View().folders, urlPath) != nil
}

// urlItem is a value at a URL.
type urlItem[T comparable] struct {
	url   string
	value T
}

func lessURL[T comparable](a, b urlItem[T]) bool { return a.url < b.url }

// at returns the value at url, or the zero T.
func at[T comparable](s ordered.Set[urlItem[T]], url string) T {
	item, _ := s.Get(urlItem[T]{url: url})
	return item.value
}
