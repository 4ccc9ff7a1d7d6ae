package server

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"

	"trip2g/services/trip2g/ops/config"
)

// Garbage that may lie about before it is collected: Go's rule, as much as is in use, would double the
// memory of a node with many notes, and have one with few collect many times a second.
const (
	minGarbage   = 16 << 20 // bytes
	someGarbage  = 64 << 20 // where so much is in use
	garbageShare = 10       // of what is in use, where that is more
)

// While a site is loaded, a hundred times what stays is thrown away, and lies between it: room that is
// never given back. For a small site little of that may be; a large one would be collected for long.
const (
	loadingGarbage = 4 << 20
	loadingShare   = 3
	largeSite      = 16 << 20 // in use
)

// forgoMemoryProfile ends the sampling of where memory is taken, which takes some itself. The rate is
// the process's: of nodes that share one, the first sets it.
var forgoMemoryProfile = sync.OnceFunc(func() { runtime.MemProfileRate = 0 })

// collector bounds the garbage, unless GOGC is set.
type collector struct {
	loaded atomic.Bool
	set    int // GOGC, percent of the memory in use; 0: Go's default
	once   sync.Once
}

// start is for before the site is loaded.
func (c *collector) start() {
	if os.Getenv("GOGC") == "" {
		c.adjust()
	}
}

// settle is for when the site is loaded: it gives back what that took.
func (c *collector) settle() {
	c.once.Do(func() {
		c.loaded.Store(true)
		debug.FreeOSMemory()
	})
}

// adjust sets GOGC by what is in use now, and does so again after each collection.
func (c *collector) adjust() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	live := max(1<<20, sample[0].Value.Uint64())
	if percent := int(100 * garbageFor(live, c.loaded.Load()) / live); percent > c.set+c.set/10 || percent < c.set-c.set/10 {
		debug.SetGCPercent(percent)
		c.set = percent
	}
	type sentinel struct{ _ *byte }
	runtime.SetFinalizer(&sentinel{}, func(*sentinel) { c.adjust() })
}

// garbageFor gives how much may lie about while so much is in use, in bytes.
func garbageFor(live uint64, loaded bool) uint64 {
	switch {
	case loaded:
		return max(minGarbage, min(live, someGarbage), live/garbageShare)
	case live < largeSite:
		return max(loadingGarbage, live/loadingShare)
	}
	return live
}

// bodyBytes divides the memory for ready responses, in bytes, between pages and small files. Half of it
// is for what the collector and the caches themselves take.
func bodyBytes(c *config.Config) (pages, files int64) {
	half := int64(c.BodyCacheSize) / 2
	return half - half/4, half / 4
}
