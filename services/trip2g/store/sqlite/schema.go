package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"trip2g/services/trip2g"
)

// schemaTable is goose's table of applied migrations.
const schemaTable = "trip2g_migrations"

//go:embed migrations/*.sql
var migrationFiles embed.FS

func embeddedMigrations() fs.FS {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		panic(err) // the folder is part of the binary
	}
	return files
}

// newestSchema returns the version of the last migration: the number at the start of its name.
func newestSchema(migrations fs.FS) int64 {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil || len(names) == 0 {
		panic(fmt.Sprintf("no migrations in the binary: %v", err))
	}
	version, err := goose.NumericComponent(names[len(names)-1])
	if err != nil {
		panic(err) // the files are part of the binary
	}
	return version
}

// schema returns the version of the database's schema, 0 before the first migration, and the number
// of tables.
func (r *ReadDB) schema(ctx context.Context) (version int64, tables int, err error) {
	var hasRecord bool
	err = r.pool.QueryRowContext(ctx,
		`SELECT count(*), coalesce(max(name = '`+schemaTable+`'), 0) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'`).
		Scan(&tables, &hasRecord)
	if err != nil || !hasRecord {
		return 0, tables, err
	}
	err = r.pool.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+schemaTable).Scan(&version)
	return version, tables - 1, err
}

// checkSchema returns EUNAVAILABLE unless the database has this binary's schema.
func checkSchema(path string, version, known int64) error {
	switch {
	case version > known:
		return trip2g.Errorf(trip2g.EUNAVAILABLE,
			"the database %s has schema %d and this binary knows schemas up to %d: upgrade this node's trip2g to the leader's version", path, version, known)
	case version < known:
		return trip2g.Errorf(trip2g.EUNAVAILABLE,
			"the database %s has schema %d and this binary needs %d: start a leader with this version of trip2g, which migrates it", path, version, known)
	}
	return nil
}

func foreignDatabase(path string) error {
	return fileError(path+" is the SQLite database of another program: set another path", nil)
}

// migrate migrates the schema to the newest version. from is the version before, 0 for a new
// database. Another process can do the same at the same time (a subcommand during the start of a
// server). The second one finds the migrations done, or retries while they are in progress.
func migrate(ctx context.Context, pool *sql.DB, migrations fs.FS) (from int64, err error) {
	provider, err := goose.NewProvider(goose.DialectSQLite3, pool, migrations,
		goose.WithTableName(schemaTable), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return 0, fmt.Errorf("read the migrations: %w", err)
	}
	if from, err = provider.GetDBVersion(ctx); err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	for {
		before, _ := provider.GetDBVersion(ctx)
		_, err := provider.Up(ctx)
		if err == nil {
			return from, nil
		}
		if after, checkErr := provider.GetDBVersion(ctx); checkErr != nil || after <= before {
			return 0, fmt.Errorf("migrate the schema: %w", err)
		}
	}
}
