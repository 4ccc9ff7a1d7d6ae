package index

import (
	"trip2g/services/trip2g"
)

// storedRedirect is a redirect in the database, by its source URL.
type storedRedirect struct {
	from string
	*trip2g.Redirect
}

func lessFrom(a, b storedRedirect) bool { return a.from < b.from }

// PutRedirect adds r or replaces the redirect with its ID.
func (b *Builder) PutRedirect(r *trip2g.Redirect) {
	b.RemoveRedirect(r.ID)
	b.redirectsByID[r.ID] = r
	b.storedRedirects.Put(storedRedirect{r.From, r})
}

func (b *Builder) RemoveRedirect(id int64) {
	old := b.redirectsByID[id]
	if old == nil {
		return
	}
	delete(b.redirectsByID, id)
	// A redirect earlier in the change set may have taken over the source URL.
	if current, _ := b.storedRedirects.Get(storedRedirect{from: old.From}); current.Redirect == old {
		b.storedRedirects.Delete(storedRedirect{from: old.From})
	}
}

// RedirectAt returns the stored redirect from a URL.
func (x *Index) RedirectAt(from string) (trip2g.Redirect, bool) {
	redirect, ok := x.storedRedirects.Get(storedRedirect{from: from})
	if !ok {
		return trip2g.Redirect{}, false
	}
	return *redirect.Redirect, true
}

// Redirects returns the stored redirects, sorted by source URL.
func (x *Index) Redirects() []trip2g.Redirect {
	var list []trip2g.Redirect
	for redirect := range x.storedRedirects.From(storedRedirect{}) {
		list = append(list, *redirect.Redirect)
	}
	return list
}
