package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"

	"trip2g/services/trip2g"
)

// chunkSize is the part of a file in one row, in bytes. A reader holds the database for one chunk
// at a time, which delays replication on a LiteFS replica by about a millisecond.
const chunkSize = 128 << 10

const assetColumns = `SELECT id, hash, size, created_at FROM assets `

// Asset implements trip2g.AssetReader.
func (r *ReadDB) Asset(ctx context.Context, hash string) (trip2g.Asset, error) {
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

// OpenAsset implements trip2g.AssetReader. Reads end with ctx. The file is not safe for concurrent
// use.
func (r *ReadDB) OpenAsset(ctx context.Context, hash string) (io.ReadSeekCloser, error) {
	asset, err := r.Asset(ctx, hash)
	if err != nil {
		return nil, err
	}
	return &assetFile{ctx: ctx, reader: r, id: asset.ID, size: asset.Size, chunk: -1}, nil
}

// IsReferenced implements trip2g.AssetReader.
func (r *ReadDB) IsReferenced(ctx context.Context, hash string) (referenced bool, err error) {
	err = r.read(ctx, "look for a file's notes", func(t *tx) (err error) {
		referenced, err = t.get(`SELECT 1 FROM assets WHERE hash = ? AND NOT (`+unreferenced+`)`, []any{hash}, new(int))
		return err
	})
	return referenced, err
}

// assetFile reads a stored file chunk by chunk and caches the last chunk.
type assetFile struct {
	ctx    context.Context
	reader *ReadDB
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
			return trip2g.Errorf(trip2g.ENOTFOUND, "the file was deleted")
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
		return 0, errors.New("seek before the start of the file")
	}
	f.offset = offset
	return offset, nil
}

func (f *assetFile) Close() error {
	f.data, f.chunk, f.size = nil, -1, 0
	return nil
}
