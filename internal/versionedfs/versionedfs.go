// Package versionedfs serves files that are part of the program at URLs that browsers can cache
// forever. A URL contains a hash of all files, so that relative references between them, such as
// imports of JavaScript modules, stay within one version. Libraries that hash each file's name, such
// as benbjohnson/hashfs, would break those references.
package versionedfs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// versionLength is the length of a version in bytes, before encoding.
const versionLength = 8

// Files is an http.Handler for the files of a file system. It must be read-only and immutable.
type Files struct {
	fs      fs.FS
	prefix  string
	version string
}

// New returns the files in a folder of a file system, to be served under a URL prefix that ends in
// "/". It panics if they cannot be read, which embedded files always can.
func New(files fs.FS, folder, prefix string) *Files {
	sub, err := fs.Sub(files, folder)
	if err != nil {
		panic(err)
	}
	return &Files{fs: sub, prefix: prefix, version: hash(sub)}
}

func hash(files fs.FS) string {
	sum := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		fmt.Fprintf(sum, "%s %d\n%s", name, len(content), content)
		return err
	})
	if err != nil {
		panic(err)
	}
	return hex.EncodeToString(sum.Sum(nil)[:versionLength])
}

// Has reports whether there is a file with a name.
func (f *Files) Has(name string) bool {
	_, err := fs.Stat(f.fs, name)
	return err == nil
}

// URL returns the URL path of a file. It panics if there is none with the name.
func (f *Files) URL(name string) string {
	if !f.Has(name) {
		panic("no file " + name)
	}
	return f.prefix + f.version + "/" + name
}

// ServeHTTP serves a file. A request with another version, which can come from a page of a node that
// has not been upgraded yet, gets this version's file without caching.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	version, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, f.prefix), "/")
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	content, err := fs.ReadFile(f.fs, name)
	if err != nil || !isVersion(version) {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	if version == f.version {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
		header.Set("ETag", `"`+version+"-"+name+`"`)
	} else {
		header.Set("Cache-Control", "no-cache")
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(content))
}

func isVersion(s string) bool {
	sum, err := hex.DecodeString(s)
	return err == nil && len(sum) == versionLength
}
