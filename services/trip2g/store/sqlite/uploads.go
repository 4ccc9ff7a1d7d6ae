package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"trip2g/services/trip2g"
)

const (
	// chunksPerPart is the part of an upload that one transaction stores: 1 MiB, which takes a
	// LiteFS leader less than 0.1 s.
	chunksPerPart = 8

	// useInterval is how often the use of an unreferenced file is recorded.
	useInterval = time.Hour

	// uploading is true for a row of assets whose file is incomplete: its hash is a random
	// placeholder.
	uploading   = `hash GLOB 'upload:*'`
	placeholder = `'upload:' || lower(hex(randomblob(16)))`
)

// PutAsset implements trip2g.AssetStore. It reads r into a temporary file first, so that a slow
// sender holds no lock and a large file needs no memory. It stores the file in parts, so that other
// writes run in between. The file can be found once it is complete.
func (db *DB) PutAsset(ctx context.Context, hash string, maxSize int64, r io.Reader) (trip2g.Asset, error) {
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
	spool, err := db.tempDirs.NewSpool()
	if err != nil {
		return trip2g.Asset{}, tempFileError(err)
	}
	defer spool.Close()
	size, err := readUpload(spool, hash, maxSize, r)
	if err != nil {
		return trip2g.Asset{}, err
	}
	return db.storeUpload(ctx, &upload{hash: hash, size: size, content: spool.Reader()})
}

// readUpload copies r to w and returns the size: ECONFLICT unless its SHA-256 is hash, ETOOLARGE
// past maxSize, EUNAVAILABLE if r ends early or w fails.
func readUpload(w io.Writer, hash string, maxSize int64, r io.Reader) (int64, error) {
	sum := sha256.New()
	size, err := io.Copy(io.MultiWriter(w, sum), io.LimitReader(r, maxSize+1))
	var spool *fs.PathError
	switch {
	case errors.As(err, &spool):
		return 0, tempFileError(err)
	case err != nil:
		return 0, unavailable("receive an upload", err, "the upload ended before it was complete: send it again")
	case size > maxSize:
		return 0, trip2g.Errorf(trip2g.ETOOLARGE, "the file is larger than the limit of %d bytes", maxSize)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != hash {
		return 0, trip2g.Errorf(trip2g.ECONFLICT, "the file that arrived has the SHA-256 %s, not %s: it changed while it was read or sent; send it again", got, hash)
	}
	return size, nil
}

// tempFileError wraps the failure of a temporary file.
func tempFileError(err error) error {
	return unavailable("keep an upload in a temporary file", err,
		"the server cannot accept uploads now (its temporary folder is full or missing) and nothing was stored: free some space there and try again")
}

// upload is a complete upload that is being stored.
type upload struct {
	id      int64
	hash    string
	size    int64
	content io.Reader
}

// storeUpload stores an upload, unless another upload of the same file was faster.
func (db *DB) storeUpload(ctx context.Context, u *upload) (asset trip2g.Asset, err error) {
	const part = chunksPerPart * chunkSize
	write := db.write
	if u.size <= chunkSize {
		write = db.writeGrouped
	}
	for offset, whole := int64(0), false; !whole; offset += part {
		whole = offset+part >= u.size
		err := write(ctx, "store a file", func(t *tx) error {
			if err := t.storePart(u, offset, min(part, u.size-offset)); err != nil || !whole {
				return err
			}
			asset, err = t.finishUpload(u)
			return err
		})
		if err != nil {
			// Without its first part nothing is stored, and its id can belong to another upload.
			if offset > 0 {
				db.abandon(ctx, u.id)
			}
			return trip2g.Asset{}, err
		}
	}
	if asset.ID != u.id {
		db.abandon(ctx, u.id)
	}
	return asset, nil
}

// abandon deletes an upload. If that fails, a later purge deletes it; until then it is invisible.
func (db *DB) abandon(ctx context.Context, id int64) {
	_ = db.dropUpload(context.WithoutCancel(ctx), id)
}

// storePart stores size bytes of an upload. The first part creates its row.
func (t *tx) storePart(u *upload, offset, size int64) (err error) {
	if offset == 0 {
		u.id, err = t.insert(`INSERT INTO assets (hash, size, created_at, used_at) VALUES (`+placeholder+`, ?, ?, ?)`, u.size, t.now, t.now)
		if err != nil {
			return err
		}
	}
	buffer := make([]byte, min(chunkSize, size))
	for end := offset + size; offset < end; offset += chunkSize {
		data := buffer[:min(chunkSize, end-offset)]
		if _, err := io.ReadFull(u.content, data); err != nil {
			return fmt.Errorf("read an upload back: %w", err)
		}
		if _, err := t.exec(`INSERT INTO asset_chunks (asset_id, n, data) VALUES (?, ?, ?)`, u.id, offset/chunkSize, data); err != nil {
			return err
		}
	}
	return nil
}

// finishUpload makes the file visible, unless the same file exists.
func (t *tx) finishUpload(u *upload) (trip2g.Asset, error) {
	if asset, found, err := t.asset(u.hash); err != nil || found {
		return asset, err
	}
	_, err := t.exec(`UPDATE assets SET hash = ?1, created_at = ?2, used_at = ?2 WHERE id = ?3`, u.hash, t.now, u.id)
	return trip2g.Asset{ID: u.id, Hash: u.hash, Size: u.size, CreatedAt: fromMillis(t.now)}, err
}

// dropUpload deletes an incomplete file in parts. It does not delete a complete file.
func (db *DB) dropUpload(ctx context.Context, id int64) error {
	for left := true; left; {
		err := db.write(ctx, "remove a file", func(t *tx) error {
			gone, err := t.exec(`
				DELETE FROM asset_chunks WHERE rowid IN (
					SELECT c.rowid FROM assets a JOIN asset_chunks c ON c.asset_id = a.id WHERE a.id = ? AND a.`+uploading+` LIMIT ?)`,
				id, chunksPerPart)
			if err != nil {
				return err
			}
			if left = gone == chunksPerPart; left {
				return nil
			}
			_, err = t.exec(`DELETE FROM assets WHERE id = ? AND `+uploading, id)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// keepAsset records the use of an unreferenced file, so that it is not purged before it is
// attached.
func (db *DB) keepAsset(ctx context.Context, id int64) error {
	return db.writeGrouped(ctx, "keep a file", func(t *tx) error {
		_, err := t.exec(`UPDATE assets SET used_at = ?1 WHERE id = ?2 AND used_at < ?1 - ?3 AND `+unreferenced, t.now, id, useInterval.Milliseconds())
		return err
	})
}

// unreferenced is true for a row of assets that no note refers to, published or staged.
const unreferenced = `
	NOT EXISTS (SELECT 1 FROM staged_assets WHERE asset_id = assets.id) AND
	NOT EXISTS (
		SELECT 1 FROM note_assets WHERE asset_id = assets.id AND (referenced OR EXISTS (
			SELECT 1 FROM staged_notes s JOIN note_versions v ON v.id = s.version_id
			WHERE s.note_id = note_assets.note_id AND ` + refersTo + `)))`

// refersTo is true if the text of a version v refers to the file of a row of note_assets.
const refersTo = `(v.refs IS NULL OR EXISTS (SELECT 1 FROM json_each(v.refs) WHERE value = note_assets.ref))`
