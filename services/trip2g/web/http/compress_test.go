package http

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"trip2g/services/trip2g"
)

// TestAFileIsCompressedOnceWhateverItsAddressEndsIn requests one file under many names, like a
// client that wants to overload the node, and counts the compressions.
func TestAFileIsCompressedOnceWhateverItsAddressEndsIn(t *testing.T) {
	c := newCompressor()
	files := c.wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hash, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, trip2g.AssetPrefix), "/")
		w.Header().Set("ETag", `"`+hash+`"`)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader([]byte(strings.Repeat("a line of "+hash+"\n", 1000))))
	}))
	get := func(path string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		files.ServeHTTP(w, r)
		if w.Code != http.StatusOK || w.Header().Get("Content-Encoding") != "gzip" {
			t.Fatalf("%s: %d, %v", path, w.Code, w.Header())
		}
	}
	for i := range 3 * cachedCompressed {
		get(fmt.Sprintf("%sabc/%d.txt", trip2g.AssetPrefix, i))
		get(fmt.Sprintf("%sdef/%d", trip2g.AssetPrefix, i))
	}
	if n := c.cache.Len(); n != 2 {
		t.Errorf("two files were compressed to %d", n)
	}
	get("/_system/static/1/a.js")
	get("/_system/static/1/b.js")
	if n := c.cache.Len(); n != 4 {
		t.Errorf("two other files with tags of their own make %d", n)
	}
}
