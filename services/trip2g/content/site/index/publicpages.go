package index

import (
	"cmp"
	"iter"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

// DatedPage is a public page by its date (Unix seconds).
type DatedPage struct {
	written int64
	URL     string
	Changed int64 // truncated to the day, as a sitemap shows it
}

func compareDatedPages(a, b DatedPage) int {
	return cmp.Or(cmp.Compare(a.written, b.written), strings.Compare(a.URL, b.URL))
}

func datedPagesOf(e *Entry) []DatedPage {
	if e.Access.Level != trip2g.Public || e.Doc.ContentType != "" {
		return nil
	}
	return []DatedPage{{e.Written().Unix(), e.URL, e.Changed().UTC().Truncate(24 * time.Hour).Unix()}}
}

// Written returns when the note was written: the date in its frontmatter, else that of its upload.
func (e *Entry) Written() time.Time { return firstNonZero(e.Doc.CreatedAt, e.CreatedAt) }

// Changed returns when the note was changed: the date in its frontmatter, else that of this
// version's publication.
func (e *Entry) Changed() time.Time { return firstNonZero(e.Doc.UpdatedAt, e.PublishedAt) }

func firstNonZero(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

// NewestNotes returns up to limit public notes, newest first.
func (s Scope) NewestNotes(limit int) []*Entry {
	var list []*Entry
	for d := range s.datedPages.Backward() {
		if list = append(list, at(s.byURL, d.URL)); len(list) == limit {
			break
		}
	}
	return list
}

// PublicPages iterates over the public pages from the nth on, oldest first.
func (x *Index) PublicPages(n int) iter.Seq[DatedPage] { return x.datedPages.FromIndex(n) }

// PublicPageCount returns the number of public pages.
func (x *Index) PublicPageCount() int { return x.datedPages.Len() }
