package render

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

// Cache caches rendered pages up to a total size. The least used ones are evicted.
type Cache struct {
	limit    int64
	pages    *otter.Cache[cacheKey, *cachedPage]
	inFlight singleflight.Group
	heavy    *semaphore.Weighted

	summaries *lru.Cache[*trip2g.Document, string]
}

// cacheKey identifies a cached body. Each key holds the body of one snapshot at a time.
type cacheKey struct {
	resourceKey string
	reader      trip2g.Visitor
	coding      trip2g.Coding
}

// cachedPage is a body with the record of its dependencies.
type cachedPage struct {
	*rendering
	body *trip2g.Body
}

func NewCache(limit int64, heavy *semaphore.Weighted) *Cache {
	c := &Cache{limit: limit, heavy: heavy, summaries: newSummaryCache()}
	c.pages = otter.Must(&otter.Options[cacheKey, *cachedPage]{
		MaximumWeight: uint64(limit),
		Weigher:       func(key cacheKey, e *cachedPage) uint32 { return uint32(min(cacheWeight(key, e), math.MaxUint32)) },
	})
	return c
}

// Memory of a cached body besides its bytes, and of a dependency, in bytes as measured.
const (
	entryOverhead = 600
	depOverhead   = 150
)

func cacheWeight(key cacheKey, e *cachedPage) int64 {
	total := int64(entryOverhead + len(key.resourceKey) + len(e.deps)*depOverhead)
	for _, d := range e.deps {
		total += int64(len(d.key))
	}
	if e.body.Coding == key.coding { // otherwise the bytes belong to another key
		total += int64(len(e.body.Bytes))
	}
	return total
}

// get returns the body of a page in a coding, or the identity body if the coding is not offered.
func (c *Cache) get(p *page, coding trip2g.Coding) *trip2g.Body {
	if !isOffered(coding) {
		coding = trip2g.Identity
	}
	if e := c.lookup(p, coding); e != nil {
		return e.body
	}
	return c.renderShared(p, coding).body
}

func (c *Cache) lookup(p *page, coding trip2g.Coding) *cachedPage {
	e, ok := c.pages.GetIfPresent(cacheKey{p.resource.key(), p.Reader, coding})
	if !ok || !e.isValidFor(p) {
		return nil
	}
	return e
}

// renderShared renders a body once for all concurrent requests.
func (c *Cache) renderShared(p *page, coding trip2g.Coding) *cachedPage {
	flight := fmt.Sprintf("%d %q %d %s", p.Revisions.Generation, p.Reader, coding, p.resource.key())
	result, _, _ := c.inFlight.Do(flight, func() (any, error) {
		if e := c.lookup(p, coding); e != nil {
			return e, nil
		}
		e := c.renderBody(p, coding)
		c.store(p, coding, e)
		return e, nil
	})
	return result.(*cachedPage)
}

func (c *Cache) renderBody(p *page, coding trip2g.Coding) *cachedPage {
	if coding == trip2g.Identity {
		defer c.acquire(p)()
		html, rendering := p.render()
		return &cachedPage{rendering, &trip2g.Body{Bytes: html, ETag: `"` + rendering.hash + `"`, Length: strconv.Itoa(len(html))}}
	}
	identity := c.lookup(p, trip2g.Identity)
	if identity == nil {
		identity = c.renderShared(p, trip2g.Identity)
	}
	defer c.acquire(p)()
	return &cachedPage{identity.rendering, encode(identity.body, identity.hash, coding)}
}

// acquire waits until a page may be rendered and returns the function that ends this. Only heavy
// pages wait: this leaves processors for cached pages and for following. Otherwise each read from
// the LiteFS mount would wait for all rendering.
func (c *Cache) acquire(p *page) (release func()) {
	if !isHeavy(p.resource) {
		return func() {}
	}
	if err := c.heavy.Acquire(context.Background(), 1); err != nil {
		panic(err) // the context is never canceled
	}
	return func() { c.heavy.Release(1) }
}

// heavyText is the text size in bytes from which a note is as slow to render as a list.
const heavyText = 16 << 10

// isHeavy reports whether rendering takes milliseconds of processor time.
func isHeavy(s resource) bool {
	switch s := s.(type) {
	case notePage:
		return len(s.Doc.Body) > heavyText
	case previewPage, membersOnlyPage, robotsPage:
		return false
	}
	return true
}

// store caches a body, unless it exceeds the whole cache or the cached one is newer: a reader of an
// older snapshot is the last one to need it.
func (c *Cache) store(p *page, coding trip2g.Coding, e *cachedPage) {
	key := cacheKey{p.resource.key(), p.Reader, coding}
	if cacheWeight(key, e) > c.limit {
		return
	}
	if old, ok := c.pages.GetEntryQuietly(key); ok && old.Value.validFor.Load().Generation > p.Revisions.Generation {
		return
	}
	c.pages.Set(key, e)
}

// etagBytes is the length of the SHA-256 prefix in ETags.
const etagBytes = 16

func hashBody(html []byte) string {
	sum := sha256.Sum256(html)
	return hex.EncodeToString(sum[:etagBytes])
}
