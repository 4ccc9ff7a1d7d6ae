package site

import (
	"bytes"
	"sync"
)

// maxKeptBuffer is the size in bytes past which a buffer is not kept: few pages need one so large.
const maxKeptBuffer = 1 << 20

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// inBuffer lends use an empty buffer, which is another's when it returns. Growing new ones was a third
// of what making a page allocated, and with a large vault collecting that took as long as all else.
func inBuffer(use func(*bytes.Buffer)) {
	b := buffers.Get().(*bytes.Buffer)
	b.Reset()
	use(b)
	if b.Cap() <= maxKeptBuffer {
		buffers.Put(b)
	}
}
