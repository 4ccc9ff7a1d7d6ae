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
	// chunkSize is what one turn at the gate reads, in bytes: one row of the store.
	chunkSize = 128 << 10

	// diskPause is how long no copy is begun after the disk refused one, so that a full disk is
	// left to those who need it.
	diskPause = time.Minute
)

// errNoRoom tells a reader to read the source itself.
var errNoRoom = errors.New("there is no room for a copy")

// copy fills a file from the source until it is whole, and tells those who wait how that went. It
// is no copier any more when they hear of it: who has read all may leave, and the file stays.
func (c *Cache) copy(ctx context.Context, f *file) {
	err := c.fill(ctx, f)
	unwanted := ctx.Err() != nil
	c.copied(f, err)
	if err == nil {
		f.advance(f.size)
		f.open()
		return
	}
	// An error before the file is open is its openers', and without a reader it is nobody's.
	if f.isOpen() && !unwanted && !errors.Is(err, errNoRoom) {
		c.log.Error().Err(err).Str("file", f.hash).Msg("a stored file broke off while it was copied: its readers got a part of it")
	}
	f.fail(err)
}

// fill copies a file up to its last chunk, which readers get from copy: after the sum, so that
// nothing but what its hash names is ever served whole. A small file is not opened before that.
func (c *Cache) fill(ctx context.Context, f *file) error {
	source, size, err := c.openSource(ctx, f.hash)
	if err != nil {
		return err
	}
	defer source.Close()
	if err := c.place(f, size); err != nil {
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
		err := c.gate.pass(ctx, func() error {
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

// openSource opens a file of the source at its beginning, and gives its size.
func (c *Cache) openSource(ctx context.Context, hash string) (source io.ReadSeekCloser, size int64, err error) {
	err = c.gate.pass(ctx, func() error {
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

// place finds a file its storage, or gives errNoRoom.
func (c *Cache) place(f *file, size int64) error {
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

// diskFailed makes a pause in the use of the disk, gives back what is not in use, and warns once
// until the disk takes a copy again.
func (c *Cache) diskFailed(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.diskRetry = time.Now().Add(diskPause)
	if !c.diskTold {
		c.diskTold = true
		c.log.Warn().Err(err).Msg("large files are served from the database, which is slow: free disk space, or give a writable folder in TRIP2G_FILE_CACHE_DIR")
	}
	for c.disk.idle.Len() > 0 {
		c.dropOldest(&c.disk)
	}
	return errNoRoom
}
