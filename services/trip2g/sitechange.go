package trip2g

// SiteChange is what a site has that the one before it had not.
type SiteChange struct {
	Site     Site
	Position Position
	// Notes are the IDs of those whose pages came, changed, moved or went.
	Notes []int64
	// Changes are those of all notes, with a page or without, by path; none if Anew.
	Changes []NoteChange
	// Reloaded tells that the site does not follow from the one before it: Notes are all that it has, and
	// what is known of others is of another database.
	Reloaded bool
}
