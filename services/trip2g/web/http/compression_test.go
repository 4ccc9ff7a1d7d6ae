package http_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"trip2g/services/trip2g/content/site/render"
)

// A compressed file is much smaller, and is not sent again to a client that has it.
func TestATextFileIsCompressedForWhoTakesIt(t *testing.T) {
	n := newNode(t)
	for _, path := range []string{n.text, stylesheet(t, n)} {
		_, want := n.ask(t, "GET", path, "Accept-Encoding", "identity")
		for range 2 { // compressed, then cached
			res, body := n.ask(t, "GET", path, "Accept-Encoding", "br, gzip")
			unzip, err := gzip.NewReader(strings.NewReader(body))
			if err != nil || res.Header.Get("Content-Encoding") != "gzip" || res.Header.Get("Vary") != "Accept-Encoding" || len(body) > len(want)/2 {
				t.Fatalf("%s is %d bytes of %d, %v: %q", path, len(body), len(want), err, res.Header)
			}
			if got, err := io.ReadAll(unzip); err != nil || string(got) != want {
				t.Errorf("%s is another file when decompressed: %v", path, err)
			}
			etag := res.Header.Get("ETag")
			res, body = n.ask(t, "GET", path, "Accept-Encoding", "gzip", "If-None-Match", etag)
			if res.StatusCode != http.StatusNotModified || body != "" || res.Header.Get("ETag") != etag {
				t.Errorf("%s again is %d with %d bytes", path, res.StatusCode, len(body))
			}
		}
		res, body := n.ask(t, "GET", path, "Accept-Encoding", "gzip", "Range", "bytes=5-9")
		if res.StatusCode != http.StatusPartialContent || body != want[5:10] {
			t.Errorf("a part of %s is %d %q", path, res.StatusCode, body)
		}
	}
	if res, body := n.ask(t, "GET", n.asset, "Accept-Encoding", "gzip"); body != assetText || res.Header.Get("Content-Encoding") != "" {
		t.Errorf("a file too short for it is %q, Content-Encoding %q", body, res.Header.Get("Content-Encoding"))
	}
}

// Files with the same tag, such as those of one version, are each compressed as themselves.
func TestFilesOfOneTagAreNotTakenForEachOther(t *testing.T) {
	n := newNode(t)
	_, page := n.ask(t, "GET", "/")
	files := regexp.MustCompile(render.StaticPrefix+`[^"]+\.(?:css|js)`).FindAllString(page, -1)
	if len(files) < 2 {
		t.Fatalf("the page has %q", files)
	}
	for _, path := range files {
		_, want := n.ask(t, "GET", path)
		res, body := n.ask(t, "GET", path, "Accept-Encoding", "gzip")
		if res.Header.Get("Content-Encoding") != "gzip" {
			continue
		}
		unzip, err := gzip.NewReader(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(unzip); err != nil || string(text) != want {
			t.Errorf("%s is another file when decompressed: %v", path, err)
		}
	}
}

// Pages are compressed for clients that accept it, including 404s.
func TestAPageIsCompressedForWhoTakesIt(t *testing.T) {
	n := newNode(t)
	for _, path := range []string{"/", "/no/such", "/secret"} {
		_, want := n.ask(t, "GET", path, "Accept-Encoding", "identity")
		res, body := n.ask(t, "GET", path, "Accept-Encoding", "gzip")
		unzip, err := gzip.NewReader(strings.NewReader(body))
		if err != nil || res.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s is no gzip: %v: %q", path, err, res.Header)
			continue
		}
		if got, err := io.ReadAll(unzip); err != nil || string(got) != want {
			t.Errorf("%s is another page when decompressed: %v", path, err)
		}
		if res, _ := n.ask(t, "GET", path, "Accept-Encoding", "gzip, br"); res.Header.Get("Content-Encoding") != "br" {
			t.Errorf("%s comes in %q to who takes brotli", path, res.Header.Get("Content-Encoding"))
		}
	}
}
