package site

import "trip2g/services/trip2g"

// scope is a noteIndex restricted to what a reader may read.
type scope struct {
	*noteIndex
	reader trip2g.Visitor
}

// scope returns the index as seen by reader. Groups that no note names are ignored.
func (x *noteIndex) scope(reader trip2g.Visitor) scope {
	if !reader.Groups().IsEmpty() {
		reader = reader.Within(x.groupViews.named())
	}
	return scope{x, reader}
}

// view returns the view of the reader's audience.
func (s scope) view() *audienceView {
	switch {
	case s.reader.IsOwner():
		return &s.all
	case !s.reader.Groups().IsEmpty():
		return s.groupView()
	case s.reader.IsSignedIn():
		return &s.members
	default:
		return &s.public
	}
}

// mayRead reports whether the reader may read the page of e.
func (s scope) mayRead(e *entry) bool { return s.reader.MayRead(e.access) }

// isPage reports whether a note or a folder has the URL path. It ignores notes' access.
func (s scope) isPage(urlPath string) bool {
	return at(s.byURL, urlPath) != nil || at(s.view().folders, urlPath) != nil
}
