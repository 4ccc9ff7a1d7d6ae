package filecache

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// chunkSize is the size of one throttled read, in bytes: one row of the store.
	chunkSize = 128 << 10

	// diskRetryDelay is how long no copy starts after a write error, so that the cache does not use
	// the last space on a full disk.
	diskRetryDelay = time.Minute
)

// errNoRoom makes a reader read the source directly.
var errNoRoom = errors.New("there is no room for a copy")

// copy copies a file from the source and notifies its readers of the result. It calls copied first,
// so that the file stays cached if a notified reader releases it at once.
func (c *Cache) copy(ctx context.Context, f *file) {
	err := c.fill(ctx, f)
	canceled := ctx.Err() != nil
	c.copied(f, err)
	if err == nil {
		f.advance(f.size)
		f.open()
		return
	}
	// OpenAsset returns an error from before the file was opened. Without a reader there is no one
	// to inform.
	if f.isOpen() && !canceled && !errors.Is(err, errNoRoom) {
		c.log.Error().Err(err).Str("file", f.hash).Msg("the copy of a stored file failed: its readers received a part of it")
	}
	f.fail(err)
}

// fill copies a file and checks its hash. Readers can read up to the last chunk; copy releases that
// one after the check, so that no file with a wrong hash is ever served in full. A small file is
// opened only after the check.
func (c *Cache) fill(ctx context.Context, f *file) error {
	source, size, err := c.openSource(ctx, f.hash)
	if err != nil {
		return err
	}
	defer source.Close()
	if err := c.allocate(f, size); err != nil {
		return err
	}
	if f.disk != nil {
		f.open()
	}
	sum := sha256.New()
	buffer := make([]byte, min(chunkSize, size))
	for offset := int64(0); offset < size; offset += chunkSize {
		f.advance(offset)
		chunk := buffer[:min(chunkSize, size-offset)]
		err := c.throttle.do(ctx, func() error {
			_, err := io.ReadFull(source, chunk)
			return err
		})
		if err != nil {
			return fmt.Errorf("read from byte %d: %w", offset, err)
		}
		sum.Write(chunk)
		if err := f.write(chunk, offset); err != nil {
			return c.diskFailed(err)
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.hash {
		return fmt.Errorf("the stored file has the SHA-256 %s and not the one that names it, so the database is damaged: restore a backup, or push the file again", got)
	}
	return nil
}

// openSource opens a file of the source and returns its size.
func (c *Cache) openSource(ctx context.Context, hash string) (source io.ReadSeekCloser, size int64, err error) {
	err = c.throttle.do(ctx, func() error {
		source, err = c.source.OpenAsset(ctx, hash)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	size, err = source.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = source.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, 0, errors.Join(err, source.Close())
	}
	return source, size, nil
}

// allocate allocates the storage of a file. It returns errNoRoom if there is none.
func (c *Cache) allocate(f *file, size int64) error {
	if size <= smallFile {
		if !c.reserve(f, &c.memory, size) {
			return errNoRoom
		}
		f.memory = make([]byte, size)
		return nil
	}
	if !c.diskUsable() || !c.reserve(f, &c.disk, size) {
		return errNoRoom
	}
	disk, err := c.dirs.Create()
	if err != nil {
		return c.diskFailed(err)
	}
	f.disk = disk
	return nil
}

func (c *Cache) diskUsable() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().After(c.diskRetry)
}

// diskFailed stops copies to disk for diskRetryDelay and evicts idle copies. It logs one warning
// until a copy succeeds again.
func (c *Cache) diskFailed(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.diskRetry = time.Now().Add(diskRetryDelay)
	if !c.diskWarned {
		c.diskWarned = true
		c.log.Warn().Err(err).Msg("large files are served from the database, which is slow: free disk space, or give a writable folder in TRIP2G_FILE_CACHE_DIR")
	}
	for c.disk.idle.Len() > 0 {
		c.evictOldest(&c.disk)
	}
	return errNoRoom
}
