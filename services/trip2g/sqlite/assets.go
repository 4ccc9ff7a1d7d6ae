package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"trip2g/services/trip2g"
)

// chunkSize is how much of a file one row holds, in bytes. A reader has the database for one
// chunk at a time, which on a LiteFS replica holds replication up for about a millisecond.
const chunkSize = 128 << 10

const assetColumns = `SELECT id, hash, size, content_type, created_at FROM assets `

// Asset implements trip2g.AssetReader.
func (r *Reader) Asset(ctx context.Context, hash string) (trip2g.Asset, error) {
	var asset trip2g.Asset
	err := r.read(ctx, "find a file", func(t *tx) error {
		var err error
		var found bool
		if asset, found, err = t.asset(hash); err == nil && !found {
			return trip2g.Errorf(trip2g.ENOTFOUND, "there is no such file")
		}
		return err
	})
	if err != nil {
		return trip2g.Asset{}, err
	}
	return asset, nil
}

func (t *tx) asset(hash string) (asset trip2g.Asset, found bool, err error) {
	var created int64
	found, err = t.get(assetColumns+`WHERE hash = ?`, []any{hash}, &asset.ID, &asset.Hash, &asset.Size, &asset.ContentType, &created)
	asset.CreatedAt = fromMillis(created)
	return asset, found, err
}

// OpenAsset implements trip2g.AssetReader. Reads end with ctx. What it gives is for one goroutine.
func (r *Reader) OpenAsset(ctx context.Context, hash string) (io.ReadSeekCloser, error) {
	asset, err := r.Asset(ctx, hash)
	if err != nil {
		return nil, err
	}
	return &assetFile{ctx: ctx, reader: r, id: asset.ID, size: asset.Size, chunk: -1}, nil
}

// assetFile reads a stored file chunk by chunk and keeps the last one.
type assetFile struct {
	ctx    context.Context
	reader *Reader
	id     int64
	size   int64
	offset int64
	chunk  int64 // number of the chunk in data; -1: none
	data   []byte
}

func (f *assetFile) Read(p []byte) (int, error) {
	if f.offset >= f.size {
		return 0, io.EOF
	}
	if chunk := f.offset / chunkSize; chunk != f.chunk {
		if err := f.load(chunk); err != nil {
			return 0, err
		}
	}
	n := copy(p, f.data[f.offset%chunkSize:])
	f.offset += int64(n)
	return n, nil
}

func (f *assetFile) load(chunk int64) error {
	var data []byte
	err := f.reader.read(f.ctx, "read a file", func(t *tx) error {
		found, err := t.get(`SELECT data FROM asset_chunks WHERE asset_id = ? AND n = ?`, []any{f.id, chunk}, &data)
		if err == nil && !found {
			return trip2g.Errorf(trip2g.ENOTFOUND, "the file is gone")
		}
		return err
	})
	if err != nil {
		return err
	}
	if want := min(chunkSize, f.size-chunk*chunkSize); int64(len(data)) != want {
		return fmt.Errorf("read a file: chunk %d of asset %d has %d bytes, not %d", chunk, f.id, len(data), want)
	}
	f.chunk, f.data = chunk, data
	return nil
}

func (f *assetFile) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += f.offset
	case io.SeekEnd:
		offset += f.size
	}
	if offset < 0 || whence < io.SeekStart || whence > io.SeekEnd {
		return 0, errors.New("seek in a file: before its beginning")
	}
	f.offset = offset
	return offset, nil
}

func (f *assetFile) Close() error {
	f.data, f.chunk, f.size = nil, -1, 0
	return nil
}

// PutAsset implements trip2g.AssetStore. r is read into a temporary file first, so that a slow
// sender holds no lock and a large file no memory; then one transaction stores it.
func (db *DB) PutAsset(ctx context.Context, hash, contentType string, maxSize int64, r io.Reader) (trip2g.Asset, error) {
	asset, err := db.Asset(ctx, hash)
	switch {
	case err == nil:
		if _, err := readUpload(io.Discard, hash, maxSize, r); err != nil {
			return trip2g.Asset{}, err
		}
		return asset, db.keepAsset(ctx, asset.ID)
	case trip2g.ErrorCode(err) != trip2g.ENOTFOUND:
		return trip2g.Asset{}, err
	}
	spool, err := os.CreateTemp(db.tempDir, "trip2g-upload-*")
	if err != nil {
		return trip2g.Asset{}, fault("make a temporary file for an upload", err)
	}
	defer os.Remove(spool.Name())
	defer spool.Close()
	size, err := readUpload(spool, hash, maxSize, r)
	if err != nil {
		return trip2g.Asset{}, err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return trip2g.Asset{}, fault("read an upload back", err)
	}
	err = db.write(ctx, "store a file", func(t *tx) error {
		asset, err = t.insertAsset(hash, contentType, size, spool)
		return err
	})
	if err != nil {
		return trip2g.Asset{}, err
	}
	return asset, nil
}

// readUpload copies what r gives to w and tells how much it was. EINVALID unless its SHA-256 is
// hash, ETOOLARGE past maxSize.
func readUpload(w io.Writer, hash string, maxSize int64, r io.Reader) (int64, error) {
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(w, sum), io.LimitReader(r, maxSize+1))
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return 0, fault("keep an upload", err)
	case err != nil:
		return 0, &trip2g.Error{Code: trip2g.EINVALID, Message: "the upload ended before it was complete: send it again", Err: err}
	case size > maxSize:
		return 0, trip2g.Errorf(trip2g.ETOOLARGE, "the file is larger than the limit of %d bytes", maxSize)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != hash {
		return 0, trip2g.Errorf(trip2g.EINVALID, "the file that arrived has the SHA-256 %s, not %s: it changed on the way or while it was read; send it again", got, hash)
	}
	return size, nil
}

// insertAsset stores a file, unless another upload of it was quicker.
func (t *tx) insertAsset(hash, contentType string, size int64, r io.Reader) (trip2g.Asset, error) {
	if asset, found, err := t.asset(hash); err != nil || found {
		return asset, err
	}
	id, err := t.insert(`INSERT INTO assets (hash, size, content_type, created_at, used_at) VALUES (?, ?, ?, ?, ?)`,
		hash, size, contentType, t.now, t.now)
	if err != nil {
		return trip2g.Asset{}, err
	}
	buffer := make([]byte, min(chunkSize, size))
	for n := int64(0); n*chunkSize < size; n++ {
		data := buffer[:min(chunkSize, size-n*chunkSize)]
		if _, err := io.ReadFull(r, data); err != nil {
			return trip2g.Asset{}, fmt.Errorf("read an upload back: %w", err)
		}
		if _, err := t.exec(`INSERT INTO asset_chunks (asset_id, n, data) VALUES (?, ?, ?)`, id, n, data); err != nil {
			return trip2g.Asset{}, err
		}
	}
	return trip2g.Asset{ID: id, Hash: hash, Size: size, ContentType: contentType, CreatedAt: fromMillis(t.now)}, nil
}

// keepAsset keeps a file that nothing refers to from being purged before whoever sent it again attaches it.
func (db *DB) keepAsset(ctx context.Context, id int64) error {
	return db.write(ctx, "keep a file", func(t *tx) error {
		_, err := t.exec(`UPDATE assets SET used_at = ?1 WHERE id = ?2 AND used_at < ?1 - ?3 AND `+unreferenced, t.now, id, touchAfter)
		return err
	})
}

// unreferenced is true of a row of assets that no note refers to, published or staged.
const unreferenced = `
	NOT EXISTS (SELECT 1 FROM note_assets WHERE asset_id = assets.id) AND
	NOT EXISTS (SELECT 1 FROM staged_assets WHERE asset_id = assets.id)`
