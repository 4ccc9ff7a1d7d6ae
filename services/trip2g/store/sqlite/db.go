package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"trip2g/internal/litefs"
	"trip2g/internal/tempdir"
	"trip2g/services/trip2g"
)

// DB is the leader's database: a ReadDB and one connection that writes. It is safe for concurrent
// use. Writes queue for that connection; the caller's context bounds the wait.
type DB struct {
	*ReadDB
	writer   *pool
	tempDirs tempdir.Dirs
	begun    atomic.Bool // whether this DB has begun its lineage
	group    *groupCommitter
}

var (
	_ trip2g.VaultStore    = (*DB)(nil)
	_ trip2g.AssetStore    = (*DB)(nil)
	_ trip2g.UserStore     = (*DB)(nil)
	_ trip2g.KeyStore      = (*DB)(nil)
	_ trip2g.NotFoundStore = (*DB)(nil)
	_ trip2g.Purger        = (*DB)(nil)
	_ trip2g.JobStore      = (*DB)(nil)
)

// OpenLeader opens the database at path, creates it if it does not exist, and migrates its schema
// to this binary's version. The DB's first change begins a lineage (see trip2g.ChangeSet). It
// returns an error with a remedy, and does not change the file, if the schema is newer or the file
// is not a database of trip2g.
func OpenLeader(ctx context.Context, path string, options Options) (*DB, error) {
	return openLeader(ctx, path, options, embeddedMigrations())
}

func openLeader(ctx context.Context, path string, options Options, migrations fs.FS) (*DB, error) {
	known := newestSchema(migrations)
	if err := checkName(path); err != nil {
		return nil, err
	}
	if err := checkBeforeWriting(ctx, path, known); err != nil {
		return nil, err
	}
	writer, err := openWritePool(path, options.diskReserve())
	if err != nil {
		return nil, wrapOpenError(path, err)
	}
	from, err := migrate(ctx, writer, migrations)
	if err != nil {
		return nil, errors.Join(wrapOpenError(path, err), writer.Close())
	}
	readers, err := openReadPool(path, options.readers())
	if err != nil {
		return nil, errors.Join(wrapOpenError(path, err), writer.Close())
	}
	db := &DB{ReadDB: &ReadDB{path: path, pool: newPool(readers), known: known}, writer: newPool(writer), tempDirs: options.TempDirs, group: newGroupCommitter()}
	if err := db.reportKeptAccess(ctx, from, options.Migrated); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// checkBeforeWriting checks the file at path without changing it.
func checkBeforeWriting(ctx context.Context, path string, known int64) error {
	exists, err := checkFile(path)
	if err != nil {
		return wrapOpenError(path, err)
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fileError("the folder "+folder+" of "+path+" does not exist: create it, or set another path", err)
	}
	if err := checkPrimary(path, folder); err != nil || !exists {
		return err
	}
	readers, err := openReadPool(path, 1)
	if err != nil {
		return wrapOpenError(path, err)
	}
	r := &ReadDB{path: path, pool: newPool(readers), known: known}
	defer r.Close()
	version, tables, err := r.schema(ctx)
	switch {
	case err != nil:
		return wrapOpenError(path, err)
	case version == 0 && tables > 0:
		return foreignDatabase(path)
	case version > known:
		return checkSchema(path, version, known)
	}
	return nil
}

// checkPrimary returns an error if folder is the mount of a LiteFS replica. SQLite would open the
// copy there and fail at the first commit with an I/O error.
func checkPrimary(path, folder string) error {
	node, err := litefs.Open(folder, litefs.DefaultAPI)
	if errors.Is(err, litefs.ErrNotLiteFS) {
		return nil
	}
	if err != nil {
		return wrapOpenError(path, err)
	}
	replica, err := node.IsReplica()
	if replica {
		return fileError("the LiteFS node of "+folder+" is a replica, which cannot be written: do this on the leader, or set TRIP2G_LEADER_ADDR to make this node a read replica", nil)
	}
	return wrapOpenError(path, err)
}

// Writer returns the pool of the write connection, for a job queue in the same database. A
// transaction on it blocks all other writes.
func (db *DB) Writer() *sql.DB { return db.writer.DB }

// Close waits for running statements, copies the write-ahead log into the file and releases
// every lock.
func (db *DB) Close() error {
	err := db.ReadDB.Close()
	if writerErr := db.writer.Close(); writerErr != nil {
		err = errors.Join(err, fmt.Errorf("close %s: %w", db.path, writerErr))
	}
	return err
}

// write runs fn in one transaction that acquires the write lock when it begins. The first
// transaction that readers can see begins a lineage.
func (db *DB) write(ctx context.Context, op string, fn func(*tx) error) error {
	return db.unlessHung(ctx, op, hungWrite, func(ctx context.Context) error {
		if db.begun.Load() {
			return transact(ctx, db.writer, nil, op, fn)
		}
		begun := false
		err := transact(ctx, db.writer, nil, op, func(t *tx) (err error) {
			begun, err = t.beginLineage(fn)
			return err
		})
		if err == nil && begun {
			db.begun.Store(true)
		}
		return err
	})
}

// writeAt is write for changes that readers can see. It returns the position after them.
func (db *DB) writeAt(ctx context.Context, op string, fn func(*tx) error) (trip2g.Position, error) {
	return positionAfter(ctx, db.write, op, fn)
}

// writeFunc runs fn in a write transaction; op names the operation in errors.
type writeFunc func(ctx context.Context, op string, fn func(*tx) error) error

// positionAfter runs fn by write and returns the position after its changes.
func positionAfter(ctx context.Context, write writeFunc, op string, fn func(*tx) error) (trip2g.Position, error) {
	var position trip2g.Position
	err := write(ctx, op, func(t *tx) (err error) {
		if err := fn(t); err != nil {
			return err
		}
		position, err = t.position()
		return err
	})
	if err != nil {
		return 0, err
	}
	return position, nil
}

// vaultNameSetting is the key of the published folder's name in the table settings.
const vaultNameSetting = "vault_name"

// NameVault implements trip2g.VaultStore. The name has no position: every later ChangeSet contains
// it.
func (db *DB) NameVault(ctx context.Context, name string) error {
	return db.write(ctx, "store the name of the folder", func(t *tx) error {
		_, err := t.exec(`INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2
			WHERE value <> ?2 AND NOT EXISTS (SELECT 1 FROM notes WHERE hidden = 0 AND published_version_id IS NOT NULL)`, vaultNameSetting, name)
		return err
	})
}

// publicURLSetting is the key of the site's URL in the table settings.
const publicURLSetting = "public_url"

// SetPublicURL stores the site's URL; "" is unknown. The URL has no position: every later ChangeSet
// contains it.
func (db *DB) SetPublicURL(ctx context.Context, url string) error {
	return db.write(ctx, "store the URL of the site", func(t *tx) error {
		var held string
		if _, err := t.get(`SELECT value FROM settings WHERE key = ?`, []any{publicURLSetting}, &held); err != nil || held == url {
			return err
		}
		_, err := t.exec(`INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)`, publicURLSetting, url)
		return err
	})
}
