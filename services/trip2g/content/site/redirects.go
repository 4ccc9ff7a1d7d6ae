package site

import (
	"strings"

	"trip2g/services/trip2g"
)

// storedRedirect is a redirect in the database, by its source URL.
type storedRedirect struct {
	from string
	*trip2g.Redirect
}

func lessFrom(a, b storedRedirect) bool { return a.from < b.from }

// putRedirect adds r or replaces the redirect with its ID.
func (b *builder) putRedirect(r *trip2g.Redirect) {
	b.removeRedirect(r.ID)
	b.redirectsByID[r.ID] = r
	b.storedRedirects.put(storedRedirect{r.From, r})
}

func (b *builder) removeRedirect(id int64) {
	old := b.redirectsByID[id]
	if old == nil {
		return
	}
	delete(b.redirectsByID, id)
	// A redirect earlier in the change set may have taken over the source URL.
	if current, _ := b.storedRedirects.get(storedRedirect{from: old.From}); current.Redirect == old {
		b.storedRedirects.delete(storedRedirect{from: old.From})
	}
}

// maxHops bounds the length of a chain of redirects.
const maxHops = 8

// followRedirects returns the final target of the stored redirect from a URL, the zero Location if
// there is none.
func (s scope) followRedirects(from string) trip2g.Location {
	for range maxHops {
		redirect, ok := s.storedRedirects.get(storedRedirect{from: from})
		switch {
		case !ok:
			return trip2g.Location{}
		case redirect.NoteID != 0:
			e, _ := s.byID.get(noteByID{id: redirect.NoteID})
			if e.entry == nil {
				return trip2g.Location{}
			}
			return trip2g.Location{URL: e.entry.url, Permanent: true}
		case !strings.HasPrefix(redirect.To, "/"), trip2g.IsReserved(redirect.To), s.page(redirect.To) != nil:
			return trip2g.Location{URL: redirect.To, Permanent: true}
		}
		if url := s.redirectTarget(redirect.To); url != "" {
			return trip2g.Location{URL: url}
		}
		from = redirect.To
	}
	return trip2g.Location{} // loop
}
