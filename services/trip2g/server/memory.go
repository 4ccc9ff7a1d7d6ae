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

// The garbage that can accumulate before a collection. Go's default, as much as is in use, would
// double the memory of a node with many notes, and make a small node collect many times a second.
const (
	minGarbage   = 16 << 20 // bytes
	midGarbage   = 64 << 20 // bytes, for a heap of at least this size
	garbageShare = 10       // divisor of the heap in use, where that is more than midGarbage
)

// Loading a site allocates a hundred times what stays, and fragments the heap, which is then never
// returned to the system. A small site therefore collects often while it loads; a large one would
// spend too long on it.
const (
	loadingGarbage = 4 << 20
	loadingShare   = 3
	largeSite      = 16 << 20 // bytes of heap in use
)

// disableMemoryProfile stops the sampling of allocations, which uses memory itself. The rate is one
// per process: of several nodes in a process, the first sets it.
var disableMemoryProfile = sync.OnceFunc(func() { runtime.MemProfileRate = 0 })

// gcTuner bounds the garbage by setting GOGC, unless the environment sets it.
type gcTuner struct {
	loaded atomic.Bool
	set    int // GOGC in percent of the heap in use; 0: Go's default
	once   sync.Once
}

// start begins tuning. Call it before the site is loaded.
func (t *gcTuner) start() {
	if os.Getenv("GOGC") == "" {
		t.adjust()
	}
}

// siteLoaded switches to the bounds for a loaded site and returns unused memory to the system.
func (t *gcTuner) siteLoaded() {
	t.once.Do(func() {
		t.loaded.Store(true)
		debug.FreeOSMemory()
	})
}

// adjust sets GOGC from the heap in use, now and after each collection.
func (t *gcTuner) adjust() {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	live := max(1<<20, sample[0].Value.Uint64())
	if percent := int(100 * garbageFor(live, t.loaded.Load()) / live); percent > t.set+t.set/10 || percent < t.set-t.set/10 {
		debug.SetGCPercent(percent)
		t.set = percent
	}
	type sentinel struct{ _ *byte }
	runtime.SetFinalizer(&sentinel{}, func(*sentinel) { t.adjust() })
}

// garbageFor returns how much garbage can accumulate while live bytes are in use.
func garbageFor(live uint64, loaded bool) uint64 {
	switch {
	case loaded:
		return max(minGarbage, min(live, midGarbage), live/garbageShare)
	case live < largeSite:
		return max(loadingGarbage, live/loadingShare)
	}
	return live
}

// bodyBytes divides the memory for rendered responses, in bytes, between pages and small files.
// Half of it is left for garbage and for the caches' own structures.
func bodyBytes(c *config.Config) (pages, files int64) {
	half := int64(c.BodyCacheSize) / 2
	return half - half/4, half / 4
}
