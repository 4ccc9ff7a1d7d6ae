package filecache

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// newReader returns a reader of an acquired file. For a complete file on disk it returns an
// *os.File with its own offset, which net/http sends without copying it through this process.
func (c *Cache) newReader(ctx context.Context, f *file) io.ReadSeekCloser {
	release := sync.OnceFunc(func() { c.release(f) })
	if f.disk != nil && f.isComplete() {
		if own, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", f.disk.Fd())); err == nil {
			return &handle{File: own, release: release}
		}
	}
	r := &reader{ctx: ctx, cache: c, file: f, release: release}
	r.seeker.size = f.size
	return r
}

// handle is a complete copy on disk.
type handle struct {
	*os.File
	release func()
}

// Close releases the copy.
func (h *handle) Close() error {
	defer h.release()
	return h.File.Close()
}

// reader reads a copy that can still grow. It reads the source if the copy failed for lack of
// space.
type reader struct {
	ctx     context.Context
	cache   *Cache
	file    *file
	release func()
	seeker
	direct io.ReadSeekCloser // the source, after the copy failed
}

func (r *reader) Read(p []byte) (int, error) {
	if r.offset >= r.size {
		return 0, io.EOF
	}
	n, err := r.readAt(p)
	r.offset += int64(n)
	return n, err
}

func (r *reader) readAt(p []byte) (int, error) {
	if r.direct == nil {
		ready, err := r.file.waitFor(r.ctx, r.offset)
		if err == nil {
			return r.file.content().ReadAt(p[:min(int64(len(p)), ready-r.offset)], r.offset)
		}
		if !errors.Is(err, errNoRoom) {
			return 0, err
		}
		if r.direct, err = r.cache.openDirect(r.ctx, r.file.hash); err != nil {
			return 0, err
		}
	}
	if _, err := r.direct.Seek(r.offset, io.SeekStart); err != nil {
		return 0, err
	}
	return r.direct.Read(p)
}

func (r *reader) Close() error {
	defer r.release()
	if r.direct != nil {
		return r.direct.Close()
	}
	return nil
}

// openDirect opens a file of the source for throttled reading without caching it.
func (c *Cache) openDirect(ctx context.Context, hash string) (io.ReadSeekCloser, error) {
	source, size, err := c.openSource(ctx, hash)
	if err != nil {
		return nil, err
	}
	return &directReader{ctx: ctx, throttle: c.throttle, source: source, seeker: seeker{size: size}}, nil
}

// directReader reads the source chunk by chunk and caches the last chunk.
type directReader struct {
	ctx      context.Context
	throttle throttle
	source   io.ReadSeekCloser
	seeker
	begin int64 // of the chunk in data
	data  []byte
}

func (r *directReader) Read(p []byte) (int, error) {
	if r.offset >= r.size {
		return 0, io.EOF
	}
	if r.offset < r.begin || r.offset >= r.begin+int64(len(r.data)) {
		if err := r.load(r.offset - r.offset%chunkSize); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.data[r.offset-r.begin:])
	r.offset += int64(n)
	return n, nil
}

func (r *directReader) load(begin int64) error {
	if r.data == nil {
		r.data = make([]byte, 0, min(chunkSize, r.size))
	}
	r.begin, r.data = begin, r.data[:min(chunkSize, r.size-begin)]
	err := r.throttle.do(r.ctx, func() error {
		if _, err := r.source.Seek(begin, io.SeekStart); err != nil {
			return err
		}
		_, err := io.ReadFull(r.source, r.data)
		return err
	})
	if err != nil {
		r.data = r.data[:0]
	}
	return err
}

func (r *directReader) Close() error { return r.source.Close() }

// seeker is the offset of a reader in a file of known size.
type seeker struct {
	offset, size int64
}

// Seek implements io.Seeker without reading.
func (s *seeker) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += s.offset
	case io.SeekEnd:
		offset += s.size
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return 0, errors.New("seek before the start of the file")
	}
	s.offset = offset
	return offset, nil
}
