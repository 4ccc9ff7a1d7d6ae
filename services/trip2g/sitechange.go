package trip2g

// SiteChange is the difference between two successive versions of a site.
type SiteChange struct {
	Site     Site
	Position Position
	// Notes are the IDs of notes whose pages were added, changed, moved or removed.
	Notes []int64
	// Changes are those of all notes, with a page or without, by path; none if Reloaded.
	Changes []NoteChange
	// Reloaded reports that the site was loaded from another database: Notes are all its notes, and all
	// earlier ones are invalid.
	Reloaded bool
}
