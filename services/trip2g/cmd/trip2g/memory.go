package main

import (
	"os"
	"runtime/debug"

	"trip2g/services/trip2g/config"
)

// gcPercent is how much garbage may lie about, as a share of what is in use (GOGC): half of Go's
// default. Most of a node's memory is its notes, which stay.
const gcPercent = 50

// heapFloor is taken for in use by Go's collector and never touched, so that it takes no memory. It lets
// a node with few notes gather at least half as much garbage: it would collect many times a second else.
var heapFloor []byte

const heapFloorSize = 64 << 20 // bytes

// limitGarbage keeps a node's memory near to what it holds, unless GOGC says otherwise.
func limitGarbage() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// raiseHeapFloor is for when the site is loaded: what that makes of garbage is not needed again.
func raiseHeapFloor() { heapFloor = make([]byte, heapFloorSize) }

// bodyBytes divides the memory for ready responses, in bytes, between pages and small files. Half of it
// is for what the collector and the caches themselves take.
func bodyBytes(c *config.Config) (pages, files int64) {
	half := int64(c.BodyCacheSize) / 2
	return half - half/4, half / 4
}
