package http

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strconv"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"

	"trip2g/services/trip2g"
)

// Sizes of the text files that are compressed, in bytes. The cache needs at most 16 MiB.
const (
	minCompressed    = 512
	maxCompressed    = 256 << 10
	cachedCompressed = 64 // files
)

// compressor compresses small text files whose ETag identifies their content. It differs from
// klauspost/compress/gzhttp, which compresses on the fly: a response has a Content-Length, HEAD has
// the header of GET, If-None-Match matches the tag of the compressed file, and results are cached.
type compressor struct {
	cache *lru.Cache[string, []byte] // by keyOf
}

func newCompressor() *compressor {
	cache, err := lru.New[string, []byte](cachedCompressed)
	if err != nil {
		panic(err) // the size is positive
	}
	return &compressor{cache}
}

var onlyGzip = []trip2g.Coding{trip2g.Gzip}

// wrap returns a handler that compresses the files that next serves.
func (c *compressor) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", publicCache.vary)
		accepted := joined(r.Header["Accept-Encoding"])
		if isPartial(r) || negotiate(accepted, onlyGzip) != trip2g.Gzip {
			next.ServeHTTP(w, r)
			return
		}
		whole := *r
		whole.Method = http.MethodGet // HEAD needs the length of the compressed file
		out := &compressingWriter{ResponseWriter: w, request: r, cache: c.cache}
		next.ServeHTTP(out, &whole)
		out.finish()
	})
}

// compressingWriter buffers a file that is to be compressed and passes everything else through.
type compressingWriter struct {
	http.ResponseWriter
	request *http.Request
	cache   *lru.Cache[string, []byte]

	wroteHeader bool
	length      int          // of the buffered file; 0: none
	content     bytes.Buffer // of the buffered file
}

// WriteHeader implements http.ResponseWriter.
func (w *compressingWriter) WriteHeader(status int) {
	w.wroteHeader = true
	if length, ok := compressible(status, w.Header()); ok {
		w.length = length
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *compressingWriter) Write(p []byte) (int, error) {
	if !w.wroteHeader {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.length > 0:
		return w.content.Write(p)
	case w.request.Method == http.MethodHead:
		return 0, http.ErrBodyNotAllowed // makes next stop reading the file
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom lets net/http use sendfile for a large file.
func (w *compressingWriter) ReadFrom(r io.Reader) (int64, error) {
	if !w.wroteHeader || w.length > 0 || w.request.Method == http.MethodHead {
		return io.Copy(struct{ io.Writer }{w}, r)
	}
	return io.Copy(w.ResponseWriter, r)
}

// compressible returns the length of a response, and whether it is a small text file with a tag.
func compressible(status int, header http.Header) (int, bool) {
	length, err := strconv.Atoi(header.Get("Content-Length"))
	if status != http.StatusOK || err != nil || length < minCompressed || length > maxCompressed || header.Get("ETag") == "" {
		return 0, false
	}
	mediaType, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	switch mediaType = strings.ToLower(strings.TrimSpace(mediaType)); mediaType {
	case "image/svg+xml", "application/json", "application/xml", "application/javascript":
		return length, true
	}
	return length, strings.HasPrefix(mediaType, "text/")
}

// finish sends the buffered file.
func (w *compressingWriter) finish() {
	if w.length == 0 {
		return
	}
	if w.content.Len() != w.length {
		panic(http.ErrAbortHandler) // incomplete; nothing was sent
	}
	header := w.Header()
	tag := header.Get("ETag")
	key := keyOf(w.request.URL.Path, tag)
	coded, ok := w.cache.Get(key)
	if !ok {
		coded = gzipped(w.content.Bytes())
		w.cache.Add(key, coded)
	}
	if len(coded) >= w.length {
		w.send(w.content.Bytes())
		return
	}
	header.Set("Content-Encoding", trip2g.Gzip.String())
	header.Set("Content-Length", strconv.Itoa(len(coded)))
	header.Set("ETag", strings.TrimSuffix(tag, `"`)+`-gzip"`)
	w.send(coded)
}

// keyOf returns the cache key of a file. For a vault's file it is the tag, its hash: a client
// chooses the end of the path and could otherwise evict the cache. Other files can have the same
// tag (RFC 9110, section 8.8.3).
func keyOf(urlPath, tag string) string {
	if strings.HasPrefix(urlPath, trip2g.AssetPrefix) {
		return tag
	}
	return urlPath + " " + tag
}

// send responds with a file, or with 304 if the client has it.
func (w *compressingWriter) send(body []byte) {
	header := w.Header()
	if matches(joined(w.request.Header["If-None-Match"]), header.Get("ETag")) {
		for _, name := range []string{"Accept-Ranges", "Content-Encoding", "Content-Length", "Content-Type"} {
			header.Del(name)
		}
		w.ResponseWriter.WriteHeader(http.StatusNotModified)
		return
	}
	w.ResponseWriter.WriteHeader(http.StatusOK)
	if w.request.Method != http.MethodHead {
		w.ResponseWriter.Write(body)
	}
}

func gzipped(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(content)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		panic(err) // a buffer never fails
	}
	return bytes.Clone(b.Bytes())
}
