package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"

	"trip2g/services/trip2g"
)

// chunkSize is how much of a file one row holds, in bytes. A reader has the database for one
// chunk at a time, which on a LiteFS replica holds replication up for about a millisecond.
const chunkSize = 128 << 10

const assetColumns = `SELECT id, hash, size, created_at FROM assets `

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
	found, err = t.get(assetColumns+`WHERE hash = ?`, []any{hash}, &asset.ID, &asset.Hash, &asset.Size, &created)
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

// IsReferenced implements trip2g.AssetReader.
func (r *Reader) IsReferenced(ctx context.Context, hash string) (referenced bool, err error) {
	err = r.read(ctx, "look for a file's notes", func(t *tx) (err error) {
		referenced, err = t.get(`SELECT 1 FROM assets WHERE hash = ? AND NOT (`+unreferenced+`)`, []any{hash}, new(int))
		return err
	})
	return referenced, err
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
