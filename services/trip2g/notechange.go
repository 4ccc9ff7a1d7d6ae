package trip2g

import "context"

// NoteChange is a change of one note's published text.
type NoteChange struct {
	Note    PublishedNote // as it is now, or was before it was hidden
	Created bool          // it was not visible before
	Hidden  bool          // it is not visible now
}

// NoteChangeFilter picks changes by the paths of their notes. In a pattern * and ? stand for characters
// within a name, ** for any folders, {a,b} for either.
type NoteChangeFilter struct {
	Include []string // one of them has to match; empty: every path does
	Exclude []string // none of them may match
}

// NoteFeed hands on what changes in the notes that a node serves.
type NoteFeed interface {
	// Subscribe returns the changes that the filter picks, in order, from now on until ctx ends. The
	// channel is closed before that if the node stops, if the site is loaded again, or if the changes are
	// taken too slowly: then the subscriber has to look for what it missed. EINVALID for a pattern that
	// is none, EUNAVAILABLE if there are too many subscribers.
	Subscribe(ctx context.Context, filter NoteChangeFilter) (<-chan []NoteChange, error)
}
