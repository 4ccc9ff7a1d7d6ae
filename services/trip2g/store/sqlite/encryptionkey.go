package sqlite

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"trip2g/services/trip2g"
)

// keyCheckSetting is the key in the table settings of the encryption key's fingerprint.
const keyCheckSetting = "encryption_key_check"

// CheckEncryptionKey returns EINVALID unless key is the first key that was used with the database.
// A database without a fingerprint accepts any key.
func (r *ReadDB) CheckEncryptionKey(ctx context.Context, key [32]byte) error {
	return r.read(ctx, "check the encryption key", func(t *tx) error {
		_, err := t.checkKey(key)
		return err
	})
}

// CheckEncryptionKey returns EINVALID unless key is the first key that was used with the database.
// It stores a fingerprint of the first key, from which the key cannot be computed.
func (db *DB) CheckEncryptionKey(ctx context.Context, key [32]byte) error {
	return db.write(ctx, "check the encryption key", func(t *tx) error {
		fingerprint, err := t.checkKey(key)
		if err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING`, keyCheckSetting, fingerprint)
		return err
	})
}

// checkKey compares key with the stored fingerprint, if any, and returns key's fingerprint.
func (t *tx) checkKey(key [32]byte) (fingerprint string, err error) {
	var database, stored string
	if _, err := t.get(`SELECT value FROM settings WHERE key = 'database_id'`, nil, &database); err != nil {
		return "", err
	}
	known, err := t.get(`SELECT value FROM settings WHERE key = ?`, []any{keyCheckSetting}, &stored)
	if err != nil {
		return "", err
	}
	fingerprint, err = keyFingerprint(key, database)
	if err == nil && known && !hmac.Equal([]byte(stored), []byte(fingerprint)) {
		err = trip2g.Errorf(trip2g.EINVALID,
			"TRIP2G_DATA_ENCRYPTION_KEY: this is not the key of this database: use the leader's key on every node")
	}
	return fingerprint, err
}

// keyFingerprint returns an HMAC of the database's id under a key that is derived from key for this
// use alone (RFC 5869). It reveals nothing about key and differs between databases.
func keyFingerprint(key [32]byte, database string) (string, error) {
	derived, err := hkdf.Key(sha256.New, key[:], nil, "trip2g encryption key check", sha256.Size)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, derived)
	mac.Write([]byte(database))
	return hex.EncodeToString(mac.Sum(nil)), nil
}
