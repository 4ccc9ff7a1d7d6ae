// Package filecache caches stored files outside of the database, so that reading a file does not
// hold the database: on a LiteFS replica, every read of the mount delays replication.
//
// A small file is cached in memory. A large file is copied once, chunk by chunk, into an unlinked
// file on local disk, which the system deletes when the process ends. Readers of a file that is
// being copied read the part that is complete. All reads of the database go through one throttle,
// which pauses after each chunk for as long as the chunk took.
package filecache

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/rs/zerolog"

	"trip2g/internal/tempdir"
	"trip2g/services/trip2g"
)

const (
	// smallFile is the size of the largest file in memory, in bytes: two rows of the store.
	smallFile = 256 << 10

	// maxSmallFiles and maxCopies bound the idle files in memory and on disk. In addition to its
	// content, each needs a few hundred bytes of memory, and a copy on disk a file descriptor.
	maxSmallFiles = 100_000
	maxCopies     = 1000
)

// Options configure a Cache. The zero value caches nothing and only throttles reads.
type Options struct {
	MemorySize int64        // bytes of small files
	DiskSize   int64        // bytes of copies of large files
	Dirs       tempdir.Dirs // folders of the copies; nil is the system's for temporary files
	Log        zerolog.Logger
}

// Cache is a trip2g.AssetReader that reads each file of its source once. It does not check access:
// the caller does. It is safe for concurrent use.
type Cache struct {
	source   trip2g.AssetReader
	dirs     tempdir.Dirs
	log      zerolog.Logger
	throttle throttle

	mu         sync.Mutex
	files      map[string]*file // by hash, those that a new reader can share
	memory     pool
	disk       pool
	diskRetry  time.Time // no copy starts before
	diskWarned bool      // the failure was logged, and no copy has succeeded since
}

var _ trip2g.AssetReader = (*Cache)(nil)

// New returns a cache in front of source.
func New(source trip2g.AssetReader, o Options) *Cache {
	return &Cache{
		source: source, dirs: o.Dirs, log: o.Log, throttle: newThrottle(), files: map[string]*file{},
		memory: newPool(o.MemorySize, maxSmallFiles), disk: newPool(o.DiskSize, maxCopies),
	}
}

// Stats has the size of the cache in bytes. Copies in progress and in use count in full.
type Stats struct {
	Memory, Disk int64
}

// Stats returns the current size of the cache.
func (c *Cache) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{Memory: c.memory.used, Disk: c.disk.used}
}

// Asset returns a stored file's metadata from the source, ENOTFOUND if the file does not exist.
func (c *Cache) Asset(ctx context.Context, hash string) (asset trip2g.Asset, err error) {
	err = c.throttle.do(ctx, func() error {
		asset, err = c.source.Asset(ctx, hash)
		return err
	})
	return asset, err
}

// IsReferenced reports whether a note refers to a file. It reads the source.
func (c *Cache) IsReferenced(ctx context.Context, hash string) (referenced bool, err error) {
	err = c.throttle.do(ctx, func() error {
		referenced, err = c.source.IsReferenced(ctx, hash)
		return err
	})
	return referenced, err
}

// OpenAsset opens a stored file, ENOTFOUND if it does not exist. Reads wait for the part that is
// not copied yet, until ctx ends. They fail before the end of the file if the content does not have
// the hash. Without space for a copy, reads go to the source and the content is not checked. The
// file is not safe for concurrent use and must be closed.
func (c *Cache) OpenAsset(ctx context.Context, hash string) (io.ReadSeekCloser, error) {
	f := c.acquire(hash)
	err := f.waitOpened(ctx)
	if err != nil {
		c.release(f)
		if errors.Is(err, errNoRoom) {
			return c.openDirect(ctx, hash)
		}
		return nil, err
	}
	return c.newReader(ctx, f), nil
}

// acquire returns the file of a hash and adds a reader to it. It starts a copy if there is none.
func (c *Cache) acquire(hash string) *file {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, there := c.files[hash]
	if !there {
		ctx, cancel := context.WithCancel(context.Background())
		f = &file{hash: hash, copying: true, cancel: cancel, progress: make(chan struct{})}
		c.files[hash] = f
		go c.copy(ctx, f)
	} else if f.pool != nil && !f.copying && f.readers == 0 {
		f.pool.markInUse(f)
	}
	f.readers++
	return f
}

// release removes a reader. A copy without readers is canceled.
func (c *Cache) release(f *file) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.readers--
	if f.readers == 0 && f.copying {
		f.cancel()
		c.forget(f)
	}
	c.retire(f)
}

// copied ends the copy of a file. The file stays cached if err is nil.
func (c *Cache) copied(f *file, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.copying = false
	f.cancel()
	if err != nil {
		c.forget(f)
	} else if f.disk != nil {
		c.diskWarned = false
	}
	c.retire(f)
}

// forget hides a file from new readers. Its current readers continue.
func (c *Cache) forget(f *file) {
	if c.files[f.hash] == f {
		delete(c.files, f.hash)
	}
	f.forgotten = true
}

// retire makes an unused file idle for later readers, or frees it if it is forgotten.
func (c *Cache) retire(f *file) {
	if f.readers > 0 || f.copying || f.pool == nil {
		return
	}
	if f.forgotten {
		c.free(f)
		return
	}
	f.pool.markIdle(f)
	for f.pool.idle.Len() > f.pool.count {
		c.evictOldest(f.pool)
	}
}

// reserve reserves size bytes of a pool for a file and evicts the least recently used files to make
// room. It returns false if the files in use leave too little.
func (c *Cache) reserve(f *file, p *pool, size int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if size > p.limit-(p.used-p.idleBytes) {
		return false
	}
	for p.used+size > p.limit {
		c.evictOldest(p)
	}
	p.used += size
	f.size, f.pool = size, p
	return true
}

func (c *Cache) evictOldest(p *pool) {
	_, f, found := p.idle.RemoveOldest()
	if !found {
		return
	}
	p.idleBytes -= f.size
	c.forget(f)
	c.free(f)
}

// free releases the storage of a file. It is called once for each file, without readers and copier.
func (c *Cache) free(f *file) {
	f.pool.used -= f.size
	f.pool = nil
	f.discard()
}

// pool has the files of one kind of storage and the limit of their total size.
type pool struct {
	limit     int64 // bytes
	count     int   // limit of idle files
	used      int64 // bytes of all files
	idleBytes int64 // bytes of idle files
	idle      *simplelru.LRU[string, *file]
}

func newPool(limit int64, count int) pool {
	idle, err := simplelru.NewLRU[string, *file](math.MaxInt, nil)
	if err != nil {
		panic(err) // it fails only for a size that is not positive
	}
	return pool{limit: limit, count: count, idle: idle}
}

func (p *pool) markIdle(f *file) {
	p.idleBytes += f.size
	p.idle.Add(f.hash, f)
}

func (p *pool) markInUse(f *file) {
	p.idleBytes -= f.size
	p.idle.Remove(f.hash)
}
