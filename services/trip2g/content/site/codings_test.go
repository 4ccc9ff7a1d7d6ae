package site_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"trip2g/services/trip2g"
	"trip2g/services/trip2g/content/site/render"
)

// TestEveryCodingDecodesToThePage decodes each coding with a decoder other than the encoder's
// library where there is one, and checks that two nodes produce the same bytes.
func TestEveryCodingDecodesToThePage(t *testing.T) {
	content := "# Title\n\n" + strings.Repeat("Some *text* of a [[note]], and more of it. ", 300)
	page, _ := memory("a.md", content).Page("/a", trip2g.Anonymous)
	other, _ := memory("a.md", content).Page("/a", trip2g.Anonymous)
	plain := page.Body(trip2g.Identity)
	decoders := map[trip2g.Coding]func(io.Reader) (io.Reader, error){
		trip2g.Gzip:   func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		trip2g.Brotli: func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
	}
	etags := map[string]bool{plain.ETag: true}
	for _, coding := range render.Codings {
		b := page.Body(coding)
		if b.Coding != coding || len(b.Bytes) >= len(plain.Bytes)/2 || etags[b.ETag] || b != page.Body(coding) {
			t.Errorf("%s: the body is %s, %s bytes, ETag %s", coding, b.Coding, b.Length, b.ETag)
		}
		etags[b.ETag] = true
		if again := other.Body(coding); !bytes.Equal(again.Bytes, b.Bytes) || again.ETag != b.ETag {
			t.Errorf("%s: another node has other bytes", coding)
		}
		r, err := decoders[coding](bytes.NewReader(b.Bytes))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(r); err != nil || !bytes.Equal(text, plain.Bytes) {
			t.Errorf("%s: decoded to %d bytes, want %d: %v", coding, len(text), len(plain.Bytes), err)
		}
	}
	for _, coding := range []trip2g.Coding{trip2g.Zstd, 200} {
		if b := page.Body(coding); b.Coding != trip2g.Identity || !bytes.Equal(b.Bytes, plain.Bytes) || b.ETag != plain.ETag {
			t.Errorf("a coding that is not offered gives %s, ETag %s", b.Coding, b.ETag)
		}
	}
}
