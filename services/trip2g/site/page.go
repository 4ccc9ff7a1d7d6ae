package site

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"sync"

	"trip2g/services/trip2g"
)

// page is made at its first request and then given out without a lock.
type page struct {
	membersOnly bool
	make        func() []byte

	once sync.Once
	body trip2g.Body
}

// MembersOnly is trip2g.Page's.
func (p *page) MembersOnly() bool { return p.membersOnly }

// Body is trip2g.Page's.
func (p *page) Body(trip2g.Coding) *trip2g.Body {
	p.once.Do(func() {
		html := p.make()
		sum := sha256.Sum256(html)
		p.body = trip2g.Body{Bytes: html, ETag: `"` + hex.EncodeToString(sum[:16]) + `"`, Length: strconv.Itoa(len(html))}
	})
	return &p.body
}
