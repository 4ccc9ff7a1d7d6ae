package trip2g

import "context"

// NoteChange is a change of one note's published text.
type NoteChange struct {
	Note    PublishedNote // as it is now, or as it was before it was hidden
	Created bool          // it was not visible before
	Hidden  bool          // it is not visible now
}

// NoteChangeFilter selects changes by the paths of their notes. In a pattern, * and ? match
// characters within a name, ** any folders, and {a,b} either alternative.
type NoteChangeFilter struct {
	Include []string // at least one must match; empty: every path matches
	Exclude []string // none can match
}

// NoteFeed delivers the changes of the notes that a node serves.
type NoteFeed interface {
	// Subscribe returns the selected changes in order until ctx ends. The channel is closed earlier
	// if the node stops, the site is reloaded, or the subscriber is too slow. The subscriber must
	// then read what it missed. EINVALID for an invalid pattern, EUNAVAILABLE with too many
	// subscribers.
	Subscribe(ctx context.Context, filter NoteChangeFilter) (<-chan []NoteChange, error)
}
