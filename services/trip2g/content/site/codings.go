package site

import (
	"bytes"
	"io"
	"strconv"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"

	"trip2g/services/trip2g"
)

// Codings are those worth offering, best first; a page's body in any other is the identity one.
//
// Measured on pages of 8 and 29 KB made of the documentation, one core: brotli at level 5 leaves 34.8
// and 30.2 % of the bytes and takes 0.30 and 0.83 ms. gzip at level 6 leaves 38.1 and 32.4 % in 0.08 and
// 0.37 ms; the standard library's takes twice as long for 2 % less. Higher levels of brotli gain less
// than 1 % up to the last, which takes 76 ms. zstd leaves 38.9 and 32.7 % in 0.07 and 0.21 ms: no
// browser that knows it lacks brotli, so that offering it would send more.
var Codings = []trip2g.Coding{trip2g.Brotli, trip2g.Gzip}

const (
	brotliLevel = 5
	gzipLevel   = 6
	// brotliWindow is the binary logarithm of how far back an encoder looks, and of the memory that it
	// takes for that: 256 KiB, of which few pages are larger. 4 MiB is what it would take by itself.
	brotliWindow = 18
)

// encoder writes one body after another.
type encoder interface {
	io.WriteCloser
	Reset(io.Writer)
}

// encoders keeps those that are idle: each has megabytes of tables.
var encoders = [...]*sync.Pool{
	trip2g.Brotli: {New: func() any {
		return brotli.NewWriterOptions(nil, brotli.WriterOptions{Quality: brotliLevel, LGWin: brotliWindow})
	}},
	trip2g.Gzip: {New: func() any {
		w, err := gzip.NewWriterLevel(nil, gzipLevel)
		if err != nil {
			panic(err) // there is such a level
		}
		return w
	}},
}

// isOffered tells whether bodies are made in a coding.
func isOffered(coding trip2g.Coding) bool {
	return int(coding) < len(encoders) && encoders[coding] != nil
}

// codingHeader is what saying that a body is coded costs: "Content-Encoding: gzip" and the line's end.
const codingHeader = 24 // bytes

// encode gives a body in a coding that is offered, the body itself where that does not pay. hash is
// of its bytes.
func encode(plain *trip2g.Body, hash string, coding trip2g.Coding) *trip2g.Body {
	made := plain
	inBuffer(func(b *bytes.Buffer) {
		compress(b, plain.Bytes, coding)
		if b.Len()+codingHeader >= len(plain.Bytes) {
			return
		}
		made = &trip2g.Body{
			Bytes: bytes.Clone(b.Bytes()), Coding: coding,
			ETag: `"` + hash + "-" + coding.String() + `"`, Length: strconv.Itoa(b.Len()),
		}
	})
	return made
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
		panic(err) // a buffer takes everything
	}
}
