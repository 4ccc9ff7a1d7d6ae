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

// Files of these sizes, in bytes, are compressed if they are text: below it is not worth its cost, above
// it a file is sent as it is stored. Compressed ones are kept, so that they take at most
// maxCompressed × keptCompressed, 16 MiB.
const (
	minCompressed  = 512
	maxCompressed  = 256 << 10
	keptCompressed = 64
)

// compressor sends small text files, which their tags name by content, in gzip to who takes it.
type compressor struct {
	kept *lru.Cache[string, []byte] // by keyOf
}

func newCompressor() *compressor {
	kept, err := lru.New[string, []byte](keptCompressed)
	if err != nil {
		panic(err) // the size is positive
	}
	return &compressor{kept}
}

var gzipAlone = []trip2g.Coding{trip2g.Gzip}

// wrap gives a handler of files that compresses what next sends.
func (c *compressor) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", everybody.vary)
		accepted := joined(r.Header["Accept-Encoding"])
		if isPartial(r) || negotiate(accepted, gzipAlone) != trip2g.Gzip {
			next.ServeHTTP(w, r)
			return
		}
		whole := *r
		whole.Method = http.MethodGet // the length for a HEAD is that of the compressed bytes
		out := &compressingWriter{ResponseWriter: w, request: r, kept: c.kept}
		next.ServeHTTP(out, &whole)
		out.finish()
	})
}

// compressingWriter holds a file back that is to be compressed, and lets everything else through.
type compressingWriter struct {
	http.ResponseWriter
	request *http.Request
	kept    *lru.Cache[string, []byte]

	began   bool
	length  int          // of the file that is held back; 0 if none is
	content bytes.Buffer // of it
}

// WriteHeader is http.ResponseWriter's.
func (w *compressingWriter) WriteHeader(status int) {
	w.began = true
	if length, ok := compressible(status, w.Header()); ok {
		w.length = length
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write is http.ResponseWriter's.
func (w *compressingWriter) Write(p []byte) (int, error) {
	if !w.began {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.length > 0:
		return w.content.Write(p)
	case w.request.Method == http.MethodHead:
		return 0, http.ErrBodyNotAllowed // ends the reading of what is not sent
	}
	return w.ResponseWriter.Write(p)
}

// ReadFrom lets net/http send a large file without copying it through memory.
func (w *compressingWriter) ReadFrom(r io.Reader) (int64, error) {
	if !w.began || w.length > 0 || w.request.Method == http.MethodHead {
		return io.Copy(struct{ io.Writer }{w}, r)
	}
	return io.Copy(w.ResponseWriter, r)
}

// compressible tells whether an answer is a small text file with a tag, and its length.
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

// finish sends the file that was held back.
func (w *compressingWriter) finish() {
	if w.length == 0 {
		return
	}
	if w.content.Len() != w.length {
		panic(http.ErrAbortHandler) // it broke off: nothing of it was sent
	}
	header := w.Header()
	tag := header.Get("ETag")
	key := keyOf(w.request.URL.Path, tag)
	coded, ok := w.kept.Get(key)
	if !ok {
		coded = gzipped(w.content.Bytes())
		w.kept.Add(key, coded)
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

// keyOf names the compressed form of what is at a path. The tag of a vault's file is its hash, and its path ends
// as a client likes: each ending would else be compressed, and push what others ask for out. Of other files
// several may have one tag (RFC 9110, section 8.8.3).
func keyOf(urlPath, tag string) string {
	if strings.HasPrefix(urlPath, trip2g.AssetPrefix) {
		return tag
	}
	return urlPath + " " + tag
}

// send answers with a file, or tells that the client has it.
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
		panic(err) // a buffer takes everything
	}
	return bytes.Clone(b.Bytes())
}
