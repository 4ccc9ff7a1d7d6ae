// Package filecache keeps copies of stored files off the database, so that reading a file does not
// hold the database: on a LiteFS replica every read of the mount keeps replication waiting.
//
// A small file is kept in memory. A large one is copied once, chunk by chunk, into a file without a
// name in a folder of this machine, which the system removes with the process however that ends.
// Who asks for a file that is being copied reads what is there already. All that the cache reads
// goes through one gate, which rests after each chunk for as long as the chunk took.
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
	// smallFile is the largest file that is kept in memory, in bytes: two rows of the store.
	smallFile = 256 << 10

	// maxSmallFiles and maxCopies bound the files in memory and on disk that nobody reads: beside
	// its bytes each takes some hundred bytes of memory, and one on disk a file descriptor.
	maxSmallFiles = 100_000
	maxCopies     = 1000
)

// Options are the bounds of a Cache. The zero value keeps nothing and reads the source at its pace.
type Options struct {
	MemorySize int64        // bytes of small files
	DiskSize   int64        // bytes of copies of large files
	Dirs       tempdir.Dirs // folders of the copies; nil is the system's for temporary files
	Log        zerolog.Logger
}

// Cache is a trip2g.AssetReader that reads each file of its source once. It decides nothing about
// access: a caller asks only for files that its reader may see. It is safe for concurrent use.
type Cache struct {
	source trip2g.AssetReader
	dirs   tempdir.Dirs
	log    zerolog.Logger
	gate   gate

	mu        sync.Mutex
	files     map[string]*file // by hash: those that a new reader may join
	memory    pool
	disk      pool
	diskRetry time.Time // no copy is begun before
	diskTold  bool      // the log has the failure, and no copy succeeded since
}

var _ trip2g.AssetReader = (*Cache)(nil)

// New makes a cache in front of source.
func New(source trip2g.AssetReader, o Options) *Cache {
	return &Cache{
		source: source, dirs: o.Dirs, log: o.Log, gate: newGate(), files: map[string]*file{},
		memory: newPool(o.MemorySize, maxSmallFiles), disk: newPool(o.DiskSize, maxCopies),
	}
}

// Stats tells how much the cache holds, in bytes: copies under way and copies in use count whole.
type Stats struct {
	Memory, Disk int64
}

// Stats gives what the cache holds now.
func (c *Cache) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Stats{Memory: c.memory.used, Disk: c.disk.used}
}

// Asset tells of a stored file, from the source: ENOTFOUND if there is none.
func (c *Cache) Asset(ctx context.Context, hash string) (asset trip2g.Asset, err error) {
	err = c.gate.pass(ctx, func() error {
		asset, err = c.source.Asset(ctx, hash)
		return err
	})
	return asset, err
}

// IsReferenced reports, by the source, whether a note refers to a file.
func (c *Cache) IsReferenced(ctx context.Context, hash string) (referenced bool, err error) {
	err = c.gate.pass(ctx, func() error {
		referenced, err = c.source.IsReferenced(ctx, hash)
		return err
	})
	return referenced, err
}

// OpenAsset opens a stored file: ENOTFOUND if there is none. Reads wait for what is not copied yet,
// at most until ctx ends, and fail before the end if the content is not what hash names. Without
// room for a copy they go to the source, and its content is not checked. What OpenAsset gives is
// for one goroutine, and must be closed.
func (c *Cache) OpenAsset(ctx context.Context, hash string) (io.ReadSeekCloser, error) {
	f := c.join(hash)
	err := f.waitOpened(ctx)
	if err != nil {
		c.leave(f)
		if errors.Is(err, errNoRoom) {
			return c.openDirect(ctx, hash)
		}
		return nil, err
	}
	return c.newReader(ctx, f), nil
}

// join gives the file of a hash, which now has one reader more; its copy is begun if there is none.
func (c *Cache) join(hash string) *file {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, there := c.files[hash]
	if !there {
		ctx, cancel := context.WithCancel(context.Background())
		f = &file{hash: hash, copying: true, cancel: cancel, progress: make(chan struct{})}
		c.files[hash] = f
		go c.copy(ctx, f)
	} else if f.pool != nil && !f.copying && f.readers == 0 {
		f.pool.takeOut(f)
	}
	f.readers++
	return f
}

// leave takes a reader away. A copy that nobody waits for any more ends.
func (c *Cache) leave(f *file) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.readers--
	if f.readers == 0 && f.copying {
		f.cancel()
		c.forget(f)
	}
	c.settle(f)
}

// copied tells that the copier of a file has ended: with nil the file stays.
func (c *Cache) copied(f *file, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f.copying = false
	f.cancel()
	if err != nil {
		c.forget(f)
	} else if f.disk != nil {
		c.diskTold = false
	}
	c.settle(f)
}

// forget hides a file from new readers; those it has may go on.
func (c *Cache) forget(f *file) {
	if c.files[f.hash] == f {
		delete(c.files, f.hash)
	}
	f.forgotten = true
}

// settle puts a file that nobody uses aside for later readers, or frees what it takes.
func (c *Cache) settle(f *file) {
	if f.readers > 0 || f.copying || f.pool == nil {
		return
	}
	if f.forgotten {
		c.free(f)
		return
	}
	f.pool.putIn(f)
	for f.pool.idle.Len() > f.pool.count {
		c.dropOldest(f.pool)
	}
}

// reserve takes size bytes of a pool for a file, and drops what was not read for the longest time
// to make room. false if what is in use leaves too little.
func (c *Cache) reserve(f *file, p *pool, size int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if size > p.limit-(p.used-p.unread) {
		return false
	}
	for p.used+size > p.limit {
		c.dropOldest(p)
	}
	p.used += size
	f.size, f.pool = size, p
	return true
}

func (c *Cache) dropOldest(p *pool) {
	_, f, found := p.idle.RemoveOldest()
	if !found {
		return
	}
	p.unread -= f.size
	c.forget(f)
	c.free(f)
}

// free gives back what a file takes. It happens once a file, when it has neither reader nor copier.
func (c *Cache) free(f *file) {
	f.pool.used -= f.size
	f.pool = nil
	f.discard()
}

// pool is the files of one kind of storage and the bound of what they take together.
type pool struct {
	limit  int64 // bytes
	count  int   // of files that nobody reads
	used   int64 // bytes of all files
	unread int64 // bytes of those that nobody reads: those in idle
	idle   *simplelru.LRU[string, *file]
}

func newPool(limit int64, count int) pool {
	idle, err := simplelru.NewLRU[string, *file](math.MaxInt, nil)
	if err != nil {
		panic(err) // its only error is of a size that is not positive
	}
	return pool{limit: limit, count: count, idle: idle}
}

func (p *pool) putIn(f *file) {
	p.unread += f.size
	p.idle.Add(f.hash, f)
}

func (p *pool) takeOut(f *file) {
	p.unread -= f.size
	p.idle.Remove(f.hash)
}
