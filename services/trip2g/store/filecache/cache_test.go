package filecache

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"

	"trip2g/internal/testwait"
	"trip2g/services/trip2g"
)

// Files are read during and after their copy, with all kinds of range requests.
func TestFilesOfEverySizeAreServedAsStored(t *testing.T) {
	s := newStore(t)
	c, _ := newCache(t, s, nil)
	dir := c.dirs()[0]
	for i, size := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, smallFile, smallFile + 1, 4*chunkSize + 17} {
		hash, content := s.put(t, uint64(i), size)
		for round := range 2 {
			file := open(t, c, hash)
			if err := iotest.TestReader(file, content); err != nil {
				t.Errorf("%d bytes, round %d: %v", size, round, err)
			}
			wantEmpty(t, dir)
			ok(t, file.Close())
		}
		if n := s.opened.Swap(0); n != 1 {
			t.Errorf("%d bytes: the database was asked %d times", size, n)
		}
		found, err := c.Asset(t.Context(), hash)
		if err != nil || found.Size != int64(size) || found.Hash != hash {
			t.Errorf("%d bytes: found %+v, %v", size, found, err)
		}
	}
	_, err := c.OpenAsset(t.Context(), strings.Repeat("0", 64))
	_, assetErr := c.Asset(t.Context(), "no hash")
	for _, err := range []error{err, assetErr} {
		if trip2g.ErrorCode(err) != trip2g.ENOTFOUND {
			t.Errorf("a missing file returns %v", err)
		}
	}
}

// The system sends a complete copy with sendfile, as it does for nginx.
func TestACompleteCopyIsSentByTheSystem(t *testing.T) {
	s := newStore(t)
	hash, content := s.put(t, 1, 3*chunkSize)
	c, _ := newCache(t, s, nil)
	wantContent(t, c, hash, content)
	file := open(t, c, hash)
	defer file.Close()
	if _, system := file.(syscall.Conn); !system { // required by net for sendfile
		t.Errorf("a complete copy is a %T", file)
	}
}

// A video starts to play while most of it is still in the database.
func TestReadersShareACopyWhileItGrows(t *testing.T) {
	s := newStore(t)
	hash, content := s.put(t, 1, 6*chunkSize)
	s.hold, s.holdAt = make(chan struct{}), 2*chunkSize
	c, _ := newCache(t, s, nil)

	readers := []io.ReadSeekCloser{open(t, c, hash), open(t, c, hash)}
	for _, r := range readers {
		got := make([]byte, 2*chunkSize)
		_, err := io.ReadFull(r, got)
		ok(t, err)
		if !bytes.Equal(got, content[:len(got)]) {
			t.Error("the beginning is not the file's")
		}
	}
	ahead := open(t, c, hash)
	_, err := ahead.Seek(-10, io.SeekEnd)
	ok(t, err)
	tail := make(chan []byte)
	go func() {
		got, _ := io.ReadAll(ahead)
		tail <- got
	}()
	select {
	case <-tail:
		t.Fatal("bytes arrived that were never read")
	default:
	}
	close(s.hold)
	if got := <-tail; !bytes.Equal(got, content[len(content)-10:]) {
		t.Errorf("the end is %d bytes and not the file's", len(got))
	}
	for _, r := range readers {
		got, err := io.ReadAll(r)
		ok(t, err)
		if !bytes.Equal(got, content[2*chunkSize:]) {
			t.Error("the rest is not the file's")
		}
		ok(t, r.Close())
	}
	ok(t, ahead.Close())
	if n := s.opened.Load(); n != 1 {
		t.Errorf("the database was asked %d times", n)
	}
}

// Closing a tab stops the copy of a video, but not for other viewers of the same video.
func TestACopyIsCanceledWhenItsLastReaderDisconnects(t *testing.T) {
	s := newStore(t)
	hash, content := s.put(t, 1, 6*chunkSize)
	s.hold, s.holdAt = make(chan struct{}), chunkSize
	c, log := newCache(t, s, nil)

	first, second := open(t, c, hash), open(t, c, hash)
	ok(t, first.Close())
	s.hold <- struct{}{}
	_, err := io.ReadFull(second, make([]byte, 2*chunkSize))
	ok(t, err)
	ok(t, second.Close())
	testwait.Until(t, "the copier closes the file", func() bool { return s.closed.Load() == 1 })
	testwait.Until(t, "the copy is gone", func() bool { return c.Stats() == Stats{} })

	close(s.hold)
	wantContent(t, c, hash, content)
	if log.String() != "" {
		t.Errorf("the log says %s", log)
	}
}

func TestAWaitForAFileEndsWithItsRequest(t *testing.T) {
	s := newStore(t)
	large, _ := s.put(t, 1, 4*chunkSize)
	small, _ := s.put(t, 2, 100)
	s.hold = make(chan struct{})
	c, _ := newCache(t, s, nil)

	ctx, cancel := context.WithCancel(t.Context())
	file, err := c.OpenAsset(ctx, large)
	ok(t, err)
	results := make(chan error, 2)
	go func() {
		_, err := file.Read(make([]byte, 1))
		results <- errors.Join(err, file.Close())
	}()
	go func() {
		_, err := c.OpenAsset(ctx, small)
		results <- err
	}()
	cancel()
	for range 2 {
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Errorf("the wait ended with %v", err)
		}
	}
	testwait.Until(t, "nothing is kept", func() bool { return c.Stats() == Stats{} })
}

// The limits are exact, and the files that were read last stay.
func TestTheLeastRecentlyUsedFilesAreEvicted(t *testing.T) {
	for name, size := range map[string]int{"on disk": 4 * chunkSize, "in memory": 1000} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			limit := int64(3*size + size/2)
			c, _ := newCache(t, s, func(o *Options) { o.MemorySize, o.DiskSize = limit, limit })
			hashes, contents := make([]string, 5), make([][]byte, 5)
			for i := range hashes {
				hashes[i], contents[i] = s.put(t, uint64(i), size)
			}
			read := func(i int) (asked bool) {
				s.opened.Store(0)
				wantContent(t, c, hashes[i], contents[i])
				if held := c.Stats(); held.Memory+held.Disk > limit {
					t.Errorf("the cache holds %+v", held)
				}
				return s.opened.Load() > 0
			}
			for _, step := range []struct {
				file  int
				asked bool
			}{{0, true}, {1, true}, {2, true}, {0, false}, {3, true}, {0, false}, {2, false}, {1, true}, {4, true}, {2, false}, {3, true}} {
				if asked := read(step.file); asked != step.asked {
					t.Errorf("file %d came from the database: %v, want %v", step.file, asked, step.asked)
				}
			}
			if held := c.Stats(); held.Memory+held.Disk != 3*int64(size) {
				t.Errorf("three files of %d bytes take %+v", size, held)
			}
		})
	}
}

// Slow readers keep their copies. While these use all of the disk space, new readers read the
// database.
func TestAFileInUseIsNeverEvicted(t *testing.T) {
	s := newStore(t)
	const size = 4 * chunkSize
	c, log := newCache(t, s, func(o *Options) { o.DiskSize = 2 * size })
	held := map[io.ReadSeekCloser][]byte{}
	for i := range 2 {
		hash, content := s.put(t, uint64(i), size)
		wantContent(t, c, hash, content)
		held[open(t, c, hash)] = content
	}
	for i := range 3 {
		hash, content := s.put(t, uint64(10+i), size)
		file := open(t, c, hash)
		if err := iotest.TestReader(file, content); err != nil {
			t.Error(err)
		}
		ok(t, file.Close())
	}
	for file, content := range held {
		got, err := io.ReadAll(file)
		ok(t, err)
		if !bytes.Equal(got, content) {
			t.Error("a slow reader got something else")
		}
		ok(t, file.Close())
		ok(t, ignoreClosed(file.Close()))
	}
	if got := c.Stats(); got.Disk != 2*size {
		t.Errorf("two copies take %+v", got)
	}
	hash, content := s.put(t, 20, 2*size)
	wantContent(t, c, hash, content)
	if got := c.Stats(); got.Disk != 2*size || log.String() != "" {
		t.Errorf("one copy in place of two takes %+v, and the log says %s", got, log)
	}
}

func ignoreClosed(err error) error {
	if err != nil && strings.Contains(err.Error(), "already closed") {
		return nil
	}
	return err
}

func TestAFileLargerThanTheCacheEvictsNothing(t *testing.T) {
	s := newStore(t)
	kept, content := s.put(t, 1, 4*chunkSize)
	huge, hugeContent := s.put(t, 2, 9*chunkSize)
	c, _ := newCache(t, s, func(o *Options) { o.DiskSize = 8 * chunkSize })
	wantContent(t, c, kept, content)
	wantContent(t, c, huge, hugeContent)
	s.opened.Store(0)
	wantContent(t, c, kept, content)
	if s.opened.Load() != 0 {
		t.Error("a file that never fits drove another out")
	}
}

// A size of 0 caches nothing and serves everything.
func TestACacheOfSizeZeroServesFromTheDatabase(t *testing.T) {
	s := newStore(t)
	c := New(s, Options{})
	for i, size := range []int{0, 10, smallFile + 1} {
		hash, content := s.put(t, uint64(i), size)
		wantContent(t, c, hash, content)
	}
	if c.Stats() != (Stats{}) {
		t.Errorf("it holds %+v", c.Stats())
	}
}

// Many readers share little space: each reads the right file, and the accounting is correct
// afterwards.
func TestManyReadersOfManyFilesReadTheRightBytes(t *testing.T) {
	s := newStore(t)
	const size = 3*chunkSize + 5
	c, log := newCache(t, s, func(o *Options) { o.MemorySize, o.DiskSize = 3000, 3*size })
	type stored struct {
		hash    string
		content []byte
	}
	var files []stored
	for i := range 12 {
		hash, content := s.put(t, uint64(i), []int{size, 1000}[i%2])
		files = append(files, stored{hash, content})
	}
	var wg sync.WaitGroup
	for client := range 8 {
		wg.Go(func() {
			for i := range 10 {
				f := files[(client*5+i*7)%len(files)]
				file, err := c.OpenAsset(t.Context(), f.hash)
				if err != nil {
					t.Error(err)
					return
				}
				if i%4 == client%4 {
					file.Close() // some leave at once
					continue
				}
				if got, err := io.ReadAll(file); err != nil || !bytes.Equal(got, f.content) {
					t.Errorf("%d bytes and %v, want %d", len(got), err, len(f.content))
				}
				file.Close()
			}
		})
	}
	wg.Wait()
	// A copier without readers is forgotten at once and releases its bytes when it ends.
	testwait.Until(t, "no file is in use", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.memory.used == c.memory.idleBytes && c.disk.used == c.disk.idleBytes
	})
	if s.overlap.Load() {
		t.Error("two reads of the database were under way at once")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, p := range map[string]*pool{"memory": &c.memory, "disk": &c.disk} {
		sum := int64(0)
		for _, f := range p.idle.Values() {
			sum += f.size
		}
		if p.used > p.limit || p.used != sum || p.idleBytes != sum {
			t.Errorf("%s: %d bytes of files, account %d and %d of %d", name, sum, p.used, p.idleBytes, p.limit)
		}
	}
	if log.String() != "" {
		t.Errorf("the log says %s", log)
	}
}
