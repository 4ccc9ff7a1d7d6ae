package vault

import (
	"io/fs"
	"os"
	"sync"
	"time"
)

// minAge is the minimum age of a file's last change for its result to be cached. A later change
// could otherwise have the same time, because some file systems have a resolution of two seconds.
const minAge = 2 * time.Second

// Cache stores the results of reading files, so that opening a folder again reads only files that
// have changed. The zero value is ready for concurrent use with one folder and one MaxNoteSize.
type Cache struct {
	mu    sync.Mutex
	files map[string]known // by path
}

// known is the result of reading a file, with its state at that time.
type known struct {
	info  fs.FileInfo
	found any
}

// get returns the result for a file that has not changed.
func (c *Cache) get(path string, info fs.FileInfo) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.files[path]
	return k.found, ok && os.SameFile(k.info, info) && same(k.info, info)
}

// put stores the result for a file that was read at the time at, unless it had just changed: see
// minAge.
func (c *Cache) put(path string, info fs.FileInfo, at time.Time, found any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.Sub(info.ModTime()) < minAge {
		delete(c.files, path)
		return
	}
	if c.files == nil {
		c.files = map[string]known{}
	}
	c.files[path] = known{info, found}
}

// cached returns the result of read, from the cache if the file has not changed. Errors are not
// cached.
func cached[T any](v *Vault, path string, read func() (T, error)) T {
	var info fs.FileInfo
	if v.cache != nil {
		info, _ = v.root.Stat(v.name(path)) // read reports any error of the file
	}
	if info == nil {
		found, _ := read()
		return found
	}
	if found, ok := v.cache.get(path, info); ok {
		if found, ok := found.(T); ok {
			return found
		}
	}
	at := time.Now()
	found, err := read()
	if err == nil {
		v.cache.put(path, info, at, found)
	}
	return found
}
