package site

import (
	"cmp"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

// datedPage is a public page by its date (Unix seconds).
type datedPage struct {
	written int64
	url     string
	changed int64 // truncated to the day, as a sitemap shows it
}

func compareDatedPages(a, b datedPage) int {
	return cmp.Or(cmp.Compare(a.written, b.written), strings.Compare(a.url, b.url))
}

func datedPagesOf(e *entry) []datedPage {
	if e.access.Level != trip2g.Public || e.doc.ContentType != "" {
		return nil
	}
	return []datedPage{{e.written().Unix(), e.url, e.changed().UTC().Truncate(24 * time.Hour).Unix()}}
}

// written returns when the note was written: the date in its frontmatter, else that of its upload.
func (e *entry) written() time.Time { return firstNonZero(e.doc.CreatedAt, e.CreatedAt) }

// changed returns when the note was changed: the date in its frontmatter, else that of this
// version's publication.
func (e *entry) changed() time.Time { return firstNonZero(e.doc.UpdatedAt, e.PublishedAt) }

func firstNonZero(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

// newestNotes returns the notes of a feed. Feeds contain public notes only, for all readers.
func (s scope) newestNotes() []*entry {
	var list []*entry
	for d := range s.datedPages.backward() {
		if list = append(list, at(s.byURL, d.url)); len(list) == maxFeedItems {
			break
		}
	}
	return list
}
