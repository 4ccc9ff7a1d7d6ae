package sqlite

import (
	"context"
	"database/sql"
	"time"

	"trip2g/services/trip2g"
)

const keyColumns = `SELECT id, name, hash, hint, created_at, last_used_at, revoked_at FROM api_keys `

const (
	// noteUseEvery is how often a key's use is written down: each write is replicated.
	noteUseEvery = time.Minute
	// noteUseWithin bounds the wait for it: while another program holds the write lock, requests that only
	// read go on.
	noteUseWithin = time.Second
)

func scanKey(scan scanner) (trip2g.APIKey, error) {
	var key trip2g.APIKey
	var created int64
	var used, revoked sql.NullInt64
	err := scan(&key.ID, &key.Name, &key.Hash, &key.Hint, &created, &used, &revoked)
	key.CreatedAt, key.LastUsedAt, key.RevokedAt = fromMillis(created), optionalTime(used), optionalTime(revoked)
	return key, err
}

// CreateKey implements trip2g.KeyStore.
func (db *DB) CreateKey(ctx context.Context, key trip2g.APIKey) (trip2g.APIKey, error) {
	err := db.write(ctx, "make an API key", func(t *tx) error {
		var err error
		key.ID, err = t.insert(`INSERT INTO api_keys (name, hash, hint, created_at) VALUES (?, ?, ?, ?)`,
			key.Name, key.Hash, key.Hint, millis(key.CreatedAt))
		return err
	})
	if err != nil {
		return trip2g.APIKey{}, err
	}
	return key, nil
}

// Keys implements trip2g.KeyStore: all keys, the oldest first, revoked ones too.
func (db *DB) Keys(ctx context.Context) ([]trip2g.APIKey, error) {
	var keys []trip2g.APIKey
	err := db.read(ctx, "list API keys", func(t *tx) error {
		for rows, err := range t.each(keyColumns + `ORDER BY id`) {
			if err != nil {
				return err
			}
			key, err := scanKey(rows.Scan)
			if err != nil {
				return err
			}
			keys = append(keys, key)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return keys, nil
}

// RevokeKey implements trip2g.KeyStore.
func (db *DB) RevokeKey(ctx context.Context, id int64, now time.Time) error {
	return db.write(ctx, "revoke an API key", func(t *tx) error {
		revoked, err := t.exec(`UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL`, millis(now), id)
		if err == nil && revoked == 0 {
			return trip2g.Errorf(trip2g.ENOTFOUND, "there is no API key %d in force", id)
		}
		return err
	})
}

// KeyByHash implements trip2g.KeyStore. A use that cannot be noted, on a full disk, say, does not
// make the key wrong.
func (db *DB) KeyByHash(ctx context.Context, hash string, now time.Time) (trip2g.APIKey, error) {
	var key trip2g.APIKey
	err := db.read(ctx, "find an API key", func(t *tx) error {
		found, err := t.find(keyColumns+`WHERE hash = ? AND revoked_at IS NULL`, []any{hash}, func(scan scanner) (err error) {
			key, err = scanKey(scan)
			return err
		})
		if err == nil && !found {
			return trip2g.Errorf(trip2g.EUNAUTHORIZED, "the API key is wrong or revoked")
		}
		return err
	})
	if err != nil {
		return trip2g.APIKey{}, err
	}
	if now.Sub(key.LastUsedAt) >= noteUseEvery {
		brief, cancel := context.WithTimeout(ctx, noteUseWithin)
		defer cancel()
		_ = db.write(brief, "note the use of an API key", func(t *tx) error {
			_, err := t.exec(`UPDATE api_keys SET last_used_at = ?1 WHERE id = ?2 AND coalesce(last_used_at, 0) < ?1`, millis(now), key.ID)
			return err
		})
		key.LastUsedAt = now
	}
	return key, nil
}
