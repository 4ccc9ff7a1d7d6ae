package render

import (
	"bytes"
	"sync"
)

// maxPooledBuffer is the largest size in bytes of a pooled buffer: few pages need more.
const maxPooledBuffer = 1 << 20

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// withBuffer calls use with an empty pooled buffer, valid until use returns. Without the pool,
// growing buffers was a third of the allocations of a page, and with a large vault their collection
// cost as much as everything else.
func withBuffer(use func(*bytes.Buffer)) {
	b := buffers.Get().(*bytes.Buffer)
	b.Reset()
	use(b)
	if b.Cap() <= maxPooledBuffer {
		buffers.Put(b)
	}
}
