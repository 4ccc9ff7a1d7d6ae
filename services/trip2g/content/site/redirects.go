package site

import (
	"strings"

	"trip2g/services/trip2g"
)

// stored is a redirect that the database has, by the address from which it leads.
type stored struct {
	from string
	*trip2g.Redirect
}

func byFrom(a, b stored) bool { return a.from < b.from }

// putRedirect takes a redirect in, in place of the one with its ID.
func (c *catalog) putRedirect(r *trip2g.Redirect) {
	c.removeRedirect(r.ID)
	c.redirectIDs[r.ID] = r
	c.stored.put(stored{r.From, r})
}

func (c *catalog) removeRedirect(id int64) {
	held := c.redirectIDs[id]
	if held == nil {
		return
	}
	delete(c.redirectIDs, id)
	// Another one can lead from the same address by now: of a set of changes it may have come first.
	if at, _ := c.stored.get(stored{from: held.From}); at.Redirect == held {
		c.stored.drop(stored{from: held.From})
	}
}

// maxHops bounds how many redirects are followed from one to the next.
const maxHops = 8

// storedFrom gives where the redirect that the database has for an address leads in the end, the zero
// Location if there is none, or none that ends at something.
func (s scope) storedFrom(from string) trip2g.Location {
	for range maxHops {
		held, ok := s.stored.get(stored{from: from})
		switch {
		case !ok:
			return trip2g.Location{}
		case held.NoteID != 0:
			e, _ := s.ids.get(identified{id: held.NoteID})
			if e.entry == nil {
				return trip2g.Location{}
			}
			return trip2g.Location{URL: e.entry.url, Permanent: true}
		case !strings.HasPrefix(held.To, "/"), trip2g.IsReserved(held.To), s.page(held.To) != nil:
			return trip2g.Location{URL: held.To, Permanent: true}
		}
		if url := s.redirect(held.To); url != "" {
			return trip2g.Location{URL: url}
		}
		from = held.To
	}
	return trip2g.Location{} // they lead in a circle
}

// identified is a note by its ID, with its entry if it has a page.
type identified struct {
	id    int64
	note  *note
	entry *entry
}

func byID(a, b identified) bool { return a.id < b.id }
