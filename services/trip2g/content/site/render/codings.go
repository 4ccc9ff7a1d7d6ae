package render

import (
	"bytes"
	"io"
	"strconv"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"

	"trip2g/services/trip2g"
)

// Codings are the offered content codings, best first. In any other coding a page has its identity
// body.
//
// Measured on pages of 8 and 29 KB made of the documentation, one core: brotli at level 5 leaves
// 34.8 and 30.2 % of the bytes and takes 0.30 and 0.83 ms. gzip at level 6 leaves 38.1 and 32.4 %
// in 0.08 and 0.37 ms; the standard library's takes twice as long for 2 % less. Higher levels of
// brotli gain less than 1 % up to the last, which takes 76 ms. zstd leaves 38.9 and 32.7 % in 0.07
// and 0.21 ms: no browser that knows it lacks brotli, so that offering it would send more.
var Codings = []trip2g.Coding{trip2g.Brotli, trip2g.Gzip}

const (
	brotliLevel = 5
	gzipLevel   = 6
	// brotliWindow is the binary logarithm of the encoder's window, which is also its memory: 256
	// KiB, more than nearly all pages. The default takes 4 MiB.
	brotliWindow = 18
)

// encoder is a reusable compressor.
type encoder interface {
	io.WriteCloser
	Reset(io.Writer)
}

// encoders pools idle encoders: each has megabytes of tables.
var encoders = [...]*sync.Pool{
	trip2g.Brotli: {New: func() any {
		return brotli.NewWriterOptions(nil, brotli.WriterOptions{Quality: brotliLevel, LGWin: brotliWindow})
	}},
	trip2g.Gzip: {New: func() any {
		w, err := gzip.NewWriterLevel(nil, gzipLevel)
		if err != nil {
			panic(err) // the level is valid
		}
		return w
	}},
}

// isOffered reports whether bodies are encoded in a coding.
func isOffered(coding trip2g.Coding) bool {
	return int(coding) < len(encoders) && encoders[coding] != nil
}

// codingHeader is the size of the header that an encoded body adds: "Content-Encoding: gzip" and
// the line break.
const codingHeader = 24 // bytes

// encode returns a body in an offered coding, or the body itself if encoding saves nothing. hash is
// that of its bytes.
func encode(identity *trip2g.Body, hash string, coding trip2g.Coding) *trip2g.Body {
	encoded := identity
	withBuffer(func(b *bytes.Buffer) {
		compress(b, identity.Bytes, coding)
		if b.Len()+codingHeader >= len(identity.Bytes) {
			return
		}
		encoded = &trip2g.Body{
			Bytes: bytes.Clone(b.Bytes()), Coding: coding,
			ETag: `"` + hash + "-" + coding.String() + `"`, Length: strconv.Itoa(b.Len()),
		}
	})
	return encoded
}

func compress(b *bytes.Buffer, content []byte, coding trip2g.Coding) {
	pool := encoders[coding]
	w := pool.Get().(encoder)
	defer pool.Put(w)
	w.Reset(b)
	_, err := w.Write(content)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		panic(err) // a write to a buffer never fails
	}
}
