package site

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"time"

	"trip2g/services/trip2g"
)

// page is made at its first request and then given out without a lock.
type page struct {
	membersOnly bool
	make        func() []byte

	once sync.Once
	body []byte
	etag string
}

// at gives the page as of a change. That is no property of the note alone: a page changes too when
// a note does that it links to.
func (p *page) at(changedAt time.Time) *trip2g.Page {
	p.once.Do(func() {
		p.body = p.make()
		sum := sha256.Sum256(p.body)
		p.etag = `"` + hex.EncodeToString(sum[:16]) + `"`
	})
	return &trip2g.Page{Body: p.body, ETag: p.etag, ModifiedAt: changedAt, MembersOnly: p.membersOnly}
}
