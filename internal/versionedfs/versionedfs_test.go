package versionedfs

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func newFiles(script string) *Files {
	return New(fstest.MapFS{
		"static/a.js":       {Data: []byte(script)},
		"static/sub/b.css":  {Data: []byte("b")},
		"elsewhere/page.md": {Data: []byte("no file of the site")},
	}, "static", "/files/")
}

func get(f *Files, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestBrowsersCacheAFileOfThisVersionOnly(t *testing.T) {
	f, other := newFiles("1"), newFiles("2")
	if f.URL("sub/b.css") == other.URL("sub/b.css") {
		t.Error("the URL of a file does not change with the files that it can refer to")
	}
	w := get(f, f.URL("a.js"))
	if w.Code != http.StatusOK || w.Body.String() != "1" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") {
		t.Errorf("%d, %v: %q", w.Code, w.Header(), w.Body)
	}
	w = get(f, other.URL("a.js"))
	if w.Code != http.StatusOK || w.Body.String() != "1" || w.Header().Get("Cache-Control") != "no-cache" || w.Header().Get("ETag") != "" {
		t.Errorf("of another version: %d, %v: %q", w.Code, w.Header(), w.Body)
	}
}

func TestOnlyFilesOfTheFolderAreServed(t *testing.T) {
	f := newFiles("1")
	version := strings.TrimSuffix(f.URL("a.js"), "a.js")
	for _, path := range []string{"/files/", "/files/a.js", "/files/x/a.js", version, version + "none.js", version + "sub", version + "%2e%2e/elsewhere/page.md", version + "..%2felsewhere%2fpage.md"} {
		if w := get(f, path); w.Code != http.StatusNotFound {
			t.Errorf("%s is %d: %q", path, w.Code, w.Body)
		}
	}
}
