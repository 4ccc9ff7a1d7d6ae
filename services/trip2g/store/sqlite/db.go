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

// DB is the leader's database: a Reader and one connection that writes. It is safe for
// concurrent use; writes queue for that connection, and a caller's context bounds its wait.
type DB struct {
	*Reader
	writer   *pool
	tempDirs tempdir.Dirs
	begun    atomic.Bool // this DB's lineage
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

// OpenLeader opens the database at path, makes it if there is none, and brings its schema to this
// binary's version. The DB's first change begins a lineage (see trip2g.ChangeSet). A newer schema,
// another program's database, and whatever can be no database are errors that say what to do, and
// leave the file as it is.
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
	writer, err := openWriter(path, options.diskReserve())
	if err != nil {
		return nil, wrapOpenError(path, err)
	}
	from, err := migrate(ctx, writer, migrations)
	if err != nil {
		return nil, errors.Join(wrapOpenError(path, err), writer.Close())
	}
	readers, err := openReaders(path, options.readers())
	if err != nil {
		return nil, errors.Join(wrapOpenError(path, err), writer.Close())
	}
	db := &DB{Reader: &Reader{path: path, pool: newPool(readers), known: known}, writer: newPool(writer), tempDirs: options.TempDirs, group: newGroupCommitter()}
	if err := db.reportKeptAccess(ctx, from, options.Migrated); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// checkBeforeWriting looks at what is at path without changing it.
func checkBeforeWriting(ctx context.Context, path string, known int64) error {
	exists, err := checkFile(path)
	if err != nil {
		return wrapOpenError(path, err)
	}
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fileError("the folder "+folder+" of "+path+" does not exist: create it, or give another path", err)
	}
	if err := checkPrimary(path, folder); err != nil || !exists {
		return err
	}
	readers, err := openReaders(path, 1)
	if err != nil {
		return wrapOpenError(path, err)
	}
	r := &Reader{path: path, pool: newPool(readers), known: known}
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

// checkPrimary gives an error on the mount of a LiteFS node that is a replica. SQLite would open
// the copy there, and only fail at the first commit, as an I/O error.
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

// Writer gives the pool of the one writing connection, for a job queue in the same database.
// Transactions on it hold up every other write.
func (db *DB) Writer() *sql.DB { return db.writer.DB }

// Close waits for running statements, copies the write-ahead log into the file and releases
// every lock.
func (db *DB) Close() error {
	err := db.Reader.Close()
	if writerErr := db.writer.Close(); writerErr != nil {
		err = errors.Join(err, fmt.Errorf("close %s: %w", db.path, writerErr))
	}
	return err
}

// write runs fn in one write transaction, which has the write lock from its beginning. The first
// one that readers can see begins a lineage.
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

// writeAt is write for changes that readers can see: it gives the position after them.
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

// vaultNameSetting is where the name of the folder that was published is kept.
const vaultNameSetting = "vault_name"

// NameVault implements trip2g.VaultStore. It is no change that has a position: sets of changes bring it from
// then on.
func (db *DB) NameVault(ctx context.Context, name string) error {
	return db.write(ctx, "note the name of the folder", func(t *tx) error {
		_, err := t.exec(`INSERT INTO settings (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2
			WHERE value <> ?2 AND NOT EXISTS (SELECT 1 FROM notes WHERE hidden = 0 AND published_version_id IS NOT NULL)`, vaultNameSetting, name)
		return err
	})
}

// publicURLSetting is where the address of the site is kept.
const publicURLSetting = "public_url"

// SetPublicURL notes where readers find the site, "" for nowhere in particular. It is no change that has
// a position: sets of changes bring it from then on.
func (db *DB) SetPublicURL(ctx context.Context, url string) error {
	return db.write(ctx, "note the address of the site", func(t *tx) error {
		var held string
		if _, err := t.get(`SELECT value FROM settings WHERE key = ?`, []any{publicURLSetting}, &held); err != nil || held == url {
			return err
		}
		_, err := t.exec(`INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)`, publicURLSetting, url)
		return err
	})
}
