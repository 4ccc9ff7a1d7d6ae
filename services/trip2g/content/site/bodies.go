package site

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"

	"trip2g/services/trip2g"
)

// bodies are the ready bodies of pages, within a bound of bytes: past it the least read are dropped,
// and made again when they are asked for.
type bodies struct {
	limit  int64
	cache  *otter.Cache[bodyKey, *kept]
	making singleflight.Group
	long   *semaphore.Weighted

	summaries *lru.Cache[*trip2g.Document, string]
}

// bodyKey names a body. Of the contents that have it, one at a time does.
type bodyKey struct {
	address string
	reader  trip2g.Reader
	coding  trip2g.Coding
}

// kept is a body with what tells for which contents it is right.
type kept struct {
	*rendering
	body *trip2g.Body
}

func newBodies(limit int64, long *semaphore.Weighted) *bodies {
	b := &bodies{limit: limit, long: long, summaries: newSummaries()}
	b.cache = otter.Must(&otter.Options[bodyKey, *kept]{
		MaximumWeight: uint64(limit),
		Weigher:       func(key bodyKey, k *kept) uint32 { return uint32(min(weight(key, k), math.MaxUint32)) },
	})
	return b
}

// What a kept body weighs beside its bytes, and a fact, in bytes as measured.
const (
	bodyWeight = 600
	factWeight = 150
)

func weight(key bodyKey, k *kept) int64 {
	total := int64(bodyWeight + len(key.address) + len(k.facts)*factWeight)
	for _, f := range k.facts {
		total += int64(len(f.of))
	}
	if k.body.Coding == key.coding { // else it is another key's
		total += int64(len(k.body.Bytes))
	}
	return total
}

// get gives a page's body in a coding, the identity one if that is not offered.
func (b *bodies) get(p *page, coding trip2g.Coding) *trip2g.Body {
	if !isOffered(coding) {
		coding = trip2g.Identity
	}
	if k := b.held(p, coding); k != nil {
		return k.body
	}
	return b.make(p, coding).body
}

func (b *bodies) held(p *page, coding trip2g.Coding) *kept {
	k, ok := b.cache.GetIfPresent(bodyKey{p.subject.address(), p.reader, coding})
	if !ok || !k.isFor(p) {
		return nil
	}
	return k
}

// make makes a body once for all who ask for it meanwhile.
func (b *bodies) make(p *page, coding trip2g.Coding) *kept {
	flight := fmt.Sprintf("%d %q %d %s", p.stamps.generation, p.reader, coding, p.subject.address())
	made, _, _ := b.making.Do(flight, func() (any, error) {
		if k := b.held(p, coding); k != nil {
			return k, nil
		}
		k := b.made(p, coding)
		b.keep(p, coding, k)
		return k, nil
	})
	return made.(*kept)
}

func (b *bodies) made(p *page, coding trip2g.Coding) *kept {
	if coding == trip2g.Identity {
		defer b.turn(p)()
		html, rendering := p.render()
		return &kept{rendering, &trip2g.Body{Bytes: html, ETag: `"` + rendering.hash + `"`, Length: strconv.Itoa(len(html))}}
	}
	plain := b.held(p, trip2g.Identity)
	if plain == nil {
		plain = b.make(p, trip2g.Identity)
	}
	defer b.turn(p)()
	return &kept{plain.rendering, encode(plain.body, plain.hash, coding)}
}

// turn waits until a page may be made, and gives what ends that. Only what takes long waits: while one such
// page after the other is made, the rest of the processors is left to pages that are ready, and to
// following. Each step of that, a read from the mount, would else wait for all that is being made.
func (b *bodies) turn(p *page) (end func()) {
	if !takesLong(p.subject) {
		return func() {}
	}
	if err := b.long.Acquire(context.Background(), 1); err != nil {
		panic(err) // such a context never ends
	}
	return func() { b.long.Release(1) }
}

// longText is from where on a note's page takes as long to make as a list does, in bytes of its text.
const longText = 16 << 10

// takesLong tells whether making a page takes a processor for milliseconds.
func takesLong(s subject) bool {
	switch s := s.(type) {
	case *entry:
		return len(s.doc.Body) > longText
	case previewPage, gate, robots:
		return false
	}
	return true
}

// keep puts a body in the cache, unless it is too large for all of it or what is there is newer: a
// reader of an older content is the last to ask for that.
func (b *bodies) keep(p *page, coding trip2g.Coding, k *kept) {
	key := bodyKey{p.subject.address(), p.reader, coding}
	if weight(key, k) > b.limit {
		return
	}
	if other, ok := b.cache.GetEntryQuietly(key); ok && other.Value.checked.Load().generation > p.stamps.generation {
		return
	}
	b.cache.Set(key, k)
}

// hashBytesOfBody is how much of a body's SHA-256 its ETag has.
const hashBytesOfBody = 16

func hashOf(html []byte) string {
	sum := sha256.Sum256(html)
	return hex.EncodeToString(sum[:hashBytesOfBody])
}
