package trip2g

// SiteChange is the difference between two successive versions of a site.
type SiteChange struct {
	Site     Site
	Position Position
	// Notes are the IDs of notes whose pages were added, changed, moved or removed.
	Notes []int64
	// Changes are those of all notes, including notes without a page, by path; none if Reloaded.
	Changes []NoteChange
	// Reloaded reports that the site was loaded from another database: Notes contains all its
	// notes, and all earlier IDs are invalid.
	Reloaded bool
}
