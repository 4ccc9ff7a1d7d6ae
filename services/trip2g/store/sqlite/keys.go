package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"trip2g/services/trip2g"
)

const keyColumns = `SELECT id, name, hash, hint, scopes, folder, created_at, expires_at, last_used_at, revoked_at FROM api_keys `

const (
	// keyUseInterval is how often the use of a key is recorded, because each write is replicated.
	keyUseInterval = time.Minute
	// keyUseTimeout bounds the wait for that write, so that reads succeed while another program
	// holds the write lock.
	keyUseTimeout = time.Second
)

func scanKey(scan scanner) (trip2g.APIKey, error) {
	var key trip2g.APIKey
	var scopes string
	var created int64
	var expires, used, revoked sql.NullInt64
	err := scan(&key.ID, &key.Name, &key.Hash, &key.Hint, &scopes, &key.Grant.Folder, &created, &expires, &used, &revoked)
	if err != nil {
		return trip2g.APIKey{}, err
	}
	key.CreatedAt, key.ExpiresAt, key.LastUsedAt, key.RevokedAt = fromMillis(created), optionalTime(expires), optionalTime(used), optionalTime(revoked)
	key.Grant.Scopes, err = trip2g.ParseScopes(strings.Fields(scopes)...)
	return key, err
}

func scopeColumn(s trip2g.Scopes) string { return strings.Join(s.Names(), " ") }

// CreateKey implements trip2g.KeyStore.
func (db *DB) CreateKey(ctx context.Context, key trip2g.APIKey) (trip2g.APIKey, error) {
	err := db.write(ctx, "create an API key", func(t *tx) error {
		var err error
		key.ID, err = t.insert(`INSERT INTO api_keys (name, hash, hint, scopes, folder, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			key.Name, key.Hash, key.Hint, scopeColumn(key.Grant.Scopes), key.Grant.Folder, millis(key.CreatedAt), optionalMillis(key.ExpiresAt))
		return err
	})
	if err != nil {
		return trip2g.APIKey{}, err
	}
	return key, nil
}

// Keys implements trip2g.KeyStore. It includes revoked keys, oldest first.
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

// UpdateKey implements trip2g.KeyStore.
func (db *DB) UpdateKey(ctx context.Context, id int64, grant trip2g.Grant, expiresAt time.Time) (trip2g.APIKey, error) {
	var key trip2g.APIKey
	err := db.write(ctx, "change an API key", func(t *tx) error {
		changed, err := t.exec(`UPDATE api_keys SET scopes = ?, folder = ?, expires_at = ? WHERE id = ? AND revoked_at IS NULL`,
			scopeColumn(grant.Scopes), grant.Folder, optionalMillis(expiresAt), id)
		if err != nil {
			return err
		}
		if changed == 0 {
			return trip2g.Errorf(trip2g.ENOTFOUND, "there is no API key %d in force", id)
		}
		_, err = t.find(keyColumns+`WHERE id = ?`, []any{id}, func(scan scanner) (err error) {
			key, err = scanKey(scan)
			return err
		})
		return err
	})
	return key, err
}

// KeyByHash implements trip2g.KeyStore. The key is valid even if its use cannot be recorded, for
// example on a full disk.
func (db *DB) KeyByHash(ctx context.Context, hash string, now time.Time) (trip2g.APIKey, error) {
	var key trip2g.APIKey
	err := db.read(ctx, "find an API key", func(t *tx) error {
		found, err := t.find(keyColumns+`WHERE hash = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)`, []any{hash, millis(now)}, func(scan scanner) (err error) {
			key, err = scanKey(scan)
			return err
		})
		if err == nil && !found {
			return trip2g.Errorf(trip2g.EUNAUTHORIZED, "the API key is wrong, expired or revoked")
		}
		return err
	})
	if err != nil {
		return trip2g.APIKey{}, err
	}
	if now.Sub(key.LastUsedAt) >= keyUseInterval {
		brief, cancel := context.WithTimeout(ctx, keyUseTimeout)
		defer cancel()
		_ = db.write(brief, "record the use of an API key", func(t *tx) error {
			_, err := t.exec(`UPDATE api_keys SET last_used_at = ?1 WHERE id = ?2 AND coalesce(last_used_at, 0) < ?1`, millis(now), key.ID)
			return err
		})
		key.LastUsedAt = now
	}
	return key, nil
}
