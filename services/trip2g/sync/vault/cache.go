package vault

import (
	"io/fs"
	"os"
	"sync"
	"time"
)

// settled is how old a file's last change must have been when it was read for the file's times to
// tell a later one: some file systems count in steps of two seconds.
const settled = 2 * time.Second

// Cache remembers what was found in files, so that a second look at a folder reads only those that
// have changed since. The zero value is ready. It can be used from many goroutines, for one folder
// and one MaxNoteSize.
type Cache struct {
	mu    sync.Mutex
	files map[string]known // by path
}

// known is what was found in a file, and what the file was then.
type known struct {
	info  fs.FileInfo
	found any
}

// get gives what is remembered of a file that is still what it was.
func (c *Cache) get(path string, info fs.FileInfo) (any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.files[path]
	return k.found, ok && os.SameFile(k.info, info) && same(k.info, info)
}

// put remembers what was found in a file, unless it changed so shortly before it was read, at, that
// the next change may leave the times as they are.
func (c *Cache) put(path string, info fs.FileInfo, at time.Time, found any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.Sub(info.ModTime()) < settled {
		delete(c.files, path)
		return
	}
	if c.files == nil {
		c.files = map[string]known{}
	}
	c.files[path] = known{info, found}
}

// cached gives what read finds in a file, without reading it again while it stays as it is. A failure
// is not remembered.
func cached[T any](v *Vault, path string, read func() (T, error)) T {
	var info fs.FileInfo
	if v.cache != nil {
		info, _ = v.root.Stat(v.name(path)) // what is wrong with the file, read finds out
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
