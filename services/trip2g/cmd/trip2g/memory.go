package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"

	"trip2g/services/trip2g/config"
)

// Garbage that may lie about before it is collected: Go's rule, as much as is in use, would double the
// memory of a node with many notes, and have one with few collect many times a second.
const (
	minGarbage   = 16 << 20 // bytes
	someGarbage  = 64 << 20 // where so much is in use
	garbageShare = 8        // of what is in use, where that is more
)

var boundOnce sync.Once

// boundGarbage is for when the site is loaded: it gives back what that took, and from then on bounds
// the garbage, unless GOGC is set.
func boundGarbage() {
	if os.Getenv("GOGC") != "" {
		return
	}
	boundOnce.Do(func() {
		debug.FreeOSMemory()
		adjustCollector(0)
	})
}

// adjustCollector sets GOGC (percent of the memory in use) by what is in use now, and does so again after
// each collection; set is what it was set to.
func adjustCollector(set int) {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	live := max(1<<20, sample[0].Value.Uint64())
	percent := int(100 * max(minGarbage, min(live, someGarbage), live/garbageShare) / live)
	if percent > set+set/10 || percent < set-set/10 {
		debug.SetGCPercent(percent)
		set = percent
	}
	type sentinel struct{ _ *byte }
	runtime.SetFinalizer(&sentinel{}, func(*sentinel) { adjustCollector(set) })
}

// bodyBytes divides the memory for ready responses, in bytes, between pages and small files. Half of it
// is for what the collector and the caches themselves take.
func bodyBytes(c *config.Config) (pages, files int64) {
	half := int64(c.BodyCacheSize) / 2
	return half - half/4, half / 4
}
